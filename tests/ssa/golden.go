// Writes scenarios of field management, with the outcome of each step as apimachinery 0.36 has it:
// "go run golden.go > ../data/ssa/scenarios.jsonl" in a module that requires k8s.io/client-go
// v0.36.3.  One scenario a line: kind, type, and steps of {op, manager, force, obj, live, fields,
// err}.
package main

import (
	"encoding/json"
	"math/rand"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

type object = map[string]any

type step struct {
	Op      string `json:"op"`
	Manager string `json:"manager"`
	Force   bool   `json:"force,omitempty"`
	Obj     object `json:"obj"`
	Live    object `json:"live"`
	Fields  []any  `json:"fields"`
	Err     string `json:"err,omitempty"`
}

type scenario struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
	Steps   []step `json:"steps"`
}

// Everything a configuration may be a part of.
var universes = []string{`{
 "apiVersion":"apps/v1","kind":"Deployment",
 "metadata":{"name":"d","namespace":"n","labels":{"a":"1","b":"2","c":"3"},"annotations":{"x":"1","y":"2"},
  "finalizers":["f.io/a","f.io/b"],
  "ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"u1"},{"apiVersion":"v1","kind":"ConfigMap","name":"p","uid":"u2"}]},
 "spec":{"replicas":3,"minReadySeconds":5,"paused":false,
  "selector":{"matchLabels":{"a":"1","b":"2"}},
  "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":"25%"}},
  "template":{"metadata":{"labels":{"a":"1","b":"2"},"annotations":{"k":"v"}},
   "spec":{"serviceAccountName":"sa","nodeSelector":{"os":"linux","zone":"z"},
    "containers":[
     {"name":"c1","image":"i:1","args":["a","b"],"command":["c"],"env":[{"name":"E1","value":"1"},{"name":"E2","value":"2"},{"name":"E3","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],
      "ports":[{"containerPort":80,"name":"http"},{"containerPort":81,"protocol":"UDP"},{"containerPort":80,"protocol":"UDP"}],
      "resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"100m"}},
      "volumeMounts":[{"mountPath":"/a","name":"v1"},{"mountPath":"/b","name":"v2","readOnly":true}],
      "livenessProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":5},
      "securityContext":{"runAsUser":1,"capabilities":{"add":["A","B"],"drop":["ALL"]}}},
     {"name":"c2","image":"i:2","env":[{"name":"E1","value":"x"}]},
     {"name":"c3","image":"i:3"}],
    "initContainers":[{"name":"i1","image":"j"}],
    "imagePullSecrets":[{"name":"s1"},{"name":"s2"}],
    "tolerations":[{"key":"k","operator":"Exists"},{"key":"l"}],
    "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule"},{"maxSkew":2,"topologyKey":"h","whenUnsatisfiable":"ScheduleAnyway"}],
    "volumes":[{"name":"v1","emptyDir":{}},{"name":"v2","configMap":{"name":"cm","items":[{"key":"k","path":"p"}]}},{"name":"v3","secret":{"secretName":"s"}}]}}},
 "status":{"replicas":3,"conditions":[{"type":"Available","status":"True"},{"type":"Progressing","status":"False"}]}}`,
	`{
 "apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"n","labels":{"a":"1"}},
 "spec":{"type":"ClusterIP","clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"externalIPs":["1.1.1.1","2.2.2.2"],
  "selector":{"app":"x","tier":"y"},"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":5}},
  "ports":[{"name":"a","port":80,"targetPort":8080},{"name":"b","port":80,"protocol":"UDP"},{"name":"c","port":443,"protocol":"TCP","targetPort":"https"}]},
 "status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}}`,
	`{
 "apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","annotations":{"p":"q","r":"s"}},
 "data":{"a":"1","b":"2","c":"3","d":"4"},"binaryData":{"z":"AA=="},"immutable":false}`,
	`{
 "apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"},
 "aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"a":"b"}}]},
 "rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]},{"nonResourceURLs":["/x"],"verbs":["get"]}]}`,
	`{
 "apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},
 "spec":{"hostAliases":[{"ip":"1.1.1.1","hostnames":["a","b"]},{"ip":"2.2.2.2"}],"dnsConfig":{"nameservers":["8.8.8.8"],"options":[{"name":"o"}]},
  "readinessGates":[{"conditionType":"t"}],"schedulingGates":[{"name":"g1"},{"name":"g2"}],
  "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"k","operator":"In","values":["a"]}]}]}}},
  "overhead":{"cpu":"1"},"containers":[{"name":"a","image":"b","resizePolicy":[{"resourceName":"cpu","restartPolicy":"NotRequired"}],"volumeDevices":[{"devicePath":"/d","name":"n"}]}]},
 "status":{"podIPs":[{"ip":"1.1.1.1"},{"ip":"2.2.2.2"}],"phase":"Running"}}`}

