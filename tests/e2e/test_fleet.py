"""The example fleet, from Git into the cluster: everything that a client can see of it."""

import os
import re
import shutil
import sys
import tarfile
import io
import hashlib
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import FLEET, Scenario, condition, eventually, main  # noqa: E402

NS = "flux-system"
APPLIED = ("infrastructure", "apps-staging", "apps-production")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
DURATION = r"(\d+h)?(\d+m)?[\d.]+(s|ms|µs)"


class Fleet(Scenario):
    """One roll-out, looked at from all sides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        cls.repo = world.repo("fleet")
        shutil.copytree(FLEET, cls.repo.tree, dirs_exist_ok=True)
        cls.revision = cls.repo.commit("The fleet")
        world.source(NS, "fleet", cls.repo.url)
        world.kustomization(NS, "fleet", "fleet", path="./clusters/demo", wait=True)
        for name in ("fleet",) + APPLIED:
            world.ready("Kustomization", NS, name, cls.revision, timeout=60)

    def setUp(self):
        pass

    def test_source_conditions(self):
        obj = self.world.ready("GitRepository", NS, "fleet", self.revision)
        message = f"stored artifact for revision '{self.revision}'"
        self.assertCondition(obj, "Ready", "True", "Succeeded", message)
        self.assertCondition(obj, "ArtifactInStorage", "True", "Succeeded", message)
        self.assertEqual({c["type"] for c in obj["status"]["conditions"]},
                         {"Ready", "ArtifactInStorage"})
        self.assertEqual(obj["metadata"]["finalizers"], ["finalizers.fluxcd.io"])
        for found in obj["status"]["conditions"]:
            self.assertRegex(found["lastTransitionTime"], f"^{TIME}$")

    def test_artifact(self):
        artifact = self.world.ready("GitRepository", NS, "fleet")["status"]["artifact"]
        sha = self.repo.sha
        path = f"gitrepository/{NS}/fleet/{sha}.tar.gz"
        self.assertEqual(artifact["revision"], f"main@sha1:{sha}")
        self.assertEqual(artifact["path"], path)
        self.assertTrue(artifact["url"].startswith("http://"), artifact["url"])
        self.assertTrue(artifact["url"].endswith("/" + path), artifact["url"])
        self.assertRegex(artifact["lastUpdateTime"], f"^{TIME}$")
        with urllib.request.urlopen(artifact["url"]) as answer:
            data = answer.read()
            self.assertEqual(int(answer.headers["Content-Length"]), len(data))
        self.assertEqual(artifact["size"], len(data))
        self.assertEqual(artifact["digest"], "sha256:" + hashlib.sha256(data).hexdigest())
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            members = tar.getmembers()
        names = [m.name for m in members]
        self.assertEqual(names[0], ".")
        self.assertIn("apps/base/storefront/deployment.yaml", names)
        self.assertEqual({(m.uid, m.gid, m.mtime) for m in members}, {(0, 0, 0)})
        self.assertEqual({m.mode for m in members if m.isfile()}, {0o600})
        self.assertEqual({m.mode for m in members if m.isdir()}, {0o750})

    def test_conditions(self):
        for name in ("fleet",) + APPLIED:
            with self.subTest(name):
                obj = self.world.ready("Kustomization", NS, name, self.revision)
                self.assertCondition(obj, "Ready", "True", "ReconciliationSucceeded",
                                     f"Applied revision: {self.revision}")
                self.assertCondition(obj, "Healthy", "True", "Succeeded",
                                     re.compile(f"^Health check passed in {DURATION}$"))
                self.assertEqual({c["type"] for c in obj["status"]["conditions"]},
                                 {"Ready", "Healthy"})
                self.assertEqual(obj["status"]["lastAppliedRevision"], self.revision)
                self.assertEqual(obj["status"]["lastAttemptedRevision"], self.revision)
                self.assertEqual(obj["metadata"]["finalizers"], ["finalizers.fluxcd.io"])

    def test_inventory(self):
        def ids(name):
            obj = self.world.find("Kustomization", NS, name)
            return [(e["id"], e["v"]) for e in obj["status"]["inventory"]["entries"]]

        self.assertEqual(ids("fleet"), [
            (f"{NS}_{name}_kustomize.toolkit.fluxcd.io_Kustomization", "v1")
            for name in sorted(APPLIED)])
        self.assertEqual(ids("infrastructure"), [
            ("_monitoring__Namespace", "v1"),
            ("_production__Namespace", "v1"),
            ("_staging__Namespace", "v1"),
            ("_metrics-agent_rbac.authorization.k8s.io_ClusterRole", "v1"),
            ("_customer-facing_scheduling.k8s.io_PriorityClass", "v1"),
            ("_metrics-agent_rbac.authorization.k8s.io_ClusterRoleBinding", "v1"),
            ("production_workloads__ResourceQuota", "v1"),
            ("staging_workloads__ResourceQuota", "v1"),
            ("monitoring_agent__ServiceAccount", "v1"),
            (self.config_map_id("monitoring", "agent-config"), "v1"),
            ("monitoring_agent_apps_DaemonSet", "v1"),
            ("production_default-deny_networking.k8s.io_NetworkPolicy", "v1"),
            ("staging_default-deny_networking.k8s.io_NetworkPolicy", "v1"),
        ])
        self.assertEqual(ids("apps-staging"), [
            (self.config_map_id("staging", "orders-settings"), "v1"),
            (self.config_map_id("staging", "storefront-settings"), "v1"),
            ("staging_orders__Service", "v1"),
            ("staging_storefront__Service", "v1"),
            ("staging_orders_apps_Deployment", "v1"),
            ("staging_storefront_apps_Deployment", "v1"),
        ])

    def config_map_id(self, ns, prefix):
        """With the name's content hash, as the cluster has it."""
        names = [o["metadata"]["name"] for o in self.world.items("ConfigMap", ns)
                 if o["metadata"]["name"].startswith(prefix + "-")]
        self.assertEqual(len(names), 1, names)
        self.assertRegex(names[0], f"^{prefix}-[a-z0-9]{{10}}$")
        return f"{ns}_{names[0]}__ConfigMap"

    def test_objects(self):
        staging = self.world.find("Deployment", "staging", "storefront")
        labels = staging["metadata"]["labels"]
        self.assertEqual(labels["kustomize.toolkit.fluxcd.io/name"], "apps-staging")
        self.assertEqual(labels["kustomize.toolkit.fluxcd.io/namespace"], NS)
        self.assertEqual(labels["fleet.example.com/environment"], "staging")
        self.assertNotIn("fleet.example.com/environment",
                         staging["spec"]["template"]["metadata"]["labels"])
        self.assertEqual(staging["spec"]["replicas"], 1)
        container = staging["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["image"], "registry.example.com/storefront:1.4.0")
        self.assertEqual(container["ports"][0]["protocol"], "TCP")
        self.assertRegex(container["envFrom"][0]["configMapRef"]["name"],
                         "^storefront-settings-[a-z0-9]{10}$")
        production = self.world.find("Deployment", "production", "storefront")
        self.assertEqual(production["spec"]["replicas"], 3)
        self.assertEqual(production["spec"]["template"]["spec"]["priorityClassName"],
                         "customer-facing")
        orders = self.world.find("Deployment", "production", "orders")
        self.assertEqual(orders["spec"]["template"]["spec"]["containers"][0]["image"],
                         "registry.example.com/orders:2.3.1")

    def test_field_manager(self):
        fields = self.world.find("Deployment", "staging", "storefront")["metadata"]["managedFields"]
        applied = [f for f in fields if f["operation"] == "Apply"]
        self.assertEqual([f["manager"] for f in applied], ["kustomize-controller"])
        obj = self.world.find("Kustomization", NS, "fleet")
        by_status = {f["manager"] for f in obj["metadata"]["managedFields"]
                     if f.get("subresource") == "status"}
        self.assertEqual(by_status, {"gotk-kustomize-controller"})

    def test_source_events(self):
        kind, reason, message, notes = self.world.told(
            "GitRepository", NS, "fleet", "the artifact", lambda e: e[1] == "NewArtifact")[0]
        self.assertEqual((kind, reason, message),
                         ("Normal", "NewArtifact", "stored artifact for commit 'The fleet'"))
        self.assertEqual(notes["source.toolkit.fluxcd.io/revision"], self.revision)
        digest = self.world.find("GitRepository", NS, "fleet")["status"]["artifact"]["digest"]
        self.assertEqual(notes["source.toolkit.fluxcd.io/digest"], digest)

    def test_events(self):
        finished = eventually("the last event", lambda: [
            e for e in self.world.events("Kustomization", NS, "apps-staging")
            if e[2].startswith("Reconciliation finished")])[0]
        events = [e for e in self.world.events("Kustomization", NS, "apps-staging")
                  if not e[2].startswith("Dependencies do not meet")]
        self.assertEqual(finished[:2], ("Normal", "ReconciliationSucceeded"))
        self.assertRegex(finished[2], f"^Reconciliation finished in {DURATION}, next run in 5m0s$")
        self.assertEqual(finished[3].get("kustomize.toolkit.fluxcd.io/commit_status"), "update")
        for event in events:
            self.assertEqual(event[3]["kustomize.toolkit.fluxcd.io/revision"], self.revision)
        applied = events[0]
        self.assertEqual(applied[:2], ("Normal", "Progressing"))
        lines = applied[2].splitlines()
        self.assertEqual(len(lines), 6, applied[2])
        self.assertEqual(lines[2:], [
            "Service/staging/orders created", "Service/staging/storefront created",
            "Deployment/staging/orders created", "Deployment/staging/storefront created"])
        self.assertRegex(events[1][2], f"^Health check passed in {DURATION}$")
        self.assertEqual(events[2], finished)

    def test_dependents_waited(self):
        """A dependent says what it waits for, and runs as soon as that is ready."""
        text = "Dependencies do not meet ready condition, retrying in 30s"
        self.world.told("Kustomization", NS, "apps-production", text, lambda e: e[2] == text)
        objs = [self.world.find("Kustomization", NS, name) for name in APPLIED]
        times = [condition(o, "Ready")["lastTransitionTime"] for o in objs]
        self.assertEqual(times, sorted(times))

    def test_history(self):
        history = self.world.find("Kustomization", NS, "apps-staging")["status"]["history"]
        self.assertEqual(len(history), 1)
        entry = history[0]
        self.assertRegex(entry["digest"], "^sha256:[0-9a-f]{64}$")
        self.assertEqual(entry["lastReconciledStatus"], "ReconciliationSucceeded")
        self.assertEqual(entry["metadata"], {"revision": self.revision})
        self.assertRegex(entry["lastReconciledDuration"], f"^{DURATION}$")
        self.assertRegex(entry["firstReconciled"], f"^{TIME}$")
        self.assertRegex(entry["lastReconciled"], f"^{TIME}$")
        self.assertEqual(entry["totalReconciliations"], 1)

    def metrics(self, program):
        address = self.world.addresses(program)["metrics"]
        with urllib.request.urlopen(f"http://{address}/metrics") as answer:
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
            return answer.read().decode()

    def test_metrics(self):
        expected = {
            "source-controller": ("gitrepository", "GitRepository"),
            "kustomize-controller": ("kustomization", "Kustomization"),
        }
        for program, (controller, kind) in expected.items():
            with self.subTest(program):
                text = self.metrics(program)
                labels = f'kind="{kind}",name="fleet",namespace="{NS}"'
                for line in (
                        f"gotk_reconcile_duration_seconds_count{{{labels}}}",
                        f'controller_runtime_reconcile_total{{controller="{controller}",'
                        'result="success"}',
                        f'controller_runtime_max_concurrent_reconciles{{controller="{controller}"}}',
                        "workqueue_depth", "workqueue_adds_total",
                        "workqueue_queue_duration_seconds_bucket",
                        "rest_client_requests_total", "process_resident_memory_bytes",
                        "process_cpu_seconds_total", "process_open_fds"):
                    self.assertIn(line, text)
                buckets = re.findall(r'gotk_reconcile_duration_seconds_bucket\{[^}]*name="fleet"'
                                     r'[^}]*le="([^"]+)"', text)
                self.assertEqual(len(buckets), 11, buckets)
                self.assertEqual(buckets[0], "0.01")
                self.assertEqual(buckets[-1], "+Inf")

    def test_probes(self):
        for program in ("source-controller", "kustomize-controller", "helm-controller",
                        "notification-controller"):
            address = self.world.addresses(program)["health"]
            for path in ("/healthz", "/readyz"):
                with self.subTest(f"{program} {path}"):
                    with urllib.request.urlopen(f"http://{address}{path}") as answer:
                        self.assertEqual(answer.status, 200)

    def test_logs_are_json(self):
        import json
        for program in ("source-controller", "kustomize-controller"):
            lines = self.world.log(program).splitlines()
            self.assertTrue(lines)
            for line in lines:
                record = json.loads(line)
                self.assertLessEqual({"level", "ts", "msg"}, set(record), line)
        about = [json.loads(x) for x in self.world.log("kustomize-controller").splitlines()
                 if "server-side apply completed" in x]
        self.assertTrue(about)
        for record in about:
            self.assertEqual(record["controller"], "kustomization")
            self.assertEqual(record["controllerGroup"], "kustomize.toolkit.fluxcd.io")
            self.assertEqual(record["controllerKind"], "Kustomization")
            self.assertEqual(record["Kustomization"],
                             {"name": record["name"], "namespace": record["namespace"]})
            self.assertIn("reconcileID", record)
            self.assertIsInstance(record["output"], dict)

    def test_request_is_handled(self):
        for kind in ("GitRepository", "Kustomization"):
            with self.subTest(kind):
                before = self.world.find(kind, NS, "fleet")
                obj = self.world.handled(kind, NS, "fleet")
                self.assertEqual(obj["metadata"]["generation"], before["metadata"]["generation"])
        obj = self.world.ready("Kustomization", NS, "fleet", self.revision)
        history = eventually("the run is counted", lambda: (
            self.world.find("Kustomization", NS, "fleet")["status"]["history"]))
        self.assertEqual(len(history), 1)
        self.assertGreaterEqual(history[0]["totalReconciliations"], 2)
        self.assertCondition(obj, "Ready", "True", "ReconciliationSucceeded",
                             f"Applied revision: {self.revision}")

    def test_unchanged_writes_nothing(self):
        before = {name: self.world.find("Deployment", "staging", name)["metadata"]
                  for name in ("storefront", "orders")}
        self.world.handled("Kustomization", NS, "apps-staging")
        for name, metadata in before.items():
            self.assertEqual(self.world.find("Deployment", "staging", name)["metadata"], metadata)


if __name__ == "__main__":
    main()
