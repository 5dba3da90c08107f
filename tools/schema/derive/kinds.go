package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgo "k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// Kinds that every group-version understands; they are written once.
var optionKinds = map[string]bool{
	"CreateOptions": true, "DeleteOptions": true, "GetOptions": true,
	"ListOptions": true, "PatchOptions": true, "UpdateOptions": true,
	"WatchEvent": true,
}

var metaKinds = []any{
	meta.CreateOptions{}, meta.DeleteOptions{}, meta.GetOptions{},
	meta.ListOptions{}, meta.PatchOptions{}, meta.UpdateOptions{},
	meta.WatchEvent{}, meta.Table{}, meta.PartialObjectMetadata{},
	meta.PartialObjectMetadataList{},
}

const metaGroup = "meta.k8s.io"

var stable = regexp.MustCompile(`^v[0-9]+$`)

// addKinds walks every type that client-go or the extension servers register.
func addKinds(w *walker) {
	for _, v := range metaKinds {
		t := reflect.TypeOf(v)
		w.fs.kinds = append(w.fs.kinds, kind{group: metaGroup, version: "v1",
			kind: t.Name(), typ: w.expr(t)})
	}
	addScheme(w, clientgo.Scheme, true)
	extra := runtime.NewScheme()
	must(apiextensions.AddToScheme(extra))
	must(apiregistration.AddToScheme(extra))
	addScheme(w, extra, false)
}

func addScheme(w *walker, s *runtime.Scheme, clientGo bool) {
	have := map[schema.GroupVersionKind]bool{}
	for _, k := range w.fs.kinds {
		have[schema.GroupVersionKind{Group: k.group, Version: k.version, Kind: k.kind}] = true
	}
	for gvk, t := range s.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || optionKinds[gvk.Kind] ||
			gvk.Group == metaGroup || have[gvk] ||
			strings.HasSuffix(gvk.Kind, "Options") && t.PkgPath() == "" {
			continue
		}
		k := kind{group: gvk.Group, version: gvk.Version, kind: gvk.Kind, typ: w.expr(t)}
		if clientGo {
			k.flags += "c"
		}
		if _, ok := t.FieldByName("ListMeta"); ok {
			if _, ok := t.FieldByName("Items"); ok {
				k.flags += "l"
			}
		}
		w.fs.kinds = append(w.fs.kinds, k)
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func readJSON(name string, into any) {
	raw, err := os.ReadFile(name)
	must(err)
	if err := json.Unmarshal(raw, into); err != nil {
		log.Fatalf("%s: %v", name, err)
	}
}

// addResources adds what discovery says: legacy documents, one a version.
func addResources(fs *facts, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "api*__*.json"))
	must(err)
	for _, name := range files {
		var l meta.APIResourceList
		readJSON(name, &l)
		gv, err := schema.ParseGroupVersion(l.GroupVersion)
		must(err)
		if l.Kind != "APIResourceList" {
			continue
		}
		for _, r := range l.APIResources {
			if !strings.Contains(r.Name, "/") {
				addResource(fs, gv, r)
			}
		}
		for _, r := range l.APIResources {
			if strings.Contains(r.Name, "/") {
				addSub(fs, gv, r)
			}
		}
	}
}

func addResource(fs *facts, gv schema.GroupVersion, r meta.APIResource) {
	for i := range fs.kinds {
		k := &fs.kinds[i]
		if k.group != gv.Group || k.version != gv.Version || k.kind != r.Kind {
			continue
		}
		k.resource, k.singular = r.Name, r.SingularName
		k.verbs = strings.Join(r.Verbs, ",")
		k.short = strings.Join(r.ShortNames, ",")
		k.categories = strings.Join(r.Categories, ",")
		k.flags += "k"
		if r.Namespaced {
			k.flags += "n"
		}
		if stable.MatchString(gv.Version) {
			k.flags += "s"
		}
		return
	}
	log.Printf("%v %s (%s) has no type, left out", gv, r.Name, r.Kind)
}

func addSub(fs *facts, gv schema.GroupVersion, r meta.APIResource) {
	parts := strings.SplitN(r.Name, "/", 2)
	for i := range fs.kinds {
		k := &fs.kinds[i]
		if k.group != gv.Group || k.version != gv.Version || k.resource != parts[0] {
			continue
		}
		s := sub{name: parts[1], group: r.Group, version: r.Version, kind: r.Kind,
			verbs: strings.Join(r.Verbs, ",")}
		if s.version == "" {
			s.group, s.version = gv.Group, gv.Version
		}
		if s.name == "status" {
			k.flags += "t"
		}
		k.subs = append(k.subs, s)
	}
}

var priorityLine = regexp.MustCompile(
	`\{Group: "([^"]*)", Version: "([^"]*)"\}:\s*\{Group: (\d+), Version: (\d+)\}`)

// addGroups orders groups and versions as the API server's own table does.
func addGroups(fs *facts, src string) {
	type prio struct{ group, version int }
	table := map[schema.GroupVersion]prio{
		// The aggregator puts its own group first.
		{Group: "apiregistration.k8s.io", Version: "v1"}: {20000, 18},
	}
	for _, f := range []string{"pkg/controlplane/apiserver/aggregator.go",
		"cmd/kube-apiserver/app/aggregator.go"} {
		raw, err := os.ReadFile(filepath.Join(src, f))
		must(err)
		for _, m := range priorityLine.FindAllStringSubmatch(string(raw), -1) {
			g, _ := strconv.Atoi(m[3])
			v, _ := strconv.Atoi(m[4])
			table[schema.GroupVersion{Group: m[1], Version: m[2]}] = prio{g, v}
		}
	}
	served := map[string]map[string]bool{}
	for _, k := range fs.kinds {
		if strings.Contains(k.flags, "s") {
			if served[k.group] == nil {
				served[k.group] = map[string]bool{}
			}
			served[k.group][k.version] = true
		}
	}
	for _, name := range sortedKeys(served) {
		g := group{name: name, versions: sortedKeys(served[name])}
		sort.SliceStable(g.versions, func(i, j int) bool {
			gi := schema.GroupVersion{Group: name, Version: g.versions[i]}
			gj := schema.GroupVersion{Group: name, Version: g.versions[j]}
			return table[gi].version > table[gj].version
		})
		g.priority = table[schema.GroupVersion{Group: name, Version: g.versions[0]}].group
		if g.priority == 0 {
			log.Fatalf("group %s has no priority", name)
		}
		fs.groups = append(fs.groups, g)
	}
	sort.SliceStable(fs.groups, func(i, j int) bool {
		a, b := fs.groups[i], fs.groups[j]
		if (a.name == "") != (b.name == "") {
			return a.name == ""
		}
		return a.priority > b.priority
	})
}

var assignsGeneration = regexp.MustCompile(`\.Generation\s*=\s*1\b|Generation \+ 1`)

// markGeneration finds the kinds whose create strategy starts a generation:
// the folder of the strategy is the lower-case kind.
func markGeneration(fs *facts, dirs ...string) {
	found := map[string]bool{}
	for _, dir := range dirs {
		must(filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err != nil || d.Name() != "strategy.go" {
				return err
			}
			raw, err := os.ReadFile(p)
			if err == nil && assignsGeneration.Match(raw) {
				found[filepath.Base(filepath.Dir(p))] = true
			}
			return err
		}))
	}
	for i := range fs.kinds {
		k := &fs.kinds[i]
		if k.resource != "" && found[strings.ToLower(k.kind)] {
			k.flags += "g"
		}
	}
}
