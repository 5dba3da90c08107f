"""Bad input: each ends in its condition with a message that names file and cause, and the last good
state stays applied and served."""

import gzip
import json
import os
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import Scenario, World, condition, config_map, eventually, main  # noqa: E402

GOOD = "a.yaml"


class BadInput(Scenario):

    def good(self, **spec):
        """A source and Kustomization that are Ready."""
        repo = self.start({GOOD: config_map("a", self.ns, v=1)}, retryInterval="10m", **spec)
        self.applied = self.world.ready("Kustomization", self.ns, "app", repo.revision)
        return repo

    def spoil(self, repo, files, reason):
        """Rolls a bad commit out; the message that Ready gives for it."""
        revision = self.roll_out(repo, files)
        obj = eventually("the bad revision fails", lambda: self.world.seen(
            "Kustomization", self.ns, "app",
            lambda o: o["status"].get("lastAttemptedRevision") == revision
            and condition(o, "Ready").get("status") == "False"))
        self.assertCondition(obj, "Ready", "False", reason)
        self.assertCondition(obj, "Reconciling", "True", "ProgressingWithRetry")
        self.assert_last_good(obj)
        message = condition(obj, "Ready")["message"]
        eventually("a warning with the message", lambda: [
            e for e in self.world.events("Kustomization", self.ns, "app")
            if e[:2] == ("Warning", reason) and e[2] == message])
        return message

    def assert_last_good(self, obj):
        """What was applied is there, and known to be ours."""
        self.assertEqual(self.world.find("ConfigMap", self.ns, "a")["data"], {"v": "1"})
        self.assertEqual(obj["status"]["inventory"], self.applied["status"]["inventory"])
        self.assertEqual(obj["status"]["lastAppliedRevision"],
                         self.applied["status"]["lastAppliedRevision"])
        self.assertEqual(obj["status"]["observedGeneration"],
                         self.applied["status"]["observedGeneration"])

    def assert_served(self):
        """The artifact in the source's status can be fetched."""
        artifact = self.world.find("GitRepository", self.ns, "app")["status"]["artifact"]
        with urllib.request.urlopen(artifact["url"]) as answer:
            self.assertEqual(len(answer.read()), artifact["size"])
        return artifact

    # --- what is in the repository ---

    def test_path(self):
        repo = self.good(path="./deploy/..")
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"path": "./no/such"}})
        obj = self.world.failed("Kustomization", self.ns, "app", "ArtifactFailed")
        self.assertRegex(condition(obj, "Ready")["message"],
                         r"^kustomization path not found: stat .*no/such: no such file or directory$")
        self.assertEqual(self.world.find("ConfigMap", self.ns, "a")["data"], {"v": "1"})
        self.assertNotEqual(repo.sha, None)

    def test_kustomization_yaml(self):
        """Malformed documents are named with file and line."""
        repo = self.good()
        table = [
            ("kustomization.yaml", "kind: Kustomization\nresources:\n- a.yaml\n  bad: [\n", "line"),
            ("kustomization.yaml", "resources:\n- gone.yaml\n", "gone.yaml"),
            ("kustomization.yaml", "resources: 7\n", "resources"),
            ("kustomization.yaml", "resources:\n- a.yaml\n- ../../../../etc\n", "etc"),
            ("kustomization.yaml", "resources:\n- a.yaml\npatches:\n- path: p.yaml\n", "p.yaml"),
            ("kustomization.yaml",
             "resources:\n- a.yaml\npatches:\n- patch: '[{\"op\": \"nonsense\", \"path\": \"/x\"}]'\n"
             "  target: {kind: ConfigMap}\n", "nonsense"),
        ]
        for name, text, cause in table:
            with self.subTest(cause=cause, text=text):
                message = self.spoil(repo, {name: text}, "BuildFailed")
                self.assertIn(cause, message)
                self.assertIn("kustomization.yaml" if cause == "line" else cause, message)

    def test_manifest(self):
        """A bad manifest among those that are found without a kustomization."""
        repo = self.good()
        for text, cause in (("kind: ConfigMap\n  data: {\n", "line"),
                            ("a: &x [*x]\n", "x"),
                            ("apiVersion: v1\nkind: ConfigMap\n", "bad.yaml")):
            with self.subTest(text=text):
                message = self.spoil(repo, {"sub/bad.yaml": text}, "BuildFailed")
                self.assertIn("sub/bad.yaml" if cause != "x" else cause, message)
                self.assertIn(cause, message)

    def test_alias_bomb(self):
        repo = self.good()
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for i in range(1, 12):
            refs = ", ".join([f"*a{i - 1}"] * 10)
            lines.append(f"a{i}: &a{i} [{refs}]")
        began = time.monotonic()
        message = self.spoil(repo, {"bomb.yaml": "\n".join(lines) + "\n"}, "BuildFailed")
        self.assertLess(time.monotonic() - began, 20)
        self.assertIn("bomb.yaml", message)

    def test_deep_document(self):
        repo = self.good()
        message = self.spoil(repo, {"deep.yaml": "[" * 5000 + "]" * 5000 + "\n"}, "BuildFailed")
        self.assertIn("deep.yaml", message)

    def test_link_out_of_the_tree(self):
        """A link is not in the artifact, so nothing outside can be read through it."""
        repo = self.good()
        os.symlink("/etc/hostname", os.path.join(repo.tree, "secret.yaml"))
        message = self.spoil(
            repo, {"kustomization.yaml": "resources: [a.yaml]\nconfigMapGenerator:\n"
                   "- name: leak\n  files: [secret.yaml]\n"}, "BuildFailed")
        self.assertIn("secret.yaml", message)
        with open("/etc/hostname", encoding="utf-8") as f:
            host = f.read().strip()
        if host:
            self.assertNotIn(host, message)

    def test_rejected_object(self):
        repo = self.good()
        bad = {"apiVersion": "apps/v1", "kind": "Deployment",
               "metadata": {"name": "bad", "namespace": self.ns},
               "spec": {"selector": {"matchLabels": {"app": "x"}},
                        "template": {"metadata": {"labels": {"app": "y"}},
                                     "spec": {"containers": [{"name": "c", "image": "i"}]}}}}
        message = self.spoil(repo, {"bad.yaml": json.dumps(bad)}, "ReconciliationFailed")
        self.assertRegex(message, rf"^Deployment/{self.ns}/bad dry-run failed \(Invalid\): .*"
                         r"spec\.template\.metadata\.labels")

    def test_unknown_kind(self):
        repo = self.good()
        message = self.spoil(repo, {"x.yaml": "apiVersion: nowhere.example.com/v1\nkind: Thing\n"
                                    "metadata: {name: t}\n"}, "ReconciliationFailed")
        self.assertIn("Thing", message)
        self.assertIn("nowhere.example.com/v1", message)

    def test_missing_namespace(self):
        repo = self.good()
        message = self.spoil(repo, {"x.yaml": config_map("x", "not-there")}, "ReconciliationFailed")
        self.assertRegex(message, "^ConfigMap/not-there/x not found: .*not-there")

    def test_encrypted_secret(self):
        """An encrypted Secret is never applied as it is."""
        repo = self.good()
        secret = {"apiVersion": "v1", "kind": "Secret",
                  "metadata": {"name": "s", "namespace": self.ns},
                  "data": {"k": "ENC[AES256_GCM,data:aaaa,iv:bbbb,tag:cccc,type:str]"},
                  "sops": {"mac": "x"}}
        message = self.spoil(repo, {"s.yaml": json.dumps(secret)}, "BuildFailed")
        self.assertIn(f"Secret/{self.ns}/s is SOPS encrypted", message)
        self.assertIsNone(self.world.find("Secret", self.ns, "s"))

    def test_secret_values_stay_unsaid(self):
        """A Secret that the API rejects is named; its value is in no message, event or log."""
        repo = self.good()
        value = "hunter2hunter2"
        secret = {"apiVersion": "v1", "kind": "Secret",
                  "metadata": {"name": "s", "namespace": self.ns}, "type": "kubernetes.io/tls",
                  "stringData": {"password": value}}
        message = self.spoil(repo, {"s.yaml": json.dumps(secret)}, "ReconciliationFailed")
        self.assertIn(f"Secret/{self.ns}/s", message)
        everything = message + str(self.world.events("Kustomization", self.ns, "app"))
        for program in ("kustomize-controller", "source-controller", "gitops-apiserver"):
            everything += self.world.log(program)
        self.assertNotIn(value, everything)

    def test_recovers(self):
        """A good commit after a bad one."""
        repo = self.good()
        self.spoil(repo, {"kustomization.yaml": "resources: [gone.yaml]\n"}, "BuildFailed")
        revision = self.roll_out(repo, {"kustomization.yaml": None,
                                        GOOD: config_map("a", self.ns, v=2)})
        obj = self.world.ready("Kustomization", self.ns, "app", revision)
        self.assertEqual(self.world.find("ConfigMap", self.ns, "a")["data"], {"v": "2"})
        self.assertEqual({c["type"] for c in obj["status"]["conditions"]}, {"Ready"})

    # --- the artifact on its way ---

    def test_corrupted_artifact(self):
        """Bytes that are not those of the digest are not used; the source stores it anew."""
        repo = self.good()
        artifact = self.assert_served()
        path = os.path.join(self.world.data, "storage", artifact["path"])
        with open(path, "r+b") as f:
            data = bytearray(f.read())
            data[len(data) // 2] ^= 0xff
            f.seek(0)
            f.write(data)
        self.world.handled("GitRepository", self.ns, "app")
        obj = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.assertEqual(obj["status"]["artifact"]["digest"], artifact["digest"])
        self.assert_served()
        self.world.told("GitRepository", self.ns, "app", "the verification",
                        lambda e: e[1] == "ArtifactVerificationFailed")

    def test_lost_artifact(self):
        repo = self.good()
        artifact = self.assert_served()
        os.unlink(os.path.join(self.world.data, "storage", artifact["path"]))
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(artifact["url"])
        self.assertEqual(caught.exception.code, 404)
        self.world.handled("GitRepository", self.ns, "app")
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.assert_served()

    def truncate_next(self, repo, keep):
        """A new revision whose artifact is spoiled before the consumer sees it."""
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"suspend": True}})
        revision = self.roll_out(repo, {GOOD: config_map("a", self.ns, v=2)})
        obj = self.world.ready("GitRepository", self.ns, "app", revision)
        path = os.path.join(self.world.data, "storage", obj["status"]["artifact"]["path"])
        with open(path, "r+b") as f:
            f.truncate(int(os.path.getsize(path) * keep))
        self.world.merge("Kustomization", self.ns, "app", {"spec": {"suspend": None}})
        return obj["status"]["artifact"]

    def test_truncated_artifact(self):
        repo = self.good()
        self.truncate_next(repo, 0.5)
        obj = self.world.failed("Kustomization", self.ns, "app", "ArtifactFailed")
        message = condition(obj, "Ready")["message"]
        self.assertRegex(message, "digest|size")
        self.assertEqual(self.world.find("ConfigMap", self.ns, "a")["data"], {"v": "1"})
        self.world.handled("GitRepository", self.ns, "app")
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.world.request("Kustomization", self.ns, "app")
        self.world.ready("Kustomization", self.ns, "app", repo.revision)

    # --- the Git server ---

    def bad_source(self, name, url, reason="GitOperationFailed", **spec):
        """A GitRepository that fails; the object."""
        self.world.source(self.ns, name, url, **spec)
        obj = self.world.failed("GitRepository", self.ns, name, reason)
        self.assertCondition(obj, "FetchFailed", "True", reason, condition(obj, "Ready")["message"])
        self.assertCondition(obj, "Reconciling", "True", "ProgressingWithRetry")
        self.assertNotIn("artifact", obj["status"])
        return obj

    def test_unreachable_server(self):
        obj = self.bad_source("gone", "http://127.0.0.1:1/x.git")
        self.assertRegex(condition(obj, "Ready")["message"],
                         "^failed to checkout and determine revision: .*http://127.0.0.1:1/x.git")

    def test_missing_repository(self):
        url = f"{self.world.server.url}/no-such.git"
        obj = self.bad_source("missing", url)
        self.assertIn(url, condition(obj, "Ready")["message"])

    def test_missing_branch(self):
        repo = self.world.repo("branchless")
        repo.put({"a": "1"})
        obj = self.bad_source("branch", repo.url, ref={"branch": "nope"})
        self.assertEqual(
            condition(obj, "Ready")["message"],
            "failed to checkout and determine revision: unable to clone: couldn't find remote ref "
            f"'refs/heads/nope': git repository: '{repo.url}'")

    def test_empty_repository(self):
        repo = self.world.repo("empty")
        obj = self.bad_source("empty", repo.url, "EmptyGitRepository")
        self.assertEqual(condition(obj, "Ready")["message"], "git repository is empty")
        repo.put({"a": "1"})
        self.world.request("GitRepository", self.ns, "empty")
        self.world.ready("GitRepository", self.ns, "empty", repo.revision)

    def test_slow_server(self):
        repo = self.world.repo("slow")
        repo.put({"a": "1"})
        server = self.world.git_server("--delay", "30")
        began = time.monotonic()
        obj = self.bad_source("slow", f"{server.url}/slow.git", timeout="1s")
        self.assertLess(time.monotonic() - began, 10)
        self.assertRegex(condition(obj, "Ready")["message"], "tim(e|ed)[ -]?out|deadline")
        server.stop()

    def test_truncated_pack(self):
        repo = self.world.repo("cut")
        repo.put({f"f{i}": os.urandom(2000).hex() for i in range(20)})
        server = self.world.git_server("--truncate", "9000")
        obj = self.bad_source("cut", f"{server.url}/cut.git")
        self.assertIn(f"{server.url}/cut.git", condition(obj, "Ready")["message"])
        leftover = os.listdir(os.path.join(self.world.data, "tmp"))
        self.assertEqual([x for x in leftover if x.startswith("gitrepository-")], [])
        server.stop()

    def test_server_goes_away(self):
        """The last artifact stays served while the server is down, and after it came back."""
        server = self.world.git_server()
        port = server.url.rsplit(":", 1)[1]
        repo = self.world.repo("flaky")
        repo.put({GOOD: config_map("a", self.ns, v=1)})
        self.world.source(self.ns, "app", f"{server.url}/flaky.git")
        self.world.kustomization(self.ns, "app", "app")
        self.world.ready("Kustomization", self.ns, "app", repo.revision)
        server.stop()
        old = repo.revision
        repo.put({GOOD: config_map("a", self.ns, v=2)})
        self.world.request("GitRepository", self.ns, "app")
        obj = self.world.failed("GitRepository", self.ns, "app", "GitOperationFailed")
        self.assertEqual(obj["status"]["artifact"]["revision"], old)
        self.assertCondition(obj, "ArtifactInStorage", "True", "Succeeded")
        self.assert_served()
        self.assertEqual(condition(self.world.find("Kustomization", self.ns, "app"),
                                   "Ready")["status"], "True")
        self.world.git_server("--port", port)
        self.world.ready("Kustomization", self.ns, "app", repo.revision, timeout=30)
        self.world.told("GitRepository", self.ns, "app", "the failure",
                        lambda e: e[1] == "GitOperationFailed")
        self.assertEqual({c["type"] for c in self.world.ready(
            "GitRepository", self.ns, "app")["status"]["conditions"]},
            {"Ready", "ArtifactInStorage"})

    def test_credentials(self):
        repo = self.world.repo("private")
        repo.put({"a": "1"})
        server = self.world.git_server("--user", "ann", "--password", "correct-horse")
        url = f"{server.url}/private.git"
        obj = self.bad_source("none", url)
        self.assertRegex(condition(obj, "Ready")["message"], "authentication required|401")
        self.world.secret(self.ns, "wrong", username="ann", password="battery-staple")
        obj = self.bad_source("wrong", url, secretRef={"name": "wrong"})
        message = condition(obj, "Ready")["message"]
        self.assertRegex(message, "authentication|401")
        obj = self.bad_source("lost", url, "AuthenticationFailed", secretRef={"name": "nowhere"})
        self.assertIn(f"'{self.ns}/nowhere'", condition(obj, "Ready")["message"])
        self.world.secret(self.ns, "right", username="ann", password="correct-horse")
        self.world.source(self.ns, "right", url, secretRef={"name": "right"})
        self.world.ready("GitRepository", self.ns, "right", repo.revision)
        everything = message + self.world.log("source-controller") + str(
            self.world.events("GitRepository", self.ns, "wrong"))
        for value in ("battery-staple", "correct-horse"):
            self.assertNotIn(value, everything)

    def test_certificate(self):
        """A server whose certificate nobody vouches for, then with its CA."""
        folder = os.path.join(self.world.dir, "tls")
        os.mkdir(folder)
        cert, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key, "-out", cert],
                       check=True, stderr=subprocess.DEVNULL)
        repo = self.world.repo("tls")
        repo.put({"a": "1"})
        server = self.world.git_server("--tls-cert", cert, "--tls-key", key)
        self.assertTrue(server.url.startswith("https://"))
        obj = self.bad_source("untrusted", f"{server.url}/tls.git")
        self.assertRegex(condition(obj, "Ready")["message"], "certificate")
        with open(cert, encoding="utf-8") as f:
            self.world.secret(self.ns, "ca", ca__crt=f.read())
        self.world.source(self.ns, "trusted", f"{server.url}/tls.git", secretRef={"name": "ca"})
        self.world.ready("GitRepository", self.ns, "trusted", repo.revision)

    def test_hostile_answer(self):
        """A server that speaks no Git at all."""
        from http.server import BaseHTTPRequestHandler, HTTPServer
        import threading

        answers = {"/html.git": b"<html>hello</html>", "/zeros.git": b"\0" * 100000,
                   "/pkt.git": b"ffff" + b"x" * 70000, "/flush.git": b"0000" * 50000,
                   "/gzip.git": gzip.compress(b"0000")}

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = next(v for k, v in answers.items() if self.path.startswith(k))
                self.send_response(200)
                kind = "upload-pack-advertisement" if self.command == "GET" else \
                    "upload-pack-result"
                self.send_header("Content-Type", f"application/x-git-{kind}")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            for path in answers:
                with self.subTest(path):
                    url = f"http://127.0.0.1:{server.server_address[1]}{path}"
                    reasons = ("GitOperationFailed", "EmptyGitRepository")
                    name = path[1:].split(".")[0]
                    self.world.source(self.ns, name, url)
                    obj = eventually("it fails", lambda name=name: self.world.seen(
                        "GitRepository", self.ns, name,
                        lambda o: condition(o, "FetchFailed").get("status") == "True"))
                    self.assertIn(condition(obj, "Ready")["reason"], reasons)
        finally:
            server.shutdown()
            server.server_close()


@unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
class FullDisk(unittest.TestCase):
    """The storage runs full: told in status, the last artifact stays served, and it recovers."""

    def test_full_disk(self):
        import tempfile
        mount = tempfile.mkdtemp(prefix="gitops-full.")
        self.addCleanup(os.rmdir, mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount],
                          stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("mount is not allowed here")
        self.addCleanup(subprocess.run, ["umount", mount], check=True)
        world = World(data=os.path.join(mount, "data"))
        self.world = world
        self.addCleanup(world.stop)
        repo = world.repo("app")
        repo.put({"a.yaml": config_map("a", "default", v=1)})
        world.source("default", "app", repo.url)
        world.kustomization("default", "app", "app", retryInterval="1s")
        world.ready("Kustomization", "default", "app", repo.revision)
        old = repo.revision
        ballast = os.path.join(mount, "ballast")
        with open(ballast, "wb") as f:
            free = os.statvfs(mount)
            f.write(b"x" * (free.f_bavail * free.f_frsize - 1_000_000))
        repo.put({"a.yaml": config_map("a", "default", v=2),
                  "noise.txt": os.urandom(4_000_000).hex()})
        world.request("GitRepository", "default", "app")
        obj = eventually("it fails", lambda: world.seen(
            "GitRepository", "default", "app",
            lambda o: condition(o, "Ready").get("status") == "False"), timeout=30)
        self.assertRegex(condition(obj, "Ready")["message"], "[Nn]o space left on device")
        self.assertEqual(obj["status"]["artifact"]["revision"], old)
        with urllib.request.urlopen(obj["status"]["artifact"]["url"]) as answer:
            self.assertEqual(len(answer.read()), obj["status"]["artifact"]["size"])
        self.assertEqual(world.find("ConfigMap", "default", "a")["data"], {"v": "1"})
        os.unlink(ballast)
        world.request("GitRepository", "default", "app")
        world.ready("Kustomization", "default", "app", repo.revision, timeout=60)
        self.assertEqual(world.find("ConfigMap", "default", "a")["data"], {"v": "2"})


if __name__ == "__main__":
    main()
