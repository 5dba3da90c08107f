// Derive writes the fact tables of libgitops/schema/data.
//
//	go run . DIR
//	go run . fixtures DIR COUNT
//	go run . check
//
// The second form writes the test data of tests/data/schema, with COUNT
// objects for the typed round trip.  The third compares the facts with those
// that client-go carries for server-side apply.
//
// It needs the network, or a filled Go module cache, and is never run by the
// build: its output is checked in.  Types come from the Go declarations
// (names, numbers, pointers, tags), list and map types from the published
// OpenAPI v3 documents, resources from the published discovery documents.
// Only names, numbers and flags are taken; no descriptions.
package main

import (
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

const kubernetes = "k8s.io/kubernetes@v1.36.3"

// moduleDir downloads a module and says where it was unpacked.
func moduleDir(module string) string {
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	must(err)
	var m struct{ Dir string }
	must(json.Unmarshal(out, &m))
	return m.Dir
}

func packageDir(pkg string) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", pkg).Output()
	must(err)
	return string(out[:len(out)-1])
}

func deriveKubernetes() *facts {
	src := moduleDir(kubernetes)
	w := &walker{
		fs:      newFacts("k8s-1.36"),
		openapi: readOpenAPI(filepath.Join(src, "api/openapi-spec/v3")),
		enums:   map[string][]string{},
	}
	for _, m := range []string{"k8s.io/api", "k8s.io/apimachinery",
		"k8s.io/apiextensions-apiserver", "k8s.io/kube-aggregator"} {
		readEnums(packageDir(m), m, w.enums)
	}
	addKinds(w)
	addResources(w.fs, filepath.Join(src, "api/discovery"))
	addGroups(w.fs, src)
	markGeneration(w.fs, filepath.Join(src, "pkg/registry"),
		filepath.Join(packageDir("k8s.io/apiextensions-apiserver"), "pkg/registry"))
	keepKeyDefaults(w.fs)
	return w.fs
}

func writeFile(dir string, fs *facts) {
	f, err := os.Create(filepath.Join(dir, fs.name+".txt"))
	must(err)
	fs.write(f)
	must(f.Close())
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "fixtures" {
		n, err := strconv.Atoi(os.Args[3])
		must(err)
		writeFixtures(os.Args[2], n)
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "check" {
		if check(deriveKubernetes()) > 0 {
			os.Exit(1)
		}
		return
	}
	if len(os.Args) != 2 {
		log.Fatal("usage: derive DIR | fixtures DIR COUNT | check")
	}
	writeFile(os.Args[1], deriveKubernetes())
	writeFile(os.Args[1], deriveKustomize())
}
