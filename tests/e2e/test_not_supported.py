"""What is not honoured is refused: every row of every controller's table, and every kind without a
reconciler.  The rows are read from the sources, so that a new one without an example fails here."""

import glob
import os
import re
import sys

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import ROOT, Scenario, condition, config_map, eventually, main  # noqa: E402

# Where the table of a kind is.
TABLES = {
    "source-controller/git_repository.c": "GitRepository",
    "kustomize-controller/spec.c": "Kustomization",
}

# (kind, field, value): what an object adds to its spec to set it.
EXAMPLES = {
    ("GitRepository", "spec.verify", None): {"verify": {"secretRef": {"name": "keys"}}},
    ("GitRepository", "spec.serviceAccountName", None): {
        "serviceAccountName": "x", "provider": "azure"},
    ("GitRepository", "spec.provider", "aws"): {"provider": "aws"},
    ("GitRepository", "spec.provider", "azure"): {"provider": "azure"},
    ("GitRepository", "spec.provider", "github"): {"provider": "github"},
    ("Kustomization", "spec.decryption", None): {"decryption": {"provider": "sops"}},
    ("Kustomization", "spec.kubeConfig", None): {"kubeConfig": {"secretRef": {"name": "remote"}}},
    ("Kustomization", "spec.postBuild", None): {"postBuild": {"substitute": {"a": "b"}}},
    ("Kustomization", "spec.healthCheckExprs", None): {"healthCheckExprs": [
        {"apiVersion": "v1", "kind": "ConfigMap", "current": "true"}]},
    ("Kustomization", "spec.dependsOn[].readyExpr", None): {"dependsOn": [
        {"name": "other"}, {"name": "another", "readyExpr": "true"}]},
    ("Kustomization", "spec.ignore", None): {"ignore": [{"paths": ["/data/x"]}]},
}

# Fields of spec that are honoured whole; what is neither here nor in a table is forgotten.
HONOURED = {
    "GitRepository": {"ignore", "include", "interval", "provider", "proxySecretRef",
                      "recurseSubmodules", "ref", "secretRef", "sparseCheckout", "suspend", "timeout", "url"},
    "Kustomization": {"buildMetadata", "commonMetadata", "components", "deletionPolicy",
                      "dependsOn", "force", "healthChecks", "ignoreMissingComponents", "images",
                      "interval", "namePrefix", "nameSuffix", "patches", "path", "prune",
                      "retryInterval", "serviceAccountName", "sourceRef", "suspend",
                      "targetNamespace", "timeout", "wait"},
}

# Kinds refused whole, with the least of a spec.
KINDS = {
    "OCIRepository": {"interval": "1m", "url": "oci://127.0.0.1:1/x"},
    "HelmRepository": {"interval": "1m", "url": "http://127.0.0.1:1/charts"},
    "HelmChart": {"interval": "1m", "chart": "x",
                  "sourceRef": {"kind": "HelmRepository", "name": "x"}},
    "Bucket": {"interval": "1m", "bucketName": "x", "endpoint": "127.0.0.1:1"},
    "HelmRelease": {"interval": "1m", "chart": {"spec": {
        "chart": "x", "sourceRef": {"kind": "HelmRepository", "name": "x"}}}},
    "Receiver": {"type": "generic", "secretRef": {"name": "x"},
                 "resources": [{"kind": "GitRepository", "name": "x"}]},
}


