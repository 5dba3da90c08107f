package main

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// A field as one "f" or "i" line shows it.
type field struct {
	name     string // JSON name, "" when the struct is inlined
	number   int    // protobuf number, 0 for none
	typ      string // type expression
	pointer  bool
	omit     bool
	zero     bool
	required bool
	list     string // "set" or "map:key,key"
	atomic   bool   // map type atomic
	patch    string // "merge", "merge,retainKeys:name" ...
	def      string // default of a list-map key
}

type structure struct {
	name   string // alias.Name
	atomic bool
	fields []field
}

type sub struct {
	name, group, version, kind, verbs string
}

type kind struct {
	group, version, kind, typ string
	flags                     string
	resource, singular, verbs string
	short, categories         string
	subs                      []sub
}

type group struct {
	name     string
	priority int
	versions []string
}

// facts is everything one data file holds.
type facts struct {
	name    string
	pkgs    map[string]string // alias -> OpenAPI prefix
	groups  []group
	enums   map[string][]string
	structs map[string]*structure
	kinds   []kind
}

func newFacts(name string) *facts {
	return &facts{
		name:    name,
		pkgs:    map[string]string{},
		enums:   map[string][]string{},
		structs: map[string]*structure{},
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (f field) line() string {
	var b strings.Builder
	if f.name == "" {
		fmt.Fprintf(&b, "i %d %s", f.number, f.typ)
		return b.String()
	}
	fmt.Fprintf(&b, "f %s %d %s", f.name, f.number, f.typ)
	flags := ""
	for _, x := range []struct {
		on bool
		c  string
	}{{f.pointer, "p"}, {f.omit, "e"}, {f.zero, "z"}, {f.required, "r"}} {
		if x.on {
			flags += x.c
		}
	}
	if flags != "" {
		b.WriteString(" ." + flags)
	}
	if f.list != "" {
		b.WriteString(" list=" + f.list)
	}
	if f.atomic {
		b.WriteString(" map=atomic")
	}
	if f.patch != "" {
		b.WriteString(" patch=" + f.patch)
	}
	if f.def != "" {
		b.WriteString(" default=" + f.def)
	}
	return b.String()
}

// write prints the set in the format that libgitops/schema/README.md explains.
func (fs *facts) write(w io.Writer) {
	fmt.Fprintf(w, "# Facts about Kubernetes kinds, written by tools/schema/derive.\n")
	fmt.Fprintf(w, "# The format is explained in libgitops/schema/README.md.\n")
	fmt.Fprintf(w, "set %s\n", fs.name)
	for _, a := range sortedKeys(fs.pkgs) {
		fmt.Fprintf(w, "pkg %s %s\n", a, fs.pkgs[a])
	}
	for _, g := range fs.groups {
		fmt.Fprintf(w, "group %s %d %s\n", dash(g.name), g.priority,
			strings.Join(g.versions, ","))
	}
	for _, e := range sortedKeys(fs.enums) {
		fmt.Fprintf(w, "enum %s %s\n", e, strings.Join(fs.enums[e], " "))
	}
	for _, n := range sortedKeys(fs.structs) {
		s := fs.structs[n]
		if s.atomic {
			fmt.Fprintf(w, "struct %s atomic\n", n)
		} else {
			fmt.Fprintf(w, "struct %s\n", n)
		}
		for _, f := range s.fields {
			fmt.Fprintln(w, f.line())
		}
	}
	sort.SliceStable(fs.kinds, func(i, j int) bool {
		a, b := fs.kinds[i], fs.kinds[j]
		if a.group != b.group {
			return a.group < b.group
		}
		if a.version != b.version {
			return a.version < b.version
		}
		if a.resource != b.resource {
			return a.resource < b.resource
		}
		return a.kind < b.kind
	})
	for _, k := range fs.kinds {
		fmt.Fprintf(w, "kind %s %s %s %s %s", dash(k.group), k.version, k.kind,
			dash(k.typ), dash(k.flags))
		if k.resource != "" {
			fmt.Fprintf(w, " %s %s %s %s %s", k.resource, dash(k.singular),
				dash(k.verbs), dash(k.short), dash(k.categories))
		}
		fmt.Fprintln(w)
		for _, s := range k.subs {
			fmt.Fprintf(w, "sub %s %s %s %s %s\n", s.name, dash(s.group),
				dash(s.version), s.kind, dash(s.verbs))
		}
	}
}
