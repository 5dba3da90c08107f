package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strings"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	clientgo "k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// writeFixtures makes the test data: bodies in protobuf with their JSON, and
// objects before and after client-go's typed round trip.
func writeFixtures(dir string, trips int) {
	must(os.MkdirAll(filepath.Join(dir, "protobuf"), 0o755))
	copyPublished(filepath.Join(dir, "protobuf"))
	writeEdges(filepath.Join(dir, "protobuf"))
	writeRoundTrips(filepath.Join(dir, "round_trip.jsonl"), trips)
}

func published(suffix string) []string {
	names, err := filepath.Glob(filepath.Join(packageDir("k8s.io/api"), "testdata/HEAD/*"+suffix))
	must(err)
	sort.Strings(names)
	return names
}

// copyPublished takes the stable kinds of k8s.io/api's own test data.
func copyPublished(dir string) {
	for _, pb := range published(".pb") {
		base := strings.TrimSuffix(filepath.Base(pb), ".pb")
		parts := strings.Split(base, ".")
		n := len(parts)
		gvk := schema.GroupVersionKind{Group: strings.Join(parts[:n-2], "."),
			Version: parts[n-2], Kind: parts[n-1]}
		if gvk.Group == "core" {
			gvk.Group = ""
		}
		if !stable.MatchString(gvk.Version) || gvk.Kind == "WatchEvent" || !clientgo.Scheme.Recognizes(gvk) {
			continue
		}
		raw, err := os.ReadFile(pb)
		must(err)
		text, err := os.ReadFile(strings.TrimSuffix(pb, ".pb") + ".json")
		must(err)
		var compact bytes.Buffer
		must(json.Compact(&compact, text))
		must(os.WriteFile(filepath.Join(dir, base+".pb"), raw, 0o644))
		must(os.WriteFile(filepath.Join(dir, base+".json"), compact.Bytes(), 0o644))
	}
}

func ptr[T any](v T) *T { return &v }

// Objects whose zero values tell pointers from plain fields, and the messages
// that JSON shows in another form.
func edges() map[string]runtime.Object {
	cfg := apiextensions.JSONSchemaProps{
		Type:                   "object",
		Ref:                    ptr("#/a"),
		XIntOrString:           true,
		XPreserveUnknownFields: ptr(false),
		Default:                &apiextensions.JSON{Raw: []byte(`{"a":[1,2.5,null]}`)},
		Maximum:                ptr(2.5),
		Minimum:                ptr(0.0),
		Enum:                   []apiextensions.JSON{{Raw: []byte(`"x"`)}, {Raw: []byte(`1`)}},
		Items:                  &apiextensions.JSONSchemaPropsOrArray{Schema: &apiextensions.JSONSchemaProps{Type: "string"}},
		AdditionalProperties:   &apiextensions.JSONSchemaPropsOrBool{Allows: true},
		AdditionalItems:        &apiextensions.JSONSchemaPropsOrBool{Schema: &apiextensions.JSONSchemaProps{Type: "integer"}},
		Properties: map[string]apiextensions.JSONSchemaProps{
			"list": {Items: &apiextensions.JSONSchemaPropsOrArray{JSONSchemas: []apiextensions.JSONSchemaProps{{Type: "a"}, {Type: "b"}}}},
			"none": {},
			"off":  {AdditionalProperties: &apiextensions.JSONSchemaPropsOrBool{}},
		},
		Dependencies: apiextensions.JSONSchemaDependencies{
			"s": {Property: []string{"x", "y"}},
			"t": {Schema: &apiextensions.JSONSchemaProps{Type: "string"}},
		},
	}
	return map[string]runtime.Object{
		"deployment": &apps.Deployment{
			TypeMeta:   meta.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
			ObjectMeta: meta.ObjectMeta{Name: "d", Labels: map[string]string{"empty": ""}},
			Spec: apps.DeploymentSpec{
				Replicas: ptr(int32(0)),
				Selector: &meta.LabelSelector{},
				Strategy: apps.DeploymentStrategy{RollingUpdate: &apps.RollingUpdateDeployment{
					MaxSurge:       ptr(intstr.FromInt32(0)),
					MaxUnavailable: ptr(intstr.FromString("")),
				}},
				Template: core.PodTemplateSpec{Spec: core.PodSpec{
					AutomountServiceAccountToken: ptr(false),
					Containers: []core.Container{{
						Name:  "c",
						Ports: []core.ContainerPort{{}},
						Env:   []core.EnvVar{{Name: "E", ValueFrom: &core.EnvVarSource{ConfigMapKeyRef: &core.ConfigMapKeySelector{LocalObjectReference: core.LocalObjectReference{Name: "m"}, Key: "k"}}}},
						Resources: core.ResourceRequirements{Limits: core.ResourceList{
							"cpu": resource.MustParse("1500m"), "memory": resource.MustParse("0")}},
						LivenessProbe: &core.Probe{ProbeHandler: core.ProbeHandler{TCPSocket: &core.TCPSocketAction{Port: intstr.FromInt32(-1)}}},
					}},
				}},
			},
		},
		"claim": &core.PersistentVolumeClaim{
			TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
			Spec:     core.PersistentVolumeClaimSpec{StorageClassName: ptr("")},
		},
		"secret": &core.Secret{
			TypeMeta:  meta.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			Data:      map[string][]byte{"bytes": {0, 255, 254}, "none": {}},
			Immutable: ptr(false),
		},
		"role": &rbac.Role{
			TypeMeta: meta.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"},
			Rules:    []rbac.PolicyRule{{Verbs: []string{"get"}}},
		},
		"job": &batch.Job{
			TypeMeta: meta.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
			Spec:     batch.JobSpec{Suspend: ptr(false), TTLSecondsAfterFinished: ptr(int32(0))},
		},
		"eviction": &policy.Eviction{
			TypeMeta:      meta.TypeMeta{APIVersion: "policy/v1", Kind: "Eviction"},
			DeleteOptions: &meta.DeleteOptions{GracePeriodSeconds: ptr(int64(0))},
		},
		"delete": &meta.DeleteOptions{
			TypeMeta:          meta.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
			PropagationPolicy: ptr(meta.DeletePropagationBackground),
			Preconditions:     &meta.Preconditions{ResourceVersion: ptr("")},
		},
		"revision": &apps.ControllerRevision{
			TypeMeta: meta.TypeMeta{APIVersion: "apps/v1", Kind: "ControllerRevision"},
			Data:     runtime.RawExtension{Raw: []byte(`{"spec":{"a":[1,"b",1.50]}}`)},
		},
		"crd": &apiextensions.CustomResourceDefinition{
			TypeMeta: meta.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
			Spec: apiextensions.CustomResourceDefinitionSpec{Versions: []apiextensions.CustomResourceDefinitionVersion{
				{Name: "v1", Schema: &apiextensions.CustomResourceValidation{OpenAPIV3Schema: &cfg}}}},
		},
		"apiservice": &apiregistration.APIService{
			TypeMeta: meta.TypeMeta{APIVersion: "apiregistration.k8s.io/v1", Kind: "APIService"},
			Spec:     apiregistration.APIServiceSpec{CABundle: []byte("x"), Service: &apiregistration.ServiceReference{Port: ptr(int32(0))}},
		},
	}
}

