"""The conditions of GitRepositories, write by write, and what storage goes through with them."""

import io
import os
import subprocess
import sys
import tarfile
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import ROOT, Scenario, condition, die_with_parent, eventually, git, main  # noqa: E402
from support.kube import Kube, path_of  # noqa: E402

PROGRESSING = "processing object: new generation -1 -> 1"


class Recorder:
    """Every state of one object that the API server announces."""

    def __init__(self, world, ns, name):
        self.states = []
        self.kube = Kube(world.kubeconfig)
        version = self.kube.get(path_of("GitRepository", ns))["metadata"]["resourceVersion"]
        self.thread = threading.Thread(target=self.run, args=(ns, name, version), daemon=True)
        self.thread.start()

    def run(self, ns, name, version):
        try:
            for kind, obj in self.kube.watch(path_of("GitRepository", ns),
                                             resourceVersion=version):
                if kind != "BOOKMARK" and obj["metadata"]["name"] == name:
                    self.states.append((kind, obj))
        except OSError:
            pass

    def conditions(self):
        """The list of {type: (status, reason, message)}, without repetitions."""
        seen = []
        for _, obj in self.states:
            now = {c["type"]: (c["status"], c["reason"], c["message"])
                   for c in obj.get("status", {}).get("conditions", [])}
            if not seen or seen[-1] != now:
                seen.append(now)
        return seen


