"""The real kubectl against the embedded API server, on the toolkit's objects and what they apply."""

import json
import os
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from same_as_kubectl import Comparison  # noqa: E402
from support.e2e import (  # noqa: E402
    FLEET, ROOT, Scenario, config_map, deployment, eventually, main, oracle)


class Kubectl(Scenario):

    @classmethod
    def setUpClass(cls):
        cls.kubectl = oracle("kubectl")
        super().setUpClass()

    def run_it(self, *args, stdin=None, check=True, namespaced=True):
        done = subprocess.run(
            [self.kubectl, "--kubeconfig", self.world.kubeconfig,
             *(("-n", self.ns) if namespaced else ()), *args], text=True,
            input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False,
            env={**os.environ, "HOME": self.world.dir})
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(args)}: {done.stdout}{done.stderr}")
        return done

    def toolkit_objects(self, repo):
        return "\n---\n".join(map(json.dumps, (
            {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
             "metadata": {"name": "app", "namespace": self.ns},
             "spec": {"interval": "1m", "url": repo.url, "ref": {"branch": "main"}}},
            {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
             "metadata": {"name": "app", "namespace": self.ns},
             "spec": {"interval": "10m", "prune": True, "wait": True,
                      "sourceRef": {"kind": "GitRepository", "name": "app"}}})))

    def test_life_of_the_toolkit_objects(self):
        repo = self.world.repo("kubectl")
        repo.put({"a.yaml": config_map("a", self.ns, v=1), "app.yaml": deployment("app", self.ns)})
        objects = self.toolkit_objects(repo)
        out = self.run_it("apply", "-f", "-", stdin=objects).stdout
        self.assertEqual(out, "gitrepository.source.toolkit.fluxcd.io/app created\n"
                              "kustomization.kustomize.toolkit.fluxcd.io/app created\n")
        self.run_it("wait", "kustomization/app", "--for=condition=Ready", "--timeout=30s")
        self.assertIn("unchanged", self.run_it("apply", "-f", "-", stdin=objects).stdout)

        rows = [re.split(r"\s{2,}", x) for x in self.run_it("get", "ks").stdout.splitlines()]
        self.assertEqual(rows[0], ["NAME", "AGE", "READY", "STATUS"])
        self.assertEqual((rows[1][0], rows[1][2], rows[1][3]),
                         ("app", "True", f"Applied revision: {repo.revision}"))
        rows = [re.split(r"\s{2,}", x) for x in self.run_it("get", "gitrepo").stdout.splitlines()]
        self.assertEqual(rows[0], ["NAME", "URL", "AGE", "READY", "STATUS"])
        self.assertEqual(rows[1][1], repo.url)
        self.assertEqual(
            sorted(self.run_it("get", "fluxcd", "-o", "name").stdout.split()),
            ["gitrepository.source.toolkit.fluxcd.io/app",
             "kustomization.kustomize.toolkit.fluxcd.io/app"])
        text = self.run_it("describe", "ks", "app").stdout
        for part in ("ReconciliationSucceeded", "Health check passed", "Events:",
                     f"ConfigMap/{self.ns}/a created"):
            self.assertIn(part, text)
        self.assertEqual(self.run_it("get", "ks", "app", "-o",
                                     "jsonpath={.status.lastAppliedRevision}").stdout, repo.revision)
        self.run_it("rollout", "status", "deployment/app", "--timeout=20s")
        out = self.run_it("get", "deployment", "app").stdout.splitlines()[1].split()
        self.assertEqual(out[:4], ["app", "1/1", "1", "1"])

        self.run_it("annotate", "--overwrite", "ks/app", "reconcile.fluxcd.io/requestedAt=now-1")
        self.run_it("wait", "ks/app", "--for=jsonpath={.status.lastHandledReconcileAt}=now-1",
                    "--timeout=20s")
        self.run_it("patch", "ks", "app", "--type=merge", "-p", '{"spec":{"suspend":true}}')
        self.run_it("delete", "gitrepo", "app", "--wait")
        self.run_it("patch", "ks", "app", "--type=json", "-p",
                    '[{"op":"remove","path":"/spec/suspend"}]')
        self.run_it("delete", "ks", "app", "--wait", "--timeout=30s")
        self.assertEqual(self.run_it("get", "cm", "a", check=False).returncode, 1)

    def test_list(self):
        """A List is applied as its items, by kubectl's own check and by the server's."""
        items = [json.loads(config_map(name, self.ns, v=1)) for name in ("a", "b")]
        objects = {"apiVersion": "v1", "kind": "List", "items": items}
        out = self.run_it("apply", "-f", "-", stdin=json.dumps(objects)).stdout
        self.assertEqual(out, "configmap/a created\nconfigmap/b created\n")
        items[0]["datta"] = {}
        done = self.run_it("apply", "--server-side", "-f", "-", stdin=json.dumps(objects),
                           check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("datta", done.stderr)

    def test_watch(self):
        repo = self.world.repo("kubectl-watch")
        repo.put({"a.yaml": config_map("a", self.ns, v=1)})
        self.run_it("apply", "--server-side", "-f", "-", stdin=self.toolkit_objects(repo))
        self.run_it("wait", "ks/app", "--for=condition=Ready", "--timeout=30s")
        watch = subprocess.Popen(
            [self.kubectl, "--kubeconfig", self.world.kubeconfig, "-n", self.ns, "get", "cm", "a",
             "--watch", "-o", "jsonpath={.data.v}{\"\\n\"}"], stdout=subprocess.PIPE, text=True)
        timer = threading.Timer(30, watch.kill)
        timer.start()
        try:
            self.assertEqual(watch.stdout.readline(), "1\n")
            for value in ("2", "3"):
                repo.put({"a.yaml": config_map("a", self.ns, v=value)})
                self.world.request("GitRepository", self.ns, "app")
                self.assertEqual(watch.stdout.readline(), value + "\n")
        finally:
            timer.cancel()
            watch.kill()
            watch.wait()
            watch.stdout.close()

    def test_validation(self):
        """kubectl's user sees the same complaints as on any cluster."""
        bad = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
               "metadata": {"name": "bad", "namespace": self.ns},
               "spec": {"interval": "often", "prune": "yes",
                        "sourceRef": {"kind": "Nothing", "name": "x"}}}
        done = self.run_it("apply", "--validate=false", "-f", "-", stdin=json.dumps(bad), check=False)
        self.assertEqual(done.returncode, 1)
        for part in ("spec.interval", "spec.prune", "spec.sourceRef.kind",
                     'Unsupported value: "Nothing"'):
            self.assertIn(part, done.stderr)

    def test_install_manifests(self):
        """`kubectl apply --server-side -k deploy` works, twice."""
        deploy = os.path.join(ROOT, "deploy")
        apply = ("apply", "--server-side", "--force-conflicts", "-k", deploy)
        self.run_it(*apply, namespaced=False)
        out = self.run_it(*apply, namespaced=False).stdout
        self.assertIn("serverside-applied", out)

    def test_same_as_kubectl(self):
        comparison = Comparison(self.world, self.kubectl)
        paths = ("infrastructure", "apps/staging", "apps/production")
        for path in paths:
            with self.subTest(path):
                count, found = comparison.compare(FLEET, path)
                self.assertGreater(count, 5)
                self.assertEqual(found, [], "\n".join(found))
            # The namespaces came and went with the infrastructure.
            for name in ("staging", "production"):
                eventually("the namespace is there", lambda name=name: self.world.namespace(name))


if __name__ == "__main__":
    main()