// Fields without which an item has no identity, or an object no name.
var kept = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "name": true, "namespace": true,
	"containerPort": true, "port": true, "mountPath": true, "type": true, "ip": true, "topologyKey": true,
	"whenUnsatisfiable": true, "uid": true, "devicePath": true, "conditionType": true, "key": true}

var r = rand.New(rand.NewSource(20260101))

func part(v any, p float64) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for _, k := range keys(v) {
			if _, deep := v[k].(object); kept[k] && !deep {
				out[k] = v[k]
			} else if kept[k] || r.Float64() < p {
				out[k] = part(v[k], p)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, i := range r.Perm(len(v)) {
			if r.Float64() < p {
				out = append(out, part(v[i], p))
			}
		}
		if r.Float64() < 0.6 {
			sortBack(out, v)
		}
		return out
	case string:
		if r.Float64() < 0.12 {
			return v + "-x"
		}
	case float64:
		if r.Float64() < 0.12 {
			return v + float64(r.Intn(3))
		}
	case bool:
		return v != (r.Float64() < 0.2)
	}
	return v
}

// Usually configurations keep the order of their lists; values that were changed go last.
func sortBack(out, order []any) {
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if rank(out[j], order) < rank(out[i], order) {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
}

func rank(v any, order []any) int {
	for i, o := range order {
		if m, ok := v.(object); ok {
			n := o.(object)
			same := true
			for k := range kept {
				if a, ok := m[k]; ok && a != n[k] {
					same = false
				}
			}
			if same {
				return i
			}
		} else if v == o {
			return i
		}
	}
	return len(order)
}

func keys(m object) []string {
	out := []string{}
	for k := range m {
		out = append(out, k)
	}
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if out[j] < out[i] {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

func clone(v any) object {
	b, _ := json.Marshal(v)
	out := object{}
	_ = json.Unmarshal(b, &out)
	return out
}

func ints(v any) any {
	switch v := v.(type) {
	case object:
		for k := range v {
			v[k] = ints(v[k])
		}
	case []any:
		for i := range v {
			v[i] = ints(v[i])
		}
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return v
}

func run(u object) scenario {
	gv, _ := schema.ParseGroupVersion(u["apiVersion"].(string))
	s := scenario{gv.Group, gv.Version, u["kind"].(string), nil}
	m := managedfieldstest.NewTestFieldManager(applyconfigurations.NewTypeConverter(scheme.Scheme),
		gv.WithKind(s.Kind))
	managers := []string{"one", "two", "three", "kubectl-edit"}
	for n := 3 + r.Intn(4); n > 0; n-- {
		st := step{Op: "apply", Manager: managers[r.Intn(4)]}
		obj := clone(part(u, 0.25+r.Float64()*0.7))
		for k, v := range u["metadata"].(object) {
			if k == "name" || k == "namespace" {
				obj["metadata"].(object)[k] = v
			}
		}
		obj["apiVersion"], obj["kind"] = u["apiVersion"], u["kind"]
		var err error
		before := clone(m.Live().(*unstructured.Unstructured).Object)
		if r.Float64() < 0.35 {
			st.Op = "update"
			if r.Float64() < 0.5 && len(before) > 2 {
				// A change of what is there, not another object.
				delete(before["metadata"].(object), "managedFields")
				obj = clone(part(before, 0.9))
				obj["apiVersion"], obj["kind"] = u["apiVersion"], u["kind"]
			}
			st.Obj = clone(obj)
			err = m.Update(&unstructured.Unstructured{Object: ints(clone(obj)).(object)}, st.Manager)
		} else {
			st.Force = r.Float64() < 0.4
			st.Obj = clone(obj)
			err = m.Apply(&unstructured.Unstructured{Object: ints(clone(obj)).(object)}, st.Manager, st.Force)
		}
		if err != nil {
			st.Err = err.Error()
		}
		st.Live = clone(m.Live().(*unstructured.Unstructured).Object)
		if meta, ok := st.Live["metadata"].(object); ok {
			st.Fields, _ = meta["managedFields"].([]any)
			delete(meta, "managedFields")
			for _, f := range st.Fields {
				delete(f.(object), "time")
			}
		}
		s.Steps = append(s.Steps, st)
	}
	return s
}

func main() {
	out := json.NewEncoder(os.Stdout)
	for i := 0; i < 200; i++ {
		u := object{}
		if err := json.Unmarshal([]byte(universes[i%len(universes)]), &u); err != nil {
			panic(err)
		}
		if err := out.Encode(run(u)); err != nil {
			panic(err)
		}
	}
}