class Lifecycle(Scenario):

    def storage(self, *names):
        return os.path.join(self.world.data, "storage", "gitrepository", self.ns, *names)

    def test_first_success(self):
        repo = self.world.repo("first")
        repo.put({"a": "1"})
        record = Recorder(self.world, self.ns, "app")
        self.world.source(self.ns, "app", repo.url)
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        stored = ("True", "Succeeded", f"stored artifact for revision '{repo.revision}'")

        def progress(text):
            return {"Reconciling": ("True", "Progressing", text),
                    "Ready": ("Unknown", "Progressing", text)}

        eventually("all states are seen", lambda: record.states[-1][1]["status"].get("artifact"))
        self.assertEqual(record.conditions(), [
            {},
            progress(PROGRESSING),
            progress("building artifact"),
            progress(f"building artifact: new upstream revision '{repo.revision}'"),
            {"Ready": stored, "ArtifactInStorage": stored},
        ])
        self.assertEqual(record.states[-1][1]["metadata"]["finalizers"], ["finalizers.fluxcd.io"])

    def test_new_commit(self):
        repo = self.world.repo("commit")
        old = repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url)
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        record = Recorder(self.world, self.ns, "app")
        new = repo.put({"a": "2"}, "Explain the second change")
        self.world.handled("GitRepository", self.ns, "app")
        self.world.ready("GitRepository", self.ns, "app", new)
        text = f"new upstream revision '{new}'"
        middle = [c for c in record.conditions() if "ArtifactOutdated" in c]
        self.assertEqual(middle, [{
            "Reconciling": ("True", "Progressing", f"building artifact: {text}"),
            "Ready": ("Unknown", "Progressing", f"building artifact: {text}"),
            "ArtifactOutdated": ("True", "NewRevision", text),
            "ArtifactInStorage": ("True", "Succeeded", f"stored artifact for revision '{old}'")}])
        events = eventually("the event", lambda: [
            e for e in self.world.events("GitRepository", self.ns, "app")
            if e[1] == "NewArtifact" and "Explain" in e[2]])
        self.assertEqual(events[0][2], "stored artifact for commit 'Explain the second change'")
        self.assertEqual(events[0][3].get("source.toolkit.fluxcd.io/revision"), new)

    def test_steady_state_writes_nothing(self):
        repo = self.world.repo("steady")
        repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url, interval="200ms")
        before = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        asked = len([r for r in self.world.server.requests() if "/steady.git/" in r])
        eventually("five looks", lambda: len(
            [r for r in self.world.server.requests() if "/steady.git/" in r]) >= asked + 5)
        after = self.world.find("GitRepository", self.ns, "app")
        self.assertEqual(after["metadata"]["resourceVersion"],
                         before["metadata"]["resourceVersion"])
        self.assertEqual([e[1] for e in self.world.events("GitRepository", self.ns, "app")],
                         ["NewArtifact"])
        self.world.delete("GitRepository", self.ns, "app")

    def test_failure_and_recovery(self):
        repo = self.world.repo("recovery")
        repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url)
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        os.rename(repo.bare, repo.bare + ".away")
        self.world.handled("GitRepository", self.ns, "app")
        obj = self.world.failed("GitRepository", self.ns, "app", "GitOperationFailed")
        self.assertCondition(obj, "FetchFailed", "True", "GitOperationFailed",
                             condition(obj, "Ready")["message"])
        self.assertCondition(obj, "Reconciling", "True", "ProgressingWithRetry",
                             "reconciliation in progress")
        self.assertEqual(condition(obj, "ArtifactInStorage")["status"], "True")
        with urllib.request.urlopen(obj["status"]["artifact"]["url"]) as answer:
            self.assertEqual(len(answer.read()), obj["status"]["artifact"]["size"])
        os.rename(repo.bare + ".away", repo.bare)
        obj = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.assertEqual({c["type"] for c in obj["status"]["conditions"]},
                         {"Ready", "ArtifactInStorage"})
        eventually("the end of the failure is told", lambda: [
            e for e in self.world.events("GitRepository", self.ns, "app") if e[1] == "Succeeded"])

    def test_artifact_disappears(self):
        repo = self.world.repo("lost")
        repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url)
        obj = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        os.unlink(os.path.join(self.world.data, "storage", obj["status"]["artifact"]["path"]))
        record = Recorder(self.world, self.ns, "app")
        self.world.handled("GitRepository", self.ns, "app")
        again = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.assertEqual(again["status"]["artifact"]["digest"], obj["status"]["artifact"]["digest"])
        self.assertIn("building artifact: disappeared from storage",
                      [c.get("Ready", ("", "", ""))[2] for c in record.conditions()])

    def test_artifact_is_damaged(self):
        repo = self.world.repo("damaged")
        repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url)
        obj = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        path = os.path.join(self.world.data, "storage", obj["status"]["artifact"]["path"])
        with open(path, "r+b") as f:
            f.seek(20)
            f.write(b"\0\0\0\0")
        self.world.handled("GitRepository", self.ns, "app")
        again = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.assertEqual(again["status"]["artifact"]["digest"], obj["status"]["artifact"]["digest"])
        events = eventually("the event", lambda: [
            e for e in self.world.events("GitRepository", self.ns, "app")
            if e[1] == "ArtifactVerificationFailed"])
        self.assertEqual(events[0][0], "Warning")
        self.assertEqual(events[0][2], "failed to verify integrity of artifact: computed digest "
                         f"doesn't match '{obj['status']['artifact']['digest']}'")

    def test_suspend_and_resume(self):
        repo = self.world.repo("suspend")
        old = repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url)
        self.world.ready("GitRepository", self.ns, "app", old)
        self.world.merge("GitRepository", self.ns, "app", {"spec": {"suspend": True}})
        new = repo.put({"a": "2"})
        obj = self.world.handled("GitRepository", self.ns, "app")
        self.assertEqual(obj["status"]["artifact"]["revision"], old)
        self.assertEqual(obj["status"]["observedGeneration"], 2)
        self.world.merge("GitRepository", self.ns, "app", {"spec": {"suspend": None}})
        self.world.ready("GitRepository", self.ns, "app", new)

    def test_deletion(self):
        repo = self.world.repo("deletion")
        repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url)
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.assertTrue(os.path.isdir(self.storage("app")))
        self.world.delete("GitRepository", self.ns, "app")
        self.world.absent("GitRepository", self.ns, "app")
        self.assertFalse(os.path.exists(self.storage("app")))

    def test_refused_kind_with_our_finalizer_goes(self):
        self.world.create("Bucket", self.ns, "b", {"interval": "1m", "bucketName": "x",
                                                   "endpoint": "127.0.0.1:1"},
                          metadata={"name": "b", "namespace": self.ns,
                                    "finalizers": ["finalizers.fluxcd.io"]})
        eventually("it is refused", lambda: condition(
            self.world.find("Bucket", self.ns, "b"), "Stalled"))
        self.world.delete("Bucket", self.ns, "b")
        self.world.absent("Bucket", self.ns, "b")

    def test_includes_that_are_not_there(self):
        repo = self.world.repo("including")
        repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url,
                          include=[{"repository": {"name": "base"}}])
        obj = self.world.failed("GitRepository", self.ns, "app", "NotFound")
        text = ("could not get resource for include 'base': "
                'GitRepository.source.toolkit.fluxcd.io "base" not found')
        self.assertCondition(obj, "IncludeUnavailable", "True", "NotFound", text)
        self.assertCondition(obj, "Reconciling", "True", "ProgressingWithRetry",
                             "building artifact")
        self.world.source(self.ns, "base", repo.url, ref={"branch": "nope"})
        self.world.failed("GitRepository", self.ns, "base", "GitOperationFailed")
        self.world.request("GitRepository", self.ns, "app")
        obj = self.world.failed("GitRepository", self.ns, "app", "NoArtifact")
        self.assertCondition(obj, "IncludeUnavailable", "True", "NoArtifact",
                             "no artifact available for include 'base'")

    def test_url_moves_with_the_server(self):
        """The stored URL is not trusted: it follows the address of the process that serves now."""
        repo = self.world.repo("moves")
        repo.put({"a": "1"})
        self.world.source(self.ns, "app", repo.url)
        obj = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        artifact = {**obj["status"]["artifact"], "url": "http://elsewhere.example/x.tar.gz"}
        self.world.kube.merge(path_of("GitRepository", self.ns, "app") + "/status",
                              {"status": {"artifact": artifact}})
        self.world.handled("GitRepository", self.ns, "app")
        again = self.world.find("GitRepository", self.ns, "app")
        self.assertEqual(again["status"]["artifact"], obj["status"]["artifact"])


    def test_status_reaches_nothing_of_others(self):
        """A status that names another object's artifact neither removes it nor gets at it."""
        repo = self.world.repo("others")
        repo.put({"a": "1"})
        self.world.source(self.ns, "victim", repo.url)
        victim = self.world.ready("GitRepository", self.ns, "victim")["status"]["artifact"]
        self.world.source(self.ns, "app", repo.url, ref={"branch": "nope"})
        self.world.failed("GitRepository", self.ns, "app", "GitOperationFailed")
        self.world.kube.merge(path_of("GitRepository", self.ns, "app") + "/status", {
            "status": {"artifact": {**victim, "digest": "sha256:" + "0" * 64}}})
        self.world.handled("GitRepository", self.ns, "app")
        eventually("the claim is dropped", lambda: "artifact" not in self.world.find(
            "GitRepository", self.ns, "app")["status"])
        self.assertTrue(os.path.exists(os.path.join(self.world.data, "storage", victim["path"])))


