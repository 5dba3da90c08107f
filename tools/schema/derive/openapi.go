package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// oaSchema is the part of an OpenAPI v3 schema that the facts need.
type oaSchema struct {
	Type       string               `json:"type"`
	Required   []string             `json:"required"`
	Properties map[string]*oaSchema `json:"properties"`
	Default    any                  `json:"default"`
	MapType    string               `json:"x-kubernetes-map-type"`
	ListType   string               `json:"x-kubernetes-list-type"`
	ListKeys   []string             `json:"x-kubernetes-list-map-keys"`
	Strategy   string               `json:"x-kubernetes-patch-strategy"`
	MergeKey   string               `json:"x-kubernetes-patch-merge-key"`
}

// readOpenAPI merges the schemas of every published v3 document.
func readOpenAPI(dir string) map[string]*oaSchema {
	all := map[string]*oaSchema{}
	files, err := filepath.Glob(filepath.Join(dir, "*_openapi.json"))
	if err != nil || len(files) == 0 {
		log.Fatalf("no OpenAPI documents in %s: %v", dir, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		var doc struct {
			Components struct {
				Schemas map[string]*oaSchema `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(raw, &doc); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		for k, v := range doc.Components.Schemas {
			all[k] = v
		}
	}
	return all
}

// listType resolves what server-side apply makes of a list: the explicit
// list type first, then the merge strategy, else atomic ("").
func (p *oaSchema) listType() string {
	switch p.ListType {
	case "map":
		return "map:" + strings.Join(p.ListKeys, ",")
	case "set":
		return "set"
	case "atomic":
		return ""
	}
	if !strings.Contains(p.Strategy, "merge") {
		return ""
	}
	if p.MergeKey != "" {
		return "map:" + p.MergeKey
	}
	return "set"
}

// annotate adds to f what only OpenAPI says; oa is the schema of the struct.
func (oa *oaSchema) annotate(f *field) {
	p := oa.Properties[f.name]
	if p == nil {
		log.Fatalf("property %s is not published", f.name)
	}
	for _, r := range oa.Required {
		f.required = f.required || r == f.name
	}
	if p.Type == "array" {
		f.list = p.listType()
	}
	f.atomic = p.MapType == "atomic"
	if s, ok := p.Default.(string); ok && s != "" {
		f.def = s
	}
	if n, ok := p.Default.(float64); ok && n != 0 {
		f.def = fmt.Sprint(n)
	}
	if p.Strategy != strings.SplitN(f.patch, ":", 2)[0] {
		log.Fatalf("%s: strategy %q but tag %q", f.name, p.Strategy, f.patch)
	}
}
