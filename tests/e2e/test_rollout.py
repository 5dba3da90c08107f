"""What a Kustomization does with changes: commits, its own fields, drift, and its end."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import (  # noqa: E402
    Scenario, condition, config_map, deployment, eventually, main)
from support.kube import path_of  # noqa: E402

OWNER = "kustomize.toolkit.fluxcd.io"


class RollOut(Scenario):

    def find(self, name, kind="ConfigMap"):
        return self.world.find(kind, self.ns, name)

    def kustomization(self, name="app"):
        return self.world.find("Kustomization", self.ns, name)

    def told(self, message):
        """The event with exactly this message."""
        return self.world.told("Kustomization", self.ns, "app", message,
                               lambda e: e[2] == message)[0]

    def ready(self, revision=None, name="app", **more):
        return self.world.ready("Kustomization", self.ns, name, revision, **more)

    def test_commit_and_prune(self):
        repo = self.start({"a.yaml": config_map("a", self.ns, v=1),
                           "b.yaml": config_map("b", self.ns, v=1)})
        self.ready(repo.revision)
        revision = self.roll_out(repo, {"a.yaml": config_map("a", self.ns, v=2), "b.yaml": None})
        obj = self.ready(revision)
        self.assertEqual(self.find("a")["data"], {"v": "2"})
        self.assertIsNone(self.find("b"))
        self.assertEqual([e["id"] for e in obj["status"]["inventory"]["entries"]],
                         [f"{self.ns}_a__ConfigMap"])
        self.told(f"ConfigMap/{self.ns}/a configured")
        self.told(f"ConfigMap/{self.ns}/b deleted")
        self.assertEqual(len(obj["status"]["history"]), 2)
        self.assertEqual(obj["status"]["history"][0]["metadata"]["revision"], revision)

    def test_no_prune(self):
        repo = self.start({"a.yaml": config_map("a", self.ns), "b.yaml": config_map("b", self.ns)},
                          prune=False)
        self.ready(repo.revision)
        obj = self.ready(self.roll_out(repo, {"b.yaml": None}))
        self.assertIsNotNone(self.find("b"))
        self.assertEqual(len(obj["status"]["inventory"]["entries"]), 1)

    def test_prune_protection(self):
        keep = {f"{OWNER}/prune": "disabled"}
        repo = self.start({"a.yaml": config_map("a", self.ns),
                           "kept.yaml": config_map("kept", self.ns, annotations=keep),
                           "labelled.yaml": config_map("labelled", self.ns, labels=keep),
                           "foreign.yaml": config_map("foreign", self.ns)})
        self.ready(repo.revision)
        self.world.merge("ConfigMap", self.ns, "foreign",
                         {"metadata": {"labels": {f"{OWNER}/name": "another"}}})
        revision = self.roll_out(repo, {"kept.yaml": None, "labelled.yaml": None,
                                        "foreign.yaml": None})
        self.ready(revision)
        for name in ("kept", "labelled", "foreign"):
            self.assertIsNotNone(self.find(name), name)
        for name in ("kept", "labelled", "foreign"):
            line = f"ConfigMap/{self.ns}/{name} skipped"
            self.world.told("Kustomization", self.ns, "app", line,
                            lambda e, line=line: line in e[2])

    def test_suspend_and_resume(self):
        repo = self.start({"a.yaml": config_map("a", self.ns, v=1)})
        first = self.ready(repo.revision)
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"suspend": True}})
        self.world.merge("GitRepository", self.ns, "app", {"spec": {"suspend": True}})
        revision = self.roll_out(repo, {"a.yaml": config_map("a", self.ns, v=2)})
        for kind in ("GitRepository", "Kustomization"):
            # A request is handled, and nothing more.
            self.world.handled(kind, self.ns, "app")
        self.assertEqual(self.find("a")["data"], {"v": "1"})
        self.assertEqual(self.kustomization()["status"]["lastAppliedRevision"],
                         first["status"]["lastAppliedRevision"])
        self.world.merge("GitRepository", self.ns, "app", {"spec": {"suspend": None}})
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"suspend": None}})
        self.ready(revision)
        self.assertEqual(self.find("a")["data"], {"v": "2"})

    def test_spec_fields(self):
        target = self.world.namespace("spec-target")
        self.start(
            {"deploy/app.yaml": deployment("app", image="registry.example.com/app:1"),
             "deploy/settings.yaml": config_map("settings", v=1),
             "other/never.yaml": config_map("never", self.ns),
             "component/kustomization.yaml":
                 "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
                 "commonAnnotations: {from: component}\n"},
            path="./deploy", targetNamespace=target, namePrefix="x-", nameSuffix="-y",
            components=["../component"],
            images=[{"name": "registry.example.com/app", "newName": "mirror.example.com/app",
                     "newTag": "2"}],
            patches=[{"patch": json.dumps([{"op": "replace", "path": "/spec/replicas",
                                            "value": 3}]),
                      "target": {"kind": "Deployment"}},
                     {"patch": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
                               "data: {extra: \"yes\"}\n"}],
            commonMetadata={"labels": {"team": "shop"}, "annotations": {"note": "common"}})
        obj = self.ready()
        app = self.world.find("Deployment", target, "x-app-y")
        self.assertEqual(app["spec"]["replicas"], 3)
        self.assertEqual(app["spec"]["template"]["spec"]["containers"][0]["image"],
                         "mirror.example.com/app:2")
        for thing in (app, self.world.find("ConfigMap", target, "x-settings-y")):
            self.assertEqual(thing["metadata"]["labels"]["team"], "shop")
            self.assertEqual(thing["metadata"]["annotations"]["note"], "common")
            self.assertEqual(thing["metadata"]["annotations"]["from"], "component")
            self.assertEqual(thing["metadata"]["labels"][f"{OWNER}/name"], "app")
        self.assertEqual(self.world.find("ConfigMap", target, "x-settings-y")["data"],
                         {"v": "1", "extra": "yes"})
        self.assertIsNone(self.find("never"))
        self.assertEqual({e["id"] for e in obj["status"]["inventory"]["entries"]},
                         {f"{target}_x-app-y_apps_Deployment", f"{target}_x-settings-y__ConfigMap"})

    def test_spec_change_is_seen(self):
        """A change of the Kustomization itself runs at once, and moves what it applied."""
        other = self.world.namespace("spec-change-other")
        self.start({"a.yaml": config_map("a")}, targetNamespace=self.ns)
        self.ready()
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"targetNamespace": other}})
        obj = self.ready()
        self.assertEqual(obj["status"]["observedGeneration"], obj["metadata"]["generation"])
        self.assertIsNotNone(self.world.find("ConfigMap", other, "a"))
        self.assertIsNone(self.find("a"))

    def test_path_is_contained(self):
        """".." of spec.path stops at the root of the artifact."""
        self.start({"deploy/a.yaml": config_map("a", self.ns)}, path="../../../deploy")
        self.ready()
        self.assertIsNotNone(self.find("a"))

    def test_immutable_field(self):
        def app(label):
            return deployment("app", self.ns, selector={"matchLabels": {"app": "app", "x": label}},
                              template={"metadata": {"labels": {"app": "app", "x": label}},
                                        "spec": {"containers": [{"name": "c", "image": "i:1"}]}})

        repo = self.start({"app.yaml": app("one"), "a.yaml": config_map("a", self.ns, v=1)},
                          retryInterval="1m")
        self.ready(repo.revision)
        uid = self.find("app", "Deployment")["metadata"]["uid"]
        first = repo.revision
        self.roll_out(repo, {"app.yaml": app("two"), "a.yaml": config_map("a", self.ns, v=2)})
        obj = self.world.failed("Kustomization", self.ns, "app", "ReconciliationFailed")
        self.assertCondition(obj, "Ready", "False", "ReconciliationFailed")
        message = condition(obj, "Ready")["message"]
        self.assertIn(f"Deployment/{self.ns}/app dry-run failed (Invalid):", message)
        self.assertIn("immutable", message)
        self.assertCondition(obj, "Reconciling", "True", "ProgressingWithRetry")
        self.assertEqual(obj["status"]["lastAppliedRevision"], first)
        self.assertEqual(obj["status"]["lastAttemptedRevision"], repo.revision)
        self.assertEqual(obj["status"]["history"][0]["lastReconciledStatus"],
                         "ReconciliationFailed")
        # The first failure ends the stage before anything of it is applied.
        self.assertEqual(self.find("a")["data"], {"v": "1"})
        self.assertEqual(self.told(message)[:2], ("Warning", "ReconciliationFailed"))
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"force": True}})
        self.ready(repo.revision)
        app_now = self.find("app", "Deployment")
        self.assertNotEqual(app_now["metadata"]["uid"], uid)
        self.assertEqual(app_now["spec"]["selector"]["matchLabels"]["x"], "two")
        self.assertEqual(self.find("a")["data"], {"v": "2"})

    def test_depends_on_wakes_at_once(self):
        """The dependent waits without a worker, and runs on the event, not on the 30 s timer."""
        repo = self.start({"a.yaml": config_map("a", self.ns)}, name="base", suspend=True)
        self.world.kustomization(self.ns, "top", "base", dependsOn=[{"name": "base"}])
        obj = self.world.failed("Kustomization", self.ns, "top", "DependencyNotReady")
        self.assertCondition(obj, "Ready", "False", "DependencyNotReady",
                             f"dependency '{self.ns}/base' is not ready")
        self.world.kustomization(self.ns, "lost", "base", dependsOn=[{"name": "nowhere"}])
        lost = self.world.failed("Kustomization", self.ns, "lost", "DependencyNotReady")
        self.assertRegex(condition(lost, "Ready")["message"],
                         f"^dependency '{self.ns}/nowhere' not found: ")
        began = time.monotonic()
        self.world.merge("Kustomization", self.ns, "base", {"spec": {"suspend": None}})
        self.ready(repo.revision, "top", timeout=10)
        self.assertLess(time.monotonic() - began, 10)
        self.world.kustomization(self.ns, "nowhere", "base")
        self.ready(repo.revision, "lost", timeout=10)

    def test_depends_on_same_revision(self):
        """With one source, a dependent follows only once its dependency applied the revision."""
        repo = self.start({"base/a.yaml": config_map("a", self.ns, v=1),
                           "top/b.yaml": config_map("b", self.ns, v=1)},
                          path="base", name="base")
        self.world.kustomization(self.ns, "top", "base", path="top",
                                 dependsOn=[{"name": "base"}])
        self.ready(repo.revision, "top")
        revision = self.roll_out(repo, {"base/a.yaml": config_map("a", self.ns, v=2),
                                        "top/b.yaml": config_map("b", self.ns, v=2)}, "base")
        self.ready(revision, "top", timeout=15)
        a, b = self.find("a"), self.find("b")
        self.assertEqual((a["data"], b["data"]), ({"v": "2"}, {"v": "2"}))
        self.assertLess(int(a["metadata"]["resourceVersion"]),
                        int(b["metadata"]["resourceVersion"]))

    def test_drift_is_corrected(self):
        self.start({"app.yaml": deployment("app", self.ns, replicas=2)})
        self.ready()
        self.world.kube.request(
            "PATCH", path_of("Deployment", self.ns, "app"),
            {"spec": {"replicas": 7}, "metadata": {"annotations": {"mine": "stays"}}},
            "application/merge-patch+json", {"fieldManager": "somebody"})
        self.world.handled("Kustomization", self.ns, "app")
        app = self.find("app", "Deployment")
        self.assertEqual(app["spec"]["replicas"], 2)
        self.assertEqual(app["metadata"]["annotations"].get("mine"), "stays")
        self.world.delete("Deployment", self.ns, "app")
        self.world.handled("Kustomization", self.ns, "app")
        self.assertIsNotNone(self.find("app", "Deployment"))

    def test_kubectl_fields_are_taken_over(self):
        """What kubectl set and Git does not have is undone; what others set stays."""
        self.start({"a.yaml": config_map("a", self.ns, v=1)})
        self.ready()
        for manager in ("kubectl-edit", "another"):
            self.world.kube.request(
                "PATCH", path_of("ConfigMap", self.ns, "a"), {"data": {manager: "1"}},
                "application/merge-patch+json", {"fieldManager": manager})
        self.world.merge("ConfigMap", self.ns, "a", {"metadata": {"annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{}"}}})
        self.world.handled("Kustomization", self.ns, "app")
        a = self.find("a")
        self.assertEqual(a["data"], {"v": "1", "another": "1"})
        self.assertNotIn("kubectl.kubernetes.io/last-applied-configuration",
                         a["metadata"].get("annotations") or {})
        self.assertNotIn("kubectl-edit", [f["manager"] for f in a["metadata"]["managedFields"]])

    def test_policies(self):
        def note(**marks):
            return {f"{OWNER}/{key}": value for key, value in marks.items()}

        self.world.create("ConfigMap", self.ns, "once", data={"v": "theirs"})
        self.world.create("ConfigMap", self.ns, "ignored", data={"v": "theirs"})
        repo = self.start({
            "once.yaml": config_map("once", self.ns, annotations=note(ssa="IfNotPresent"), v=1),
            "ignored.yaml": config_map("ignored", self.ns, annotations=note(ssa="Ignore"), v=1),
            "off.yaml": config_map("off", self.ns, annotations=note(reconcile="disabled"), v=1),
            "new.yaml": config_map("new", self.ns, annotations=note(ssa="IfNotPresent"), v=1),
            "merge.yaml": config_map("merge", self.ns, annotations=note(ssa="Merge"), v=1)})
        obj = self.ready(repo.revision)
        self.assertEqual(self.find("once")["data"], {"v": "theirs"})
        self.assertEqual(self.find("ignored")["data"], {"v": "theirs"})
        self.assertIsNone(self.find("off"))
        self.assertEqual(self.find("new")["data"], {"v": "1"})
        # Skipped objects are remembered too.
        self.assertEqual(len(obj["status"]["inventory"]["entries"]), 5)
        self.world.kube.request(
            "PATCH", path_of("ConfigMap", self.ns, "merge"), {"data": {"k": "1"}},
            "application/merge-patch+json", {"fieldManager": "kubectl-edit"})
        self.world.handled("Kustomization", self.ns, "app")
        self.assertEqual(self.find("merge")["data"], {"v": "1", "k": "1"})

    def test_crd_before_its_objects(self):
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
               "metadata": {"name": "widgets.e2e.example.com"},
               "spec": {"group": "e2e.example.com", "scope": "Namespaced",
                        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget",
                                  "listKind": "WidgetList"},
                        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                            "openAPIV3Schema": {"type": "object", "properties": {
                                "spec": {"type": "object", "properties": {
                                    "size": {"type": "integer", "maximum": 9},
                                    "color": {"type": "string", "default": "red"}}}}}}}]}}
        widget = {"apiVersion": "e2e.example.com/v1", "kind": "Widget",
                  "metadata": {"name": "w", "namespace": "crd-ns"}, "spec": {"size": 3}}
        ns = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "crd-ns"}}
        repo = self.start({"all.json.yaml": "\n---\n".join(map(json.dumps, (widget, ns, crd)))})
        obj = self.ready(repo.revision)
        path = "/apis/e2e.example.com/v1/namespaces/crd-ns/widgets/w"
        self.assertEqual(self.world.kube.get(path)["spec"], {"size": 3, "color": "red"})
        self.assertEqual([e["id"] for e in obj["status"]["inventory"]["entries"]], [
            "_widgets.e2e.example.com_apiextensions.k8s.io_CustomResourceDefinition",
            "_crd-ns__Namespace", "crd-ns_w_e2e.example.com_Widget"])
        widget["spec"]["size"] = 10
        self.roll_out(repo, {"all.json.yaml": "\n---\n".join(map(json.dumps, (widget, ns, crd)))})
        bad = self.world.failed("Kustomization", self.ns, "app", "ReconciliationFailed")
        self.assertRegex(condition(bad, "Ready")["message"],
                         r"^Widget/crd-ns/w dry-run failed \(Invalid\): .*spec\.size")
        self.assertEqual(self.world.kube.get(path)["spec"]["size"], 3)

    def delete_with(self, policy, prune=True, **fields):
        """Deletes a Kustomization of one ConfigMap; whether that is still there afterwards."""
        name = f"{policy or 'default'}-{str(prune)}".lower()
        self.start({"a.yaml": config_map(name, self.ns, **fields)}, name=name, prune=prune,
                   **({"deletionPolicy": policy} if policy else {}))
        self.ready(name=name)
        self.world.delete("Kustomization", self.ns, name)
        self.world.absent("Kustomization", self.ns, name)
        return self.find(name) is not None

    def test_deletion_policies(self):
        table = [(None, True, False), (None, False, True),
                 ("MirrorPrune", True, False), ("MirrorPrune", False, True),
                 ("Delete", True, False), ("Delete", False, False),
                 ("WaitForTermination", False, False),
                 ("Orphan", True, True), ("Orphan", False, True)]
        for policy, prune, stays in table:
            with self.subTest(policy=policy, prune=prune):
                self.assertEqual(self.delete_with(policy, prune), stays)

    def test_deletion_suspended(self):
        """A suspended Kustomization leaves what it applied."""
        self.start({"a.yaml": config_map("a", self.ns)})
        self.ready()
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"suspend": True}})
        self.world.delete("Kustomization", self.ns, "app")
        self.world.absent("Kustomization", self.ns, "app")
        self.assertIsNotNone(self.find("a"))

    def test_deletion_waits_for_termination(self):
        self.start({"a.yaml": config_map("a", self.ns)}, deletionPolicy="WaitForTermination")
        self.ready()
        self.world.merge("ConfigMap", self.ns, "a", {"metadata": {"finalizers": ["example.com/x"]}})
        self.world.delete("Kustomization", self.ns, "app")
        eventually("the object is being deleted",
                   lambda: self.find("a")["metadata"].get("deletionTimestamp"))
        time.sleep(0.5)
        self.assertIsNotNone(self.kustomization())
        self.world.merge("ConfigMap", self.ns, "a", {"metadata": {"finalizers": None}})
        self.world.absent("Kustomization", self.ns, "app", timeout=5)
        self.assertIsNone(self.find("a"))

    def test_source_deletion(self):
        """The artifact goes with its source; what was applied stays."""
        repo = self.start({"a.yaml": config_map("a", self.ns)})
        self.ready(repo.revision)
        folder = os.path.join(self.world.data, "storage", "gitrepository", self.ns, "app")
        self.assertTrue(os.path.isdir(folder))
        self.world.delete("GitRepository", self.ns, "app")
        self.world.absent("GitRepository", self.ns, "app")
        self.assertFalse(os.path.exists(folder))
        self.world.handled("Kustomization", self.ns, "app")
        obj = self.world.failed("Kustomization", self.ns, "app", "ArtifactFailed")
        self.assertIn("not found", condition(obj, "Ready")["message"])
        self.assertIsNotNone(self.find("a"))

    def test_impersonation(self):
        """Applied as a service account; one that does not exist deletes nothing at the end."""
        self.start({"a.yaml": config_map("a", self.ns)}, serviceAccountName="deployer")
        self.world.create("ServiceAccount", self.ns, "deployer")
        self.ready()
        self.world.delete("ServiceAccount", self.ns, "deployer")
        self.world.delete("Kustomization", self.ns, "app")
        self.world.absent("Kustomization", self.ns, "app")
        self.assertIsNotNone(self.find("a"))
        self.told(f"unable to prune objects: \nConfigMap/{self.ns}/a")

    def test_cross_namespace_source(self):
        other = self.world.namespace("cross-source")
        repo = self.world.repo("cross")
        repo.put({"a.yaml": config_map("a", self.ns)})
        self.world.source(other, "shared", repo.url)
        self.world.create("Kustomization", self.ns, "app", {
            "interval": "10m", "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "shared", "namespace": other}})
        self.ready(repo.revision)

    def test_no_source(self):
        self.world.kustomization(self.ns, "app", "nowhere")
        obj = self.world.failed("Kustomization", self.ns, "app", "ArtifactFailed")
        self.assertRegex(condition(obj, "Ready")["message"], "GitRepository.*nowhere.*not found")
        # It runs as soon as the source is there.
        repo = self.world.repo("late")
        repo.put({"a.yaml": config_map("a", self.ns)})
        self.world.source(self.ns, "nowhere", repo.url)
        self.ready(repo.revision, timeout=10)


if __name__ == "__main__":
    main()