def tables():
    """{file: [(field, value)]} of every table of refused fields."""
    found = {}
    for path in glob.glob(os.path.join(ROOT, "*-controller", "*.c")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for body in re.findall(r"struct gt_unsupported \w+\[\]\s*=\s*\{(.*?)\n\};", text, re.S):
            rows = []
            for row in re.findall(r"\{([^{}]*)\}", body):
                strings = re.findall(r'"([^"]*)"', row)
                if strings:
                    rows.append((strings[0], strings[1] if len(strings) > 1 else None))
            found.setdefault(os.path.relpath(path, ROOT), []).extend(rows)
    return found


class NotSupported(Scenario):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.repo = cls.world.repo("app")
        cls.repo.put({"a.yaml": config_map("a", "default", v=1)})

    @staticmethod
    def rows():
        """(kind, field, value) of every table."""
        return {(TABLES[path], *row) for path, list_ in tables().items() for row in list_}

    def examples(self, kind):
        """(field, value, what to add to spec) of every row of the kind."""
        for row in sorted(self.rows(), key=str):
            if row[0] == kind:
                yield row[1], row[2], EXAMPLES[row]

    def assert_refused(self, kind, name, what):
        obj = eventually(f"{kind} {name} is refused", lambda: self.world.seen(
            kind, self.ns, name, lambda o: condition(o, "Stalled")
            and o["status"].get("observedGeneration") == o["metadata"]["generation"]))
        message = f"{what} is not supported by this version"
        self.assertCondition(obj, "Ready", "False", "NotSupported", message)
        self.assertCondition(obj, "Stalled", "True", "NotSupported", message)
        self.assertEqual({c["type"] for c in obj["status"]["conditions"]}, {"Ready", "Stalled"})
        self.assertEqual(obj["status"]["observedGeneration"], obj["metadata"]["generation"])
        for field in ("artifact", "inventory", "lastAttemptedRevision", "lastAppliedRevision"):
            self.assertNotIn(field, obj["status"])
        eventually("the event", lambda: ("Warning", "NotSupported", message) in [
            e[:3] for e in self.world.events(kind, self.ns, name)])
        return obj

    def test_tables_are_known(self):
        found = tables()
        self.assertEqual(set(found), set(TABLES))
        self.assertLessEqual(self.rows(), set(EXAMPLES))

    def test_no_field_is_forgotten(self):
        rows = {(TABLES[path], row[0]) for path, list_ in tables().items() for row in list_}
        for kind, honoured in HONOURED.items():
            plural = kind.lower()[:-1] + "ies" if kind.endswith("y") else kind.lower() + "s"
            path = glob.glob(os.path.join(ROOT, "deploy", "crds", f"*_{plural}.yaml"))[0]
            with open(path, encoding="utf-8") as f:
                crd = yaml.safe_load(f)
            schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            for field in schema["properties"]["spec"]["properties"]:
                refused = (kind, f"spec.{field}") in rows
                if field not in honoured:
                    self.assertTrue(refused, f"{kind} spec.{field} is neither honoured nor refused")

    def test_git_repository(self):
        kind = "GitRepository"
        for field, value, extra in self.examples(kind):
            with self.subTest(field=field, value=value):
                name = re.sub("[^a-z]", "-", f"{field}-{value}".lower())
                before = len(self.world.server.requests())
                self.world.source(self.ns, name, self.repo.url, **extra)
                # The first row that matches is the one named.
                first = next(row for row in tables()["source-controller/git_repository.c"]
                             if row == (field, value) or (
                                 row[0] == "spec.serviceAccountName" and "serviceAccountName" in extra)
                             or (row[0] == "spec.provider" and row[1] == extra.get("provider")))
                what = f"{first[0]}: value '{first[1]}'" if first[1] else first[0]
                self.assert_refused(kind, name, what)
                self.assertEqual(len(self.world.server.requests()), before)

    def test_kustomization(self):
        self.world.source(self.ns, "app", self.repo.url)
        self.world.ready("GitRepository", self.ns, "app")
        kind = "Kustomization"
        for field, _, extra in self.examples(kind):
            with self.subTest(field=field):
                name = re.sub("[^a-z]", "-", field.lower()).strip("-")
                self.world.kustomization(self.ns, name, "app", **extra)
                self.assert_refused(kind, name, field)
                self.assertIsNone(self.world.find("ConfigMap", "default", "a"))

    def test_kinds(self):
        for kind, spec in KINDS.items():
            with self.subTest(kind=kind):
                self.world.create(kind, self.ns, "x", spec)
                self.assert_refused(kind, "x", kind)
                self.world.delete(kind, self.ns, "x")
                self.world.absent(kind, self.ns, "x")

    def test_nothing_untrue_of_silent_kinds(self):
        """Alerts and Providers have no status to refuse in."""
        self.world.create("Provider", self.ns, "x", {"type": "generic", "address": "http://x"})
        self.world.create("Alert", self.ns, "x", {
            "providerRef": {"name": "x"}, "eventSources": [{"kind": "Kustomization", "name": "*"}]})
        for kind in ("Provider", "Alert"):
            self.assertNotIn("status", self.world.find(kind, self.ns, "x"))

    def test_what_was_applied_stays(self):
        """A refusal touches nothing; without the field it goes on."""
        self.world.source(self.ns, "app", self.repo.url)
        self.world.kustomization(self.ns, "app", "app", targetNamespace=self.ns)
        self.world.ready("Kustomization", self.ns, "app")
        self.world.merge("Kustomization", self.ns, "app",
                         {"spec": {"postBuild": {"substitute": {"a": "b"}}, "path": "./none"}})
        obj = eventually("it is refused", lambda: self.world.seen(
            "Kustomization", self.ns, "app", lambda o: condition(o, "Stalled")))
        self.assertEqual(condition(obj, "Ready")["reason"], "NotSupported")
        self.assertEqual(len(obj["status"]["inventory"]["entries"]), 1)
        self.assertIsNotNone(self.world.find("ConfigMap", self.ns, "a"))
        self.world.merge("Kustomization", self.ns, "app",
                         {"spec": {"postBuild": None, "path": "./"}})
        obj = self.world.ready("Kustomization", self.ns, "app", self.repo.revision)
        self.assertEqual({c["type"] for c in obj["status"]["conditions"]}, {"Ready"})

    def test_deletion_works(self):
        """A refused object can be deleted, and takes what it applied with it."""
        self.world.source(self.ns, "app", self.repo.url)
        self.world.kustomization(self.ns, "app", "app", targetNamespace=self.ns)
        self.world.ready("Kustomization", self.ns, "app")
        self.world.merge("Kustomization", self.ns, "app",
                         {"spec": {"decryption": {"provider": "sops"}}})
        eventually("it is refused", lambda: self.world.seen(
            "Kustomization", self.ns, "app", lambda o: condition(o, "Stalled")))
        self.world.delete("Kustomization", self.ns, "app")
        self.world.absent("Kustomization", self.ns, "app")
        self.world.absent("ConfigMap", self.ns, "a")


if __name__ == "__main__":
    main()
