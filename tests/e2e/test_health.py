"""Health checks: workloads that become ready, fail, or never do either."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import (  # noqa: E402
    SIMULATE, Scenario, condition, config_map, deployment, eventually, main)

DURATION = r"(\d+h)?(\d+m)?[\d.]+(s|ms|µs)"


class Health(Scenario):

    def workload(self, outcome=None, **more):
        notes = {SIMULATE: outcome} if outcome else None
        return deployment("app", self.ns, annotations=notes, **more)

    def test_healthy(self):
        self.start({"app.yaml": self.workload(), "a.yaml": config_map("a", self.ns)}, wait=True)
        obj = self.world.ready("Kustomization", self.ns, "app")
        self.assertEqual(condition(obj, "Healthy")["status"], "True")
        status = self.world.find("Deployment", self.ns, "app")["status"]
        self.assertEqual(status["readyReplicas"], 1)
        self.assertEqual(status["observedGeneration"], 1)

    def test_without_checks(self):
        self.start({"app.yaml": self.workload("never")})
        obj = self.world.ready("Kustomization", self.ns, "app")
        self.assertEqual(condition(obj, "Healthy"), {})

    def test_failed_workload_ends_the_wait(self):
        repo = self.start({"app.yaml": self.workload("fail")}, wait=True, timeout="5m")
        obj = self.world.failed("Kustomization", self.ns, "app", "HealthCheckFailed")
        message = condition(obj, "Ready")["message"]
        self.assertRegex(message, f"^health check failed after {DURATION}: failed early due to "
                         f"stalled resources: \\[Deployment/{self.ns}/app status: 'Failed'")
        self.assertCondition(obj, "Healthy", "False", "HealthCheckFailed")
        self.assertEqual(obj["status"]["history"][0]["lastReconciledStatus"], "HealthCheckFailed")
        self.assertNotIn("lastAppliedRevision", obj["status"])
        # What was applied is remembered, so that it can be pruned.
        self.assertEqual(len(obj["status"]["inventory"]["entries"]), 1)
        self.world.merge("GitRepository", self.ns, "app", {"spec": {"interval": "2m"}})
        revision = self.roll_out(repo, {"app.yaml": self.workload()})
        self.world.ready("Kustomization", self.ns, "app", revision)

    def test_new_revision_ends_an_old_wait(self):
        """No worker is held by what never becomes ready: a fix rolls out at once."""
        repo = self.start({"app.yaml": self.workload("never")}, wait=True, timeout="10m")
        obj = eventually("the checks run", lambda: self.world.seen(
            "Kustomization", self.ns, "app",
            lambda o: condition(o, "Healthy").get("status") == "Unknown"))
        self.assertCondition(obj, "Reconciling", "True", "Progressing")
        self.assertRegex(condition(obj, "Healthy")["message"],
                         "^Running health checks for revision main@sha1:[0-9a-f]{40} with a "
                         "timeout of 10m0s$")
        began = time.monotonic()
        revision = self.roll_out(repo, {"app.yaml": self.workload()})
        self.world.ready("Kustomization", self.ns, "app", revision, timeout=10)
        self.assertLess(time.monotonic() - began, 10)

    def test_many_waiting(self):
        """More waiting Kustomizations than workers: others still run."""
        repo = self.world.repo("waiting")
        repo.put({f"{i}/app.yaml": deployment(f"app-{i}", self.ns,
                                              annotations={SIMULATE: "never"})
                  for i in range(8)} | {"free/a.yaml": config_map("free", self.ns)})
        self.world.source(self.ns, "app", repo.url)
        for i in range(8):
            self.world.kustomization(self.ns, f"stuck-{i}", "app", path=str(i), wait=True)
        for i in range(8):
            eventually(f"check {i} runs", lambda i=i: self.world.seen(
                "Kustomization", self.ns, f"stuck-{i}",
                lambda o: condition(o, "Healthy").get("status") == "Unknown"))
        self.world.kustomization(self.ns, "free", "app", path="free")
        self.world.ready("Kustomization", self.ns, "free", timeout=5)

    def test_listed_checks(self):
        self.start({"app.yaml": self.workload(), "other.yaml": deployment(
            "other", self.ns, annotations={SIMULATE: "never"})},
            healthChecks=[{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app",
                           "namespace": self.ns}])
        obj = self.world.ready("Kustomization", self.ns, "app")
        self.assertEqual(condition(obj, "Healthy")["status"], "True")

    def test_listed_check_of_nothing_in_particular(self):
        self.start({"app.yaml": self.workload()},
                   healthChecks=[{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"}])
        obj = self.world.failed("Kustomization", self.ns, "app", "HealthCheckFailed")
        self.assertIn("resource Deployment.apps app is namespace scoped, but namespace is not set",
                      condition(obj, "Ready")["message"])

    def test_waits_for_nested(self):
        """A Kustomization that waits for a Kustomization it applied."""
        inner = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                 "metadata": {"name": "inner", "namespace": self.ns},
                 "spec": {"interval": "10m", "prune": True, "path": "inner", "wait": True,
                          "sourceRef": {"kind": "GitRepository", "name": "app"}}}
        repo = self.start({"outer/inner.yaml": json.dumps(inner),
                           "inner/app.yaml": self.workload()}, path="outer", wait=True)
        self.world.ready("Kustomization", self.ns, "app", repo.revision)
        self.world.ready("Kustomization", self.ns, "inner", repo.revision, timeout=1)


if __name__ == "__main__":
    main()
