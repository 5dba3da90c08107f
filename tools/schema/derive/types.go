package main

import (
	"log"
	"path"
	"reflect"
	"strconv"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsbeta "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Types whose JSON form is not that of their Go shape.
var special = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):      "quantity",
	reflect.TypeOf(intstr.IntOrString{}):     "intOrString",
	reflect.TypeOf(meta.Time{}):              "time",
	reflect.TypeOf(meta.MicroTime{}):         "microTime",
	reflect.TypeOf(meta.Duration{}):          "duration",
	reflect.TypeOf(runtime.RawExtension{}):   "raw",
	reflect.TypeOf(meta.FieldsV1{}):          "fields",
	reflect.TypeOf(apiextensions.JSON{}):     "json",
	reflect.TypeOf(apiextensionsbeta.JSON{}): "json",
	reflect.TypeOf([]byte{}):                 "bytes",
	reflect.TypeOf(meta.InternalEvent{}):     "raw",
}

// Union types: message {1: alternative, 2: schema} or {1: schema, 2: list}.
var unions = map[string]string{
	"JSONSchemaPropsOrBool":        "orBool",
	"JSONSchemaPropsOrArray":       "orArray",
	"JSONSchemaPropsOrStringArray": "orStrings",
}

// walker turns Go types into structs of a set.
type walker struct {
	fs      *facts
	openapi map[string]*oaSchema
	enums   map[string][]string // "pkgpath.Name" -> values
}

// alias is the short name of a Go package, "core.v1" for k8s.io/api/core/v1;
// the OpenAPI prefix is the host reversed and the path with dots.
func (w *walker) alias(pkg string) string {
	short := path.Base(path.Dir(pkg)) + "." + path.Base(pkg)
	slash := strings.IndexByte(pkg, '/')
	host := strings.Split(pkg[:slash], ".")
	for i, j := 0, len(host)-1; i < j; i, j = i+1, j-1 {
		host[i], host[j] = host[j], host[i]
	}
	prefix := strings.Join(host, ".") + strings.ReplaceAll(pkg[slash:], "/", ".")
	if old, ok := w.fs.pkgs[short]; ok && old != prefix {
		log.Fatalf("alias %s means %s and %s", short, old, prefix)
	}
	w.fs.pkgs[short] = prefix
	return short
}

// isMessage tells whether a named slice or map is a protobuf message.
func isMessage(t reflect.Type) bool {
	_, ok := reflect.PointerTo(t).MethodByName("ProtoMessage")
	if !ok {
		_, ok = reflect.PointerTo(t).MethodByName("Unmarshal")
	}
	return ok
}

// expr is the type expression of t.
func (w *walker) expr(t reflect.Type) string {
	if s, ok := special[t]; ok {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.expr(t.Elem())
	case reflect.String:
		return w.stringExpr(t)
	case reflect.Bool:
		return "bool"
	case reflect.Int32, reflect.Uint32, reflect.Int16, reflect.Uint16:
		return "int32"
	case reflect.Int64, reflect.Uint64, reflect.Int:
		return "int64"
	case reflect.Float64, reflect.Float32:
		return "double"
	case reflect.Interface:
		return "json"
	case reflect.Slice:
		return w.sliceExpr(t)
	case reflect.Map:
		return "{}" + w.expr(t.Elem())
	case reflect.Struct:
		return w.structExpr(t)
	}
	log.Fatalf("no expression for %v", t)
	return ""
}

func (w *walker) stringExpr(t reflect.Type) string {
	values, ok := w.enums[t.PkgPath()+"."+t.Name()]
	if !ok {
		return "string"
	}
	name := w.alias(t.PkgPath()) + "." + t.Name()
	w.fs.enums[name] = values
	return "enum:" + name
}

func (w *walker) sliceExpr(t reflect.Type) string {
	if t.Elem().Kind() == reflect.Uint8 {
		return "bytes"
	}
	e := "[]" + w.expr(t.Elem())
	if t.Name() != "" && isMessage(t) {
		return "@items" + e
	}
	return e
}

func (w *walker) structExpr(t reflect.Type) string {
	if how, ok := unions[t.Name()]; ok {
		f, _ := t.FieldByName("Schema")
		return "@" + how + w.expr(f.Type)
	}
	name := w.alias(t.PkgPath()) + "." + t.Name()
	if w.fs.structs[name] != nil {
		return name
	}
	return w.addStruct(name, t, w.openapi[w.fs.pkgs[w.alias(t.PkgPath())]+"."+t.Name()])
}

// inlined is structExpr for a struct that JSON shows within another: when it
// has no published schema of its own, its fields stand in that of the other.
func (w *walker) inlined(t reflect.Type, outer *oaSchema) string {
	if t.Kind() != reflect.Struct || special[t] != "" {
		return w.expr(t)
	}
	name := w.alias(t.PkgPath()) + "." + t.Name()
	own := w.openapi[w.fs.pkgs[w.alias(t.PkgPath())]+"."+t.Name()]
	if w.fs.structs[name] != nil || own != nil {
		return w.expr(t)
	}
	return w.addStruct(name, t, outer)
}

func (w *walker) addStruct(name string, t reflect.Type, oa *oaSchema) string {
	s := &structure{name: name}
	w.fs.structs[name] = s
	s.atomic = oa != nil && oa.MapType == "atomic"
	for i := 0; i < t.NumField(); i++ {
		if f, ok := w.field(t.Field(i), oa); ok {
			s.fields = append(s.fields, f)
		}
	}
	return name
}

// protoNumber reads the second part of a tag like "bytes,3,opt,name=spec".
func protoNumber(tag string) int {
	parts := strings.Split(tag, ",")
	if len(parts) < 2 {
		return 0
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		log.Fatalf("protobuf tag %q: %v", tag, err)
	}
	return n
}

func (w *walker) field(sf reflect.StructField, oa *oaSchema) (field, bool) {
	tag := strings.Split(sf.Tag.Get("json"), ",")
	if tag[0] == "-" || !sf.IsExported() {
		return field{}, false
	}
	f := field{name: tag[0], number: protoNumber(sf.Tag.Get("protobuf"))}
	if sf.Anonymous && f.name == "" {
		f.typ = w.inlined(sf.Type, oa)
		return f, true
	}
	f.typ = w.expr(sf.Type)
	if f.name == "" {
		f.name = sf.Name
	}
	f.pointer = sf.Type.Kind() == reflect.Pointer
	for _, o := range tag[1:] {
		f.omit = f.omit || o == "omitempty"
		f.zero = f.zero || o == "omitzero"
	}
	if s := sf.Tag.Get("patchStrategy"); s != "" {
		f.patch = s
		if k := sf.Tag.Get("patchMergeKey"); k != "" {
			f.patch += ":" + k
		}
	}
	if oa != nil {
		oa.annotate(&f)
	} else if strings.HasPrefix(f.typ, "[]") {
		tag := oaSchema{Strategy: sf.Tag.Get("patchStrategy"), MergeKey: sf.Tag.Get("patchMergeKey")}
		f.list = tag.listType()
	}
	return f, true
}
