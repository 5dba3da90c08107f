"""Commands against a cluster: tables, output formats, waiting, exit statuses."""

import json
import os
import re
import subprocess
import sys
import threading
import time

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import BIN, Scenario, config_map, main  # noqa: E402


def rows(text):
    """Cells of a table, as columns of two or more blanks or tabs."""
    return [[cell.strip() for cell in re.split(r"\s*\t\s*|\s{2,}", line.rstrip())]
            for line in text.splitlines()]


class Cluster(Scenario):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        world.namespace("shop")
        cls.repo = world.repo("fleet")
        cls.repo.put({"apps/a.yaml": config_map("a", "shop", v=1)})
        world.source("shop", "fleet", cls.repo.url)
        world.kustomization("shop", "apps", "fleet", path="./apps")
        world.kustomization("shop", "broken", "fleet", path="./nowhere")
        world.ready("Kustomization", "shop", "apps")
        world.failed("Kustomization", "shop", "broken", "ArtifactFailed")

    def setUp(self):
        self.ns = "shop"

    def cli(self, *args, **more):
        return self.world.cli(*args, "-n", "shop", **more)

    @property
    def short(self):
        return f"main@sha1:{self.repo.sha[:8]}"

    def test_get(self):
        got = rows(self.cli("get", "kustomizations").stdout)
        self.assertEqual(got[0], ["NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE"])
        self.assertEqual(got[1], ["apps", self.short, "False", "True",
                                  f"Applied revision: {self.short}"])
        self.assertEqual((got[2][0], got[2][-2]), ("broken", "False"))
        self.assertRegex(got[2][-1], "^kustomization path not found: ")
        got = rows(self.cli("get", "sources", "git").stdout)
        self.assertEqual(got[1], ["fleet", self.short, "False", "True",
                                  f"stored artifact for revision '{self.short}'"])

    def test_get_options(self):
        text = self.cli("get", "ks", "apps", "--no-header").stdout
        self.assertEqual([r[0] for r in rows(text)], ["apps"])
        got = rows(self.world.cli("get", "ks", "-A").stdout)
        self.assertEqual(got[0][0], "NAMESPACE")
        self.assertEqual({r[0] for r in got[1:]}, {"shop"})
        for selector, names in (("ready=false", {"broken"}), ("Ready=True", {"apps"}),
                                ("ready!=true", {"broken"})):
            got = rows(self.cli("get", "ks", "--status-selector", selector, "--no-header").stdout)
            self.assertEqual({r[0] for r in got}, names, selector)
        done = self.cli("get", "ks", "-l", "no=such", check=False)
        self.assertEqual(done.returncode, 1)

    def test_get_all(self):
        text = self.cli("get", "all").stdout
        tables = text.split("\n\n")
        self.assertEqual(len(tables), 2, text)
        self.assertEqual(rows(tables[0])[1][0], "gitrepository/fleet")
        self.assertEqual({r[0] for r in rows(tables[1])[1:]},
                         {"kustomization/apps", "kustomization/broken"})

    def test_get_output(self):
        obj = yaml.safe_load(self.cli("get", "ks", "apps", "-o", "yaml").stdout)
        self.assertEqual(obj["kind"], "Kustomization")
        self.assertEqual(obj, json.loads(self.cli("get", "ks", "apps", "-o", "json").stdout))
        items = json.loads(self.cli("get", "ks", "-o", "json").stdout)["items"]
        self.assertEqual({i["metadata"]["name"] for i in items}, {"apps", "broken"})

    def test_get_nothing(self):
        table = [(["get", "ks", "none"],
                  'Kustomization object \'none\' not found in "shop" namespace'),
                 (["get", "helmreleases"], 'no HelmRelease objects found in "shop" namespace')]
        for args, text in table:
            done = self.cli(*args, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", f"✗ {text}\n"))

    def test_get_watch(self):
        watch = subprocess.Popen(
            [os.path.join(BIN, "gitops"), "get", "ks", "apps", "-n", "shop", "--watch"],
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, "KUBECONFIG": self.world.kubeconfig})
        timer = threading.Timer(20, watch.kill)
        timer.start()
        try:
            self.assertEqual(rows(watch.stdout.readline())[0][0], "NAME")
            self.assertEqual(rows(watch.stdout.readline())[0][0], "apps")
            self.world.merge("Kustomization", "shop", "apps",
                             {"metadata": {"labels": {"seen": str(time.time_ns())}}})
            self.assertEqual(rows(watch.stdout.readline())[0][0], "apps")
        finally:
            timer.cancel()
            watch.kill()
            watch.wait()
            watch.stdout.close()

    def test_reconcile(self):
        done = self.cli("reconcile", "kustomization", "apps", "--with-source")
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.splitlines(), [
            "► annotating GitRepository fleet in shop namespace", "✔ GitRepository annotated",
            "◎ waiting for GitRepository reconciliation",
            f"✔ fetched revision {self.repo.revision}",
            "► annotating Kustomization apps in shop namespace", "✔ Kustomization annotated",
            "◎ waiting for Kustomization reconciliation",
            f"✔ applied revision {self.repo.revision}"])

    def test_reconcile_failure(self):
        done = self.cli("reconcile", "kustomization", "broken", check=False, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.splitlines()[-1],
                         "^✗ Kustomization reconciliation failed: kustomization path not found")
        done = self.cli("reconcile", "kustomization", "none", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("none", done.stderr)

    def test_timeout(self):
        self.world.source("shop", "slow", self.world.git_server("--delay", "20").url + "/fleet.git")
        began = time.monotonic()
        done = self.cli("reconcile", "source", "git", "slow", "--timeout", "1s", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("timeout waiting for GitRepository shop/slow", done.stderr)
        self.cli("delete", "source", "git", "slow", "-s")

    def test_suspend_and_resume(self):
        self.world.kustomization("shop", "paused", "fleet", path="./apps", prune=False)
        self.world.ready("Kustomization", "shop", "paused")
        done = self.cli("suspend", "kustomization", "paused")
        self.assertEqual(done.stderr, "► suspending kustomization paused in shop namespace\n"
                                      "✔ kustomization suspended\n")
        self.assertTrue(self.world.find("Kustomization", "shop", "paused")["spec"]["suspend"])
        done = self.cli("reconcile", "ks", "paused", check=False)
        self.assertEqual((done.returncode, done.stderr), (1, "✗ resource is suspended\n"))
        self.assertEqual(rows(self.cli("get", "ks", "paused", "--no-header").stdout)[0][2], "True")
        done = self.cli("resume", "kustomization", "paused")
        lines = done.stderr.splitlines()
        self.assertEqual(lines[:2], ["► resuming kustomization paused in shop namespace",
                                     "✔ kustomization resumed"])
        self.assertEqual(lines[-1], f"✔ applied revision {self.repo.revision}")
        self.assertNotIn("suspend", self.world.find("Kustomization", "shop", "paused")["spec"])
        self.cli("delete", "ks", "paused", "--silent")
        self.world.absent("Kustomization", "shop", "paused")

    def test_create_and_delete(self):
        self.world.namespace("made")
        done = self.world.cli("create", "source", "git", "app", "-n", "made",
                              f"--url={self.repo.url}", "--branch=main")
        self.assertEqual(done.stderr.splitlines(), [
            "✚ generating GitRepository", "► applying GitRepository", "✔ GitRepository created",
            "◎ waiting for GitRepository reconciliation", "✔ GitRepository app is ready",
            f"✔ fetched revision {self.repo.revision}"])
        args = ("create", "kustomization", "app", "-n", "made", "--source=app", "--path=./apps",
                "--target-namespace=made", "--prune")
        done = self.world.cli(*args)
        self.assertEqual(done.stderr.splitlines()[-2:], [
            "✔ Kustomization app is ready", f"✔ applied revision {self.repo.revision}"])
        done = self.world.cli(*args, "--interval=7m", "--label=a=b")
        self.assertIn("✔ Kustomization updated", done.stderr)
        obj = self.world.find("Kustomization", "made", "app")
        self.assertEqual((obj["spec"]["interval"], obj["metadata"]["labels"]), ("7m0s", {"a": "b"}))
        exported = self.world.cli("export", "kustomization", "app", "-n", "made").stdout
        self.assertTrue(exported.startswith("---\n"), exported)
        copy = yaml.safe_load(exported)
        self.assertEqual(set(copy), {"apiVersion", "kind", "metadata", "spec"})
        self.assertEqual(copy["spec"], obj["spec"])
        self.assertEqual(set(copy["metadata"]), {"name", "namespace", "labels"})
        done = self.world.cli("delete", "kustomization", "app", "-n", "made", stdin="n\n",
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIsNotNone(self.world.find("Kustomization", "made", "app"))
        done = self.world.cli("delete", "kustomization", "app", "-n", "made", stdin="y\n")
        self.assertIn("✔ kustomization deleted", done.stderr)
        self.world.absent("ConfigMap", "made", "a")

    def test_export_all(self):
        text = self.cli("export", "kustomization", "--all").stdout
        self.assertEqual([d["metadata"]["name"] for d in yaml.safe_load_all(text)],
                         ["apps", "broken"])

    def test_events(self):
        got = rows(self.cli("events", "--for", "Kustomization/apps").stdout)
        self.assertEqual(got[0], ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"])
        self.assertTrue([r for r in got if r[1:4] == ["Normal", "ReconciliationSucceeded",
                                                      "Kustomization/apps"]], got)
        got = rows(self.cli("events", "--types", "Warning").stdout)
        self.assertEqual({r[1] for r in got[1:]}, {"Warning"})
        done = self.cli("events", "--for", "Kustomization/none", check=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn("No events found in shop namespace.", done.stderr)

    def test_logs(self):
        done = self.cli("logs", "--data", self.world.data, "--kind=Kustomization", "--name=apps")
        lines = done.stdout.splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT[\d:.]+Z info Kustomization/apps\.shop - ")
        done = self.cli("logs", "--data", self.world.data, "--level=error", "--name=broken")
        for line in done.stdout.splitlines():
            self.assertIn(" error Kustomization/broken.shop - ", line)

    def test_check(self):
        done = self.world.cli("check", "--pre")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"✔ Kubernetes v?1\.\d+\.\d+\S* >=1\.33\.0-0")
        self.assertIn("✔ prerequisites checks passed", done.stderr)
        done = self.world.cli("check", "--data", self.world.data)
        self.assertRegex(done.stderr, r"✔ kustomize-controller: process \d+\n")
        self.assertIn("✔ kustomizations.kustomize.toolkit.fluxcd.io/v1\n", done.stderr)
        self.assertTrue(done.stderr.endswith("✔ all checks passed\n"), done.stderr)

    def test_version_of_the_cluster(self):
        """The controllers of `gitops up` are no Deployments."""
        done = self.world.cli("version", "--client=false", check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "✗ no deployments found in flux-system namespace\n"))

    def test_namespaces_and_contexts(self):
        done = self.world.cli("get", "ks", "--namespace", "shop", "--context", "nope", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nope", done.stderr)
        done = self.world.cli("get", "ks", env={"FLUX_SYSTEM_NAMESPACE": "shop"})
        self.assertIn("apps", done.stdout)

    def test_completion_of_names(self):
        done = self.world.cli("__complete", "get", "kustomizations", "-n", "shop", "a", check=False)
        self.assertEqual(done.stdout.split(), ["apps"])

    def test_unreachable(self):
        began = time.monotonic()
        done = self.world.cli("get", "all", "--server=https://127.0.0.1:1", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:1", done.stderr)
        self.assertLess(time.monotonic() - began, 10)

    def test_address_alone(self):
        """No kubeconfig is needed where --server says it all."""
        done = self.world.cli("get", "all", "--server=https://127.0.0.1:1", check=False,
                              env={"KUBECONFIG": "", "HOME": "/nonexistent"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:1", done.stderr)

    def test_server_without_scheme(self):
        done = self.world.cli("get", "all", "--server=localhost", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('"localhost"', done.stderr)


if __name__ == "__main__":
    main()
