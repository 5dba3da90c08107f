package main

import (
	"log"
	"strings"

	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/kustomize/kyaml/openapi/kubernetesapi"
)

type gvk struct{ Group, Version, Kind string }

// extension decodes one x-kubernetes-... value; false when absent.
func extension(ext []*openapi_v2.NamedAny, name string, into any) bool {
	for _, e := range ext {
		if e.Name == name {
			must(yaml.Unmarshal([]byte(e.Value.Yaml), into))
			return true
		}
	}
	return false
}

// Definitions that are scalars under a name of their own.
var named = map[string]string{
	"io.k8s.apimachinery.pkg.api.resource.Quantity":   "quantity",
	"io.k8s.apimachinery.pkg.apis.meta.v1.Time":       "time",
	"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime":  "microTime",
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
	"io.k8s.apimachinery.pkg.runtime.RawExtension":    "raw",
	"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":   "fields",
}

type swaggerReader struct {
	fs   *facts
	defs map[string]*openapi_v2.Schema
}

// shortName splits io.k8s.api.core.v1.Pod into core.v1.Pod and notes the rest.
func (r *swaggerReader) shortName(full string) string {
	parts := strings.Split(full, ".")
	n := len(parts)
	alias := strings.Join(parts[n-3:n-1], ".")
	prefix := strings.Join(parts[:n-1], ".")
	if old, ok := r.fs.pkgs[alias]; ok && old != prefix {
		log.Fatalf("alias %s means %s and %s", alias, old, prefix)
	}
	r.fs.pkgs[alias] = prefix
	return alias + "." + parts[n-1]
}

func (r *swaggerReader) ref(full string) string {
	if s, ok := named[full]; ok {
		return s
	}
	d := r.defs[full]
	if d == nil {
		log.Fatalf("no definition %s", full)
	}
	if d.Properties == nil || len(d.Properties.AdditionalProperties) == 0 {
		return r.expr(d)
	}
	return r.shortName(full)
}

func (r *swaggerReader) expr(s *openapi_v2.Schema) string {
	if s.XRef != "" {
		return r.ref(strings.TrimPrefix(s.XRef, "#/definitions/"))
	}
	t := ""
	if s.Type != nil && len(s.Type.Value) > 0 {
		t = s.Type.Value[0]
	}
	switch t {
	case "string":
		switch s.Format {
		case "byte":
			return "bytes"
		case "date-time":
			return "time"
		case "int-or-string":
			return "intOrString"
		}
		return "string"
	case "integer":
		if s.Format == "int64" {
			return "int64"
		}
		return "int32"
	case "number":
		return "double"
	case "boolean":
		return "bool"
	case "array":
		return "[]" + r.expr(s.Items.Schema[0])
	case "object":
		if a := s.AdditionalProperties.GetSchema(); a != nil {
			return "{}" + r.expr(a)
		}
	}
	return "json"
}

func (r *swaggerReader) property(name string, s *openapi_v2.Schema, required []string) field {
	f := field{name: name, typ: r.expr(s)}
	for _, q := range required {
		f.required = f.required || q == name
	}
	oa := oaSchema{}
	extension(s.VendorExtension, "x-kubernetes-list-type", &oa.ListType)
	extension(s.VendorExtension, "x-kubernetes-list-map-keys", &oa.ListKeys)
	extension(s.VendorExtension, "x-kubernetes-map-type", &oa.MapType)
	extension(s.VendorExtension, "x-kubernetes-patch-strategy", &oa.Strategy)
	extension(s.VendorExtension, "x-kubernetes-patch-merge-key", &oa.MergeKey)
	if strings.HasPrefix(f.typ, "[]") {
		f.list = oa.listType()
	}
	f.atomic = oa.MapType == "atomic"
	f.patch = oa.Strategy
	if oa.MergeKey != "" {
		f.patch += ":" + oa.MergeKey
	}
	return f
}

func (r *swaggerReader) definition(full string, d *openapi_v2.Schema) {
	if d.Properties == nil {
		return
	}
	s := &structure{name: r.shortName(full)}
	mapType := ""
	extension(d.VendorExtension, "x-kubernetes-map-type", &mapType)
	s.atomic = mapType == "atomic"
	for _, p := range d.Properties.AdditionalProperties {
		s.fields = append(s.fields, r.property(p.Name, p.Value, d.Required))
	}
	if len(s.fields) > 0 {
		r.fs.structs[s.name] = s
	}
}

// readScopes follows kyaml: a kind is namespaced when any path that gets it
// has a namespace parameter.
func readScopes(paths []*openapi_v2.NamedPathItem) map[gvk]bool {
	scopes := map[gvk]bool{}
	for _, p := range paths {
		var k gvk
		if p.Value.Get == nil ||
			!extension(p.Value.Get.VendorExtension, "x-kubernetes-group-version-kind", &k) {
			continue
		}
		scopes[k] = scopes[k] || strings.Contains(p.Name, "namespaces/{namespace}")
	}
	return scopes
}

func deriveKustomize() *facts {
	asset := kubernetesapi.OpenAPIMustAsset[kubernetesapi.DefaultOpenAPI]
	path := "kubernetesapi/" + strings.ReplaceAll(kubernetesapi.DefaultOpenAPI, ".", "_") + "/swagger.pb"
	doc := &openapi_v2.Document{}
	must(proto.Unmarshal(asset(path), doc))

	r := &swaggerReader{fs: newFacts("kustomize-1.21"), defs: map[string]*openapi_v2.Schema{}}
	for _, d := range doc.Definitions.AdditionalProperties {
		r.defs[d.Name] = d.Value
	}
	scopes := readScopes(doc.Paths.Path)
	have := map[gvk]bool{}
	for _, d := range doc.Definitions.AdditionalProperties {
		r.definition(d.Name, d.Value)
		var kinds []gvk
		if !extension(d.Value.VendorExtension, "x-kubernetes-group-version-kind", &kinds) {
			continue
		}
		for _, k := range kinds {
			if optionKinds[k.Kind] {
				continue
			}
			have[k] = true
			r.fs.kinds = append(r.fs.kinds, scopedKind(k, r.shortName(d.Name), scopes))
		}
	}
	for k := range scopes {
		if !have[k] {
			r.fs.kinds = append(r.fs.kinds, scopedKind(k, "", scopes))
		}
	}
	return r.fs
}

func scopedKind(k gvk, typ string, scopes map[gvk]bool) kind {
	flags := ""
	if namespaced, known := scopes[k]; known {
		flags = "k"
		if namespaced {
			flags += "n"
		}
	}
	return kind{group: k.Group, version: k.Version, kind: k.Kind, typ: typ, flags: flags}
}