func writeEdges(dir string) {
	s := protobuf.NewSerializer(clientgo.Scheme, clientgo.Scheme)
	for name, obj := range edges() {
		var buf bytes.Buffer
		must(s.Encode(obj, &buf))
		text, err := json.Marshal(obj)
		must(err)
		must(os.WriteFile(filepath.Join(dir, "edge."+name+".pb"), buf.Bytes(), 0o644))
		must(os.WriteFile(filepath.Join(dir, "edge."+name+".json"), text, 0o644))
	}
}

// mangle damages an object here and there: what is missing, empty, null,
// unknown or of another type.
func mangle(r *rand.Rand, v any, hard bool) any {
	switch x := v.(type) {
	case map[string]any:
		keys := sortedKeys(x)
		for _, k := range keys {
			if k == "apiVersion" || k == "kind" {
				continue
			}
			if r.Intn(4) == 0 {
				delete(x, k)
				continue
			}
			x[k] = mangle(r, x[k], hard)
		}
		if r.Intn(8) == 0 {
			x["unknownField"] = "x"
		}
		if r.Intn(20) == 0 {
			return map[string]any{}
		}
	case []any:
		for i := range x {
			x[i] = mangle(r, x[i], hard)
		}
		if r.Intn(10) == 0 {
			return []any{}
		}
	case string:
		return mangleString(r, x, hard)
	case int64:
		return []any{x, x, x, int64(0), float64(x)}[r.Intn(5)]
	case bool:
		return r.Intn(3) != 0
	}
	if r.Intn(25) == 0 {
		return nil
	}
	return v
}

func mangleString(r *rand.Rand, x string, hard bool) any {
	if hard && r.Intn(40) == 0 {
		return []any{int64(7), true, 1.5, []any{}, map[string]any{}}[r.Intn(5)]
	}
	switch r.Intn(12) {
	case 0:
		if strings.Contains(x, "T") && strings.HasSuffix(x, "Z") || x == "0" {
			return x
		}
		return ""
	case 1:
		return nil
	}
	if x == "0" { // most quantities of the published data
		return []any{"1000m", "1024Mi", "1.500", int64(2), 0.5, "0.5Gi", "2e3"}[r.Intn(7)]
	}
	return x
}

// writeRoundTrips writes lines {"in": object, "out": object}; out is null
// where client-go cannot convert.
func writeRoundTrips(name string, n int) {
	r := rand.New(rand.NewSource(36))
	files := published(".json")
	var out bytes.Buffer
	for i := 0; i < n; i++ {
		raw, err := os.ReadFile(files[r.Intn(len(files))])
		must(err)
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(raw); err != nil {
			continue // a WatchEvent has no kind of its own
		}
		m, ok := mangle(r, u.Object, i%3 == 0).(map[string]any)
		if !ok || m["kind"] == nil {
			continue
		}
		u.Object = m
		in, err := json.Marshal(u.Object)
		must(err)
		typed, err := clientgo.Scheme.New(u.GroupVersionKind())
		if err != nil {
			continue
		}
		var after map[string]any
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, typed); err == nil {
			after, err = runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
			must(err)
		}
		text, err := json.Marshal(after)
		must(err)
		fmt.Fprintf(&out, "{\"in\":%s,\"out\":%s}\n", in, text)
	}
	must(os.WriteFile(name, out.Bytes(), 0o644))
}
