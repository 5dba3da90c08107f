package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The structured-merge-diff schema that client-go carries for its apply
// configurations: an independent view of list and map types.
type smdRef struct {
	NamedType           string `yaml:"namedType"`
	ElementRelationship string `yaml:"elementRelationship"`
	smdAtom             `yaml:",inline"`
}

type smdAtom struct {
	Scalar string   `yaml:"scalar"`
	List   *smdList `yaml:"list"`
	Map    *smdMap  `yaml:"map"`
}

type smdList struct {
	ElementRelationship string   `yaml:"elementRelationship"`
	Keys                []string `yaml:"keys"`
}

type smdMap struct {
	ElementRelationship string     `yaml:"elementRelationship"`
	Fields              []smdField `yaml:"fields"`
}

type smdField struct {
	Name    string `yaml:"name"`
	Type    smdRef `yaml:"type"`
	Default any    `yaml:"default"`
}

type smdType struct {
	Name    string `yaml:"name"`
	smdAtom `yaml:",inline"`
}

// readSMD finds the YAML literal in the generated Go file.
func readSMD(file string) map[string]smdType {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	must(err)
	text := ""
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text = lit.Value
		}
		return true
	})
	text, err = strconv.Unquote(text)
	must(err)
	var doc struct {
		Types []smdType `yaml:"types"`
	}
	must(yaml.Unmarshal([]byte(text), &doc))
	types := map[string]smdType{}
	for _, t := range doc.Types {
		types[t.Name] = t
	}
	return types
}

// list is what a "list=" attribute would say.
func (a smdAtom) list() string {
	if a.List == nil || a.Scalar != "" || a.List.ElementRelationship == "atomic" {
		return ""
	}
	if len(a.List.Keys) == 0 {
		return "set"
	}
	return "map:" + strings.Join(a.List.Keys, ",")
}

// flat is the JSON view of a struct.
func (fs *facts) flat(name string) map[string]field {
	all := map[string]field{}
	for _, f := range fs.structs[name].fields {
		if f.name != "" {
			all[f.name] = f
			continue
		}
		for k, v := range fs.flat(f.typ) {
			all[k] = v
		}
	}
	return all
}

// servedStructs are the structs that a served kind can reach.
func (fs *facts) servedStructs() map[string]bool {
	seen := map[string]bool{}
	var visit func(expr string)
	visit = func(expr string) {
		name := strings.TrimLeft(expr, "[]{}")
		if fs.structs[name] == nil || seen[name] {
			return
		}
		seen[name] = true
		for _, f := range fs.structs[name].fields {
			visit(f.typ)
		}
	}
	for _, k := range fs.kinds {
		if strings.Contains(k.flags, "s") {
			visit(k.typ)
		}
	}
	return seen
}

// check compares list types, map types and key defaults of everything that is
// served with client-go's view and prints what differs.
func check(fs *facts) (differences int) {
	types := readSMD(filepath.Join(packageDir("k8s.io/client-go"),
		"applyconfigurations/internal/internal.go"))
	say := func(name, field, what string, ours, theirs any) {
		differences++
		fmt.Printf("%s %s: %s %v, client-go has %v\n", name, field, what, ours, theirs)
	}
	for name := range fs.servedStructs() {
		dot := strings.LastIndexByte(name, '.')
		t, ok := types[fs.pkgs[name[:dot]]+name[dot:]]
		if !ok || t.Map == nil {
			continue
		}
		ours := fs.flat(name)
		if fs.structs[name].atomic != (t.Map.ElementRelationship == "atomic") {
			say(name, "", "atomic", fs.structs[name].atomic, t.Map.ElementRelationship)
		}
		for _, f := range t.Map.Fields {
			o, ok := ours[f.Name]
			if !ok {
				say(name, f.Name, "field", "missing", f.Name)
				continue
			}
			if o.list != f.Type.list() {
				say(name, f.Name, "list", o.list, f.Type.list())
			}
			atomic := f.Type.ElementRelationship == "atomic" ||
				f.Type.Map != nil && f.Type.Scalar == "" && f.Type.Map.ElementRelationship == "atomic"
			if o.atomic != atomic && !strings.HasPrefix(o.typ, "raw") {
				say(name, f.Name, "atomic", o.atomic, atomic)
			}
			if o.def != "" && o.def != fmt.Sprint(f.Default) {
				say(name, f.Name, "default", o.def, f.Default)
			}
		}
	}
	return differences
}