class Secrets(Scenario):
    """What a Secret may say, and how it is told when it says it wrong."""

    git_options = ("--user", "ann", "--password", "s3cret")

    def check(self, name, reason, message, secret=None, url=None, **spec):
        repo_url = url or self.repo.url
        if secret is not None:
            self.world.secret(self.ns, name, **secret)
        self.world.source(self.ns, name, repo_url, secretRef={"name": name}, **spec)
        if reason is None:
            self.world.ready("GitRepository", self.ns, name, self.repo.revision)
            return
        obj = self.world.failed("GitRepository", self.ns, name, reason)
        self.assertCondition(obj, "FetchFailed", "True", reason,
                             message.replace("$", f"{self.ns}/{name}"))
        self.assertNotIn("s3cret", str(obj["status"]))

    def setUp(self):
        super().setUp()
        self.repo = self.world.repo(self.ns)
        self.repo.put({"a": "1"})

    def test_http(self):
        failed = "failed to configure authentication options: "
        self.check("right", None, None, {"username": "ann", "password": "s3cret"})
        self.check("none", "AuthenticationFailed",
                   "failed to get secret '$': failed to get secret '$': "
                   'secrets "none" not found')
        self.check("half", "AuthenticationFailed", failed +
                   "invalid 'http' auth option: 'password' requires 'username' to be set",
                   {"password": "s3cret"})
        self.check("both", "GitOperationFailed",
                   "failed to checkout and determine revision: basic auth and bearer token cannot "
                   "be set at the same time", {"bearerToken": "s3cret"},
                   url=self.repo.url.replace("://", "://ann@"))
        self.check("app", "InvalidProviderConfiguration",
                   "secretRef '$' has github app data but provider is not set to github",
                   {"githubAppID": "1"})
        self.check("wrong", "GitOperationFailed",
                   "failed to checkout and determine revision: unable to clone "
                   f"'{self.repo.url}': authentication required: authentication required",
                   {"username": "ann", "password": "guess"})
        self.check("url", None, None, {}, url=self.repo.url.replace("://", "://ann:s3cret@"))
        self.assertNotIn("s3cret", self.world.log("source-controller"))

    def test_ssh(self):
        failed = "failed to configure authentication options: "
        key = subprocess.run(
            ["bash", "-c", "d=$(mktemp -d); ssh-keygen -q -t ed25519 -N pass -f $d/k; cat $d/k; "
             "rm -r $d"], stdout=subprocess.PIPE, check=True, text=True).stdout
        url = "ssh://git@127.0.0.1:1/x.git"
        self.check("empty", "AuthenticationFailed", failed +
                   "invalid 'ssh' auth option: 'identity' is required", {"x": "y"}, url=url)
        self.check("unknown", "AuthenticationFailed", failed +
                   "invalid 'ssh' auth option: 'known_hosts' is required", {"identity": key},
                   url=url)
        self.check("locked", "AuthenticationFailed",
                   "SSH identity key is encrypted but no 'password' field was provided in the "
                   "secret '$'", {"identity": key, "known_hosts": "x ssh-ed25519 AAAAC3Nz"},
                   url=url)

    def test_submodules(self):
        """They come from the same host with the credentials, from another one without."""
        inner = self.world.repo(f"{self.ns}-inner")
        inner.put({"i": "1"})
        elsewhere = self.world.git_server("--user", "ann", "--password", "s3cret")
        self.world.secret(self.ns, "login", username="ann", password="s3cret")
        for name, url in (("near", f"../{inner.name}.git"),
                          ("far", f"{elsewhere.url}/{inner.name}.git")):
            repo = self.world.repo(f"{self.ns}-{name}")
            repo.write({".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = {url}\n'})
            git(repo.tree, "add", "-A")
            git(repo.tree, "update-index", "--add", "--cacheinfo", f"160000,{inner.sha},x")
            git(repo.tree, "commit", "-q", "-m", "outer")
            git(repo.tree, "push", "-q", repo.bare, "HEAD:refs/heads/main")
            self.world.source(self.ns, name, repo.url, secretRef={"name": "login"},
                              recurseSubmodules=True)
        obj = self.world.ready("GitRepository", self.ns, "near")
        self.assertIs(obj["status"]["observedRecurseSubmodules"], True)
        with urllib.request.urlopen(obj["status"]["artifact"]["url"]) as answer:
            with tarfile.open(fileobj=io.BytesIO(answer.read())) as tar:
                self.assertEqual(tar.getnames(), [".", "x", "x/i"])
        obj = self.world.failed("GitRepository", self.ns, "far", "GitOperationFailed")
        self.assertRegex(condition(obj, "Ready")["message"],
                         "submodule 'x': unable to clone '.*': authentication required")

    def test_proxy(self):
        folder = self.world.dir
        ready, log = os.path.join(folder, "proxy"), os.path.join(folder, "proxy.log")
        proxy = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "tests", "support", "proxy.py"), "--ready", ready,
             "--user", "pat", "--password", "pr0xy", "--log", log], preexec_fn=die_with_parent)
        self.addCleanup(lambda: (proxy.terminate(), proxy.wait()))
        eventually("the proxy listens", lambda: os.path.exists(ready))
        with open(ready, encoding="utf-8") as f:
            address = f"socks5://127.0.0.1:{f.read()}"
        self.world.secret(self.ns, "login", username="ann", password="s3cret")
        self.world.secret(self.ns, "proxy", address=address, username="pat", password="pr0xy")
        self.world.source(self.ns, "app", self.repo.url, secretRef={"name": "login"},
                          proxySecretRef={"name": "proxy"})
        self.world.ready("GitRepository", self.ns, "app", self.repo.revision)
        with open(log, encoding="utf-8") as f:
            self.assertIn("socks5 127.0.0.1:", f.read())
        self.world.secret(self.ns, "bad", address="ftp://x")
        self.world.source(self.ns, "bad", self.repo.url, proxySecretRef={"name": "bad"})
        obj = self.world.failed("GitRepository", self.ns, "bad", "AuthenticationFailed")
        self.assertCondition(
            obj, "FetchFailed", "True", "AuthenticationFailed",
            f"failed to configure proxy options: secret '{self.ns}/bad': proxy URL must use one of "
            "the supported schemes (http, https, socks5), got 'ftp'")


if __name__ == "__main__":
    main()
