"""Everyday work with the real kubectl."""

import json
import os
import re
import subprocess
import threading

from server import Case, main

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: c
        image: nginx:1.27
        ports: [{containerPort: 80}]
        env: [{name: A, value: b}, {name: B, value: c}]
"""

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, shortNames: [wi], categories: [things]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 0, maximum: 9}
              color: {type: string, default: red, enum: [red, blue]}
              parts:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, note: {type: string}}
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
"""


class Kubectl(Case):
    tools = ("kubectl",)

    def test_client_side_apply(self):
        out = self.kubectl("apply", "-f", "-", stdin=DEPLOYMENT).stdout
        self.assertEqual(out, "deployment.apps/web created\n")
        out = self.kubectl("apply", "-f", "-", stdin=DEPLOYMENT).stdout
        self.assertEqual(out, "deployment.apps/web unchanged\n")
        changed = DEPLOYMENT.replace("{name: B, value: c}", "{name: C, value: d}")
        diff = self.kubectl("diff", "-f", "-", stdin=changed, check=False)
        self.assertEqual(diff.returncode, 1, diff.stderr)
        self.assertRegex(diff.stdout, r"\n-\s+- name: B\n")
        self.kubectl("apply", "-f", "-", stdin=changed)
        env = json.loads(self.kubectl("get", "deploy", "web", "-o", "json").stdout)
        env = env["spec"]["template"]["spec"]["containers"][0]["env"]
        self.assertEqual(env, [{"name": "A", "value": "b"}, {"name": "C", "value": "d"}])
        self.assertEqual(self.kubectl("diff", "-f", "-", stdin=changed).stdout, "")

    def test_server_side_apply(self):
        self.kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
        rv = self.kubectl("get", "deploy", "web", "-o", "jsonpath={.metadata.uid}").stdout
        self.assertTrue(rv)
        other = DEPLOYMENT.replace("replicas: 2", "replicas: 4")
        done = self.kubectl("apply", "--server-side", "--field-manager=other", "-f", "-",
                            stdin=other, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas',
                      done.stderr)
        self.kubectl("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f",
                     "-", stdin=other)
        self.assertEqual(self.kubectl("get", "deploy", "web", "-o",
                                      "jsonpath={.spec.replicas}").stdout, "4")
        # What the first manager no longer applies, and nobody else owns, goes.
        fewer = DEPLOYMENT.replace(", {name: B, value: c}", "").replace("replicas: 2", "replicas: 4")
        self.kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=fewer)
        env = "jsonpath={.spec.template.spec.containers[0].env[*].name}"
        self.assertEqual(self.kubectl("get", "deploy", "web", "-o", env).stdout, "A B")
        self.kubectl("apply", "--server-side", "-f", "-", stdin=fewer)
        self.assertEqual(self.kubectl("get", "deploy", "web", "-o", env).stdout, "A")

    def test_apply_again_changes_nothing(self):
        for flags in ((), ("--server-side",)):
            self.kubectl("apply", *flags, "-f", "-", stdin=DEPLOYMENT)
        self.kubectl("rollout", "status", "deploy/web", "--timeout=10s")
        get = ("get", "deploy", "web", "-o", "jsonpath={.metadata.resourceVersion}")
        before = self.kubectl(*get).stdout
        self.kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
        self.assertEqual(self.kubectl(*get).stdout, before)

    def test_get_forms(self):
        self.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
        self.kubectl("rollout", "status", "deploy/web", "--timeout=10s")
        wide = self.kubectl("get", "deploy", "-o", "wide").stdout.splitlines()
        self.assertEqual(re.split(r"\s{2,}", wide[0].strip()),
                         ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS",
                          "IMAGES", "SELECTOR"])
        self.assertEqual(wide[1].split()[:4], ["web", "2/2", "2", "2"])
        self.assertEqual(self.kubectl("get", "deploy", "-o", "name").stdout,
                         "deployment.apps/web\n")
        out = self.kubectl("get", "deploy", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas")
        self.assertEqual(out.stdout.split(), ["N", "R", "web", "2"])
        self.assertEqual(self.kubectl("get", "deploy", "-l", "app!=web", "-o", "name").stdout, "")
        self.assertEqual(self.kubectl("get", "deploy", "--field-selector=metadata.name=web", "-o",
                                      "name").stdout, "deployment.apps/web\n")
        done = self.kubectl("get", "deploy", "nope", check=False)
        self.assertEqual(done.stderr,
                         'Error from server (NotFound): deployments.apps "nope" not found\n')
        done = self.kubectl("get", "nopes", check=False)
        self.assertIn('the server doesn\'t have a resource type "nopes"', done.stderr)
        text = self.kubectl("describe", "deploy", "web").stdout
        self.assertIn("2 desired | 2 updated | 2 total | 2 available", text)
        self.assertIn("FIELD: strategy <DeploymentStrategy>",
                      self.kubectl("explain", "deploy.spec.strategy").stdout)

    def test_patches(self):
        self.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
        self.kubectl("patch", "deploy", "web", "-p", '{"spec":{"template":{"spec":{"containers":'
                     '[{"name":"c","env":[{"name":"A","$patch":"delete"}]}]}}}}')
        env = "jsonpath={.spec.template.spec.containers[0].env[*].name}"
        self.assertEqual(self.kubectl("get", "deploy", "web", "-o", env).stdout, "B")
        self.kubectl("patch", "deploy", "web", "--type=merge", "-p", '{"spec":{"paused":true}}')
        self.kubectl("patch", "deploy", "web", "--type=json", "-p",
                     '[{"op":"test","path":"/spec/paused","value":true},'
                     '{"op":"replace","path":"/spec/replicas","value":7}]')
        self.assertEqual(self.kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}"
                                      ).stdout, "7")
        done = self.kubectl("patch", "deploy", "web", "--type=json", "-p",
                            '[{"op":"remove","path":"/spec/nope"}]', check=False)
        self.assertIn("the server rejected our request due to an error in our request", done.stderr)
        self.kubectl("label", "deploy", "web", "x=y")
        self.kubectl("annotate", "deploy", "web", "note=1")
        self.kubectl("label", "deploy", "web", "x-")
        self.kubectl("set", "image", "deploy/web", "c=nginx:2")
        self.kubectl("scale", "deploy", "web", "--replicas=3")
        self.kubectl("rollout", "resume", "deploy/web")
        self.kubectl("rollout", "restart", "deploy/web")
        got = json.loads(self.kubectl("get", "deploy", "web", "-o", "json").stdout)
        self.assertEqual(got["spec"]["replicas"], 3)
        self.assertEqual(got["metadata"]["labels"], {"app": "web"})
        self.assertEqual(got["spec"]["template"]["spec"]["containers"][0]["image"], "nginx:2")

    def test_edit(self):
        self.kubectl("create", "configmap", "c", "--from-literal=a=1")
        done = subprocess.run(
            [self.oracles["kubectl"], "--kubeconfig", self.server.kubeconfig, "-n", self.ns, "edit",
             "cm", "c"], env={**os.environ, "HOME": self.server.dir,
                              "EDITOR": "sed -i 's/^  a:/  b:/'"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.kubectl("get", "cm", "c", "-o", "jsonpath={.data}").stdout,
                         '{"b":"1"}')

    def test_create_and_replace(self):
        self.kubectl("create", "deployment", "d", "--image=nginx", "--replicas=2")
        self.kubectl("create", "job", "j", "--image=busybox")
        self.kubectl("create", "secret", "generic", "s", "--from-literal=p=q")
        self.kubectl("create", "serviceaccount", "robot")
        self.kubectl("create", "role", "r", "--verb=get", "--resource=pods")
        self.kubectl("create", "rolebinding", "rb", "--role=r", "--serviceaccount=x:robot")
        self.kubectl("create", "cronjob", "cj", "--image=b", "--schedule=*/5 * * * *")
        self.kubectl("create", "ingress", "i", "--rule=a.b/*=svc:80")
        self.kubectl("expose", "deployment", "d", "--port=80")
        self.kubectl("run", "p", "--image=nginx")
        self.kubectl("wait", "job/j", "--for=condition=Complete", "--timeout=10s")
        self.kubectl("wait", "pod/p", "--for=condition=Ready", "--timeout=10s")
        self.assertEqual(self.kubectl("get", "secret", "s", "-o", "jsonpath={.data.p}").stdout,
                         "cQ==")
        self.assertRegex(self.kubectl("get", "svc", "d").stdout, r"ClusterIP\s+10\.96\.")
        done = self.kubectl("create", "secret", "generic", "s", check=False)
        self.assertIn('secrets "s" already exists', done.stderr)
        text = self.kubectl("get", "secret", "s", "-o", "json").stdout
        self.kubectl("replace", "-f", "-", stdin=text.replace("cQ==", "cg=="))
        done = self.kubectl("replace", "-f", "-", stdin=text, check=False)
        self.assertIn("the object has been modified", done.stderr)

    def test_watch(self):
        lines = []
        process = subprocess.Popen(
            [self.oracles["kubectl"], "--kubeconfig", self.server.kubeconfig, "-n", self.ns, "get",
             "cm", "-w", "--no-headers", "--output-watch-events"], text=True,
            stdout=subprocess.PIPE, env={**os.environ, "HOME": self.server.dir})
        reader = threading.Thread(
            target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)
        reader.start()
        try:
            self.eventually(lambda: any("kube-root" in x for x in lines), "the first events")
            self.kubectl("create", "configmap", "w", "--from-literal=a=1")
            self.kubectl("patch", "cm", "w", "-p", '{"data":{"b":"2"}}')
            self.kubectl("delete", "cm", "w")
            self.eventually(lambda: any(x.startswith("DELETED") for x in lines), "the deletion")
        finally:
            process.terminate()
            reader.join()
            process.stdout.close()
            process.wait()
        seen = [x.split()[:3] for x in lines if " w " in x]
        self.assertEqual(seen, [["ADDED", "w", "1"], ["MODIFIED", "w", "2"], ["DELETED", "w", "2"]])

    def test_delete(self):
        self.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
        uid = self.kubectl("get", "deploy", "web", "-o", "jsonpath={.metadata.uid}").stdout
        for cascade, left in (("background", ""), ("orphan", "configmap/owned\n")):
            self.kubectl("apply", "-f", "-", stdin=json.dumps({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "owned", "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid,
                     "blockOwnerDeletion": True}]}}))
            self.kubectl("delete", "deploy", "web", f"--cascade={cascade}")
            self.eventually(lambda: self.kubectl(
                "get", "cm", "owned", "-o", "name", "--ignore-not-found").stdout == left,
                f"cascade {cascade}")
            self.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
            uid = self.kubectl("get", "deploy", "web", "-o", "jsonpath={.metadata.uid}").stdout
        self.kubectl("patch", "cm", "owned", "--type=merge", "-p", json.dumps(
            {"metadata": {"ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid,
                 "blockOwnerDeletion": True}]}}))
        self.kubectl("delete", "deploy", "web", "--cascade=foreground")
        # Foreground: the dependent is gone before the owner.
        self.assertEqual(self.kubectl("get", "cm", "owned", "-o", "name", "--ignore-not-found"
                                      ).stdout, "")
        self.kubectl("delete", "cm", "--all")

    def test_finalizers(self):
        self.kubectl("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "f", "finalizers": ["example.com/hold"]}}))
        self.kubectl("delete", "cm", "f", "--wait=false")
        self.assertTrue(self.kubectl("get", "cm", "f", "-o",
                                     "jsonpath={.metadata.deletionTimestamp}").stdout)
        done = self.kubectl("patch", "cm", "f", "--type=merge", "-p",
                            '{"metadata":{"finalizers":["example.com/hold","a/b"]}}', check=False)
        self.assertIn("no new finalizers can be added", done.stderr)
        self.kubectl("patch", "cm", "f", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        self.assertEqual(self.kubectl("get", "cm", "f", "--ignore-not-found").stdout, "")

    def test_namespaces(self):
        self.kubectl("create", "ns", "gone")
        self.kubectl("create", "configmap", "c", "-n", "gone")
        self.kubectl("apply", "-n", "gone", "-f", "-", stdin=DEPLOYMENT)
        self.kubectl("delete", "ns", "gone", "--timeout=20s")
        done = self.kubectl("get", "ns", "gone", check=False)
        self.assertIn('namespaces "gone" not found', done.stderr)
        done = self.kubectl("create", "configmap", "c", "-n", "gone", check=False)
        self.assertIn('namespaces "gone" not found', done.stderr)
        done = self.kubectl("delete", "ns", "default", check=False)
        self.assertIn("(Forbidden)", done.stderr)

    def test_custom_resources(self):
        self.kubectl("apply", "--server-side", "-f", "-", stdin=CRD)
        self.kubectl("wait", "crd/widgets.example.com", "--for=condition=Established",
                     "--timeout=10s")
        widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n" \
                 "spec: {size: 3, parts: [{name: a, note: x}]}\n"
        self.kubectl("apply", "-f", "-", stdin=widget)
        self.assertEqual(self.kubectl("get", "wi", "w", "-o", "jsonpath={.spec.color}").stdout,
                         "red")
        done = self.kubectl("apply", "-f", "-", check=False,
                            stdin=widget.replace("size: 3", "size: 30, color: green"))
        self.assertIn("spec.size: Invalid value: 30: spec.size in body should be less than or equal "
                      "to 9", done.stderr)
        self.assertIn('spec.color: Unsupported value: "green": supported values: "red", "blue"',
                      done.stderr)
        done = self.kubectl("apply", "-f", "-", check=False,
                            stdin=widget.replace("size: 3", "size: 3, colour: red"))
        self.assertIn('unknown field "spec.colour"', done.stderr)
        self.kubectl("patch", "wi", "w", "--subresource=status", "--type=merge", "-p",
                     '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}')
        rows = self.kubectl("get", "things").stdout.split()
        self.assertEqual(rows, ["NAME", "SIZE", "READY", "w", "3", "True"])
        self.kubectl("scale", "wi", "w", "--replicas=5")
        got = json.loads(self.kubectl("get", "wi", "w", "-o", "json").stdout)
        self.assertEqual((got["spec"]["size"], got["metadata"]["generation"]), (5, 2))
        self.assertIn("size\t<integer> -required-", self.kubectl("explain", "wi.spec").stdout)
        self.kubectl("wait", "wi/w", "--for=jsonpath={.spec.size}=5", "--timeout=5s")
        self.kubectl("delete", "crd", "widgets.example.com", "--timeout=20s")
        done = self.kubectl("get", "wi", check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_simulation(self):
        text = DEPLOYMENT.replace("{name: web, ", "{name: web, annotations: "
                                  "{simulate.gitops.toolkit/outcome: fail}, ")
        self.kubectl("apply", "-f", "-", stdin=text)
        done = self.kubectl("rollout", "status", "deploy/web", "--timeout=10s", check=False)
        self.assertIn('deployment "web" exceeded its progress deadline', done.stderr)
        self.kubectl("annotate", "deploy", "web", "simulate.gitops.toolkit/outcome-")
        self.kubectl("rollout", "status", "deploy/web", "--timeout=10s")

    def test_rollouts(self):
        def pods(*flags):
            return self.kubectl("get", "pods", "-l", "app=web", "--no-headers", *flags).stdout

        self.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
        self.eventually(lambda: pods().count("Running") == 2, "two pods")
        self.kubectl("set", "image", "deploy/web", "c=nginx:2")
        self.kubectl("rollout", "status", "deploy/web", "--timeout=10s")
        images = ("-o", "jsonpath={.items[*].spec.containers[0].image}")
        self.eventually(lambda: pods(*images) == "nginx:2 nginx:2", "new pods, and no old ones")
        history = self.kubectl("rollout", "history", "deploy/web").stdout.split()
        self.assertEqual([x for x in history if x.isdigit()], ["1", "2"])
        self.kubectl("rollout", "undo", "deploy/web")
        self.eventually(lambda: pods(*images) == "nginx:1.27 nginx:1.27", "the old pods again")
        name = self.kubectl("get", "pods", "-o", "name").stdout.split()[0]
        self.kubectl("delete", name)
        self.eventually(lambda: pods().count("Running") == 2, "a pod in place of the deleted one")
        self.assertNotIn(name.split("/")[1], pods())
        self.kubectl("delete", "deploy", "web")
        self.eventually(lambda: pods() == "" and not self.kubectl("get", "rs", "-o", "name").stdout,
                        "nothing left")

    def test_other_workloads(self):
        self.kubectl("apply", "-f", "-", stdin="""
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: db}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: c, image: agent}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: lb}
spec: {type: LoadBalancer, ports: [{port: 80}]}
""")
        self.kubectl("rollout", "status", "sts/db", "--timeout=10s")
        self.kubectl("rollout", "status", "ds/agent", "--timeout=10s")
        self.kubectl("wait", "pvc/disk", "--for=jsonpath={.status.phase}=Bound", "--timeout=10s")
        self.kubectl("wait", "svc/lb", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}",
                     "--timeout=10s")
        names = ("get", "pods", "-l", "app=db", "-o", "jsonpath={.items[*].metadata.name}")
        self.eventually(lambda: self.kubectl(*names).stdout == "db-0 db-1 db-2", "three pods")
        self.kubectl("scale", "sts", "db", "--replicas=1")
        self.eventually(lambda: self.kubectl(*names).stdout == "db-0", "one pod")

    def test_questions(self):
        self.assertEqual(self.kubectl("auth", "can-i", "get", "pods").stdout, "yes\n")
        self.assertIn("kubernetes-admin", self.kubectl("auth", "whoami").stdout)
        out = self.kubectl("auth", "whoami", "--as=jane", "--as-group=dev", "-o",
                           "jsonpath={.status.userInfo}").stdout
        self.assertEqual(json.loads(out), {"username": "jane",
                                           "groups": ["dev", "system:authenticated"]})
        self.assertIn("apps/v1", self.kubectl("api-versions").stdout)
        self.assertIn("deployments", self.kubectl("api-resources").stdout)
        self.assertIn("Server Version: v1.36.3", self.kubectl("version").stdout)
        self.assertEqual(self.kubectl("get", "--raw", "/readyz").stdout, "ok")


if __name__ == "__main__":
    main()
