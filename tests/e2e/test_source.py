"""What source-controller makes of references, ignore rules, includes and repeated looks."""

import io
import os
import subprocess
import sys
import tarfile
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import Scenario, condition, die_with_parent, eventually, git, main  # noqa: E402

SSHD = "/usr/sbin/sshd"


class Source(Scenario):

    def names(self, name, contents=False):
        """Paths of the files in the artifact."""
        url = self.world.ready("GitRepository", self.ns, name)["status"]["artifact"]["url"]
        with urllib.request.urlopen(url) as answer:
            data = answer.read()
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            if contents:
                return {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}
            return sorted(m.name for m in tar.getmembers() if m.isfile())

    def revision(self, name, ref, url, timeout=20, **spec):
        self.world.source(self.ns, name, url, ref=ref, **spec)
        obj = self.world.ready("GitRepository", self.ns, name, timeout=timeout)
        return obj["status"]["artifact"]["revision"]

    def test_references(self):
        repo = self.world.repo("refs")
        repo.put({"v": "1"})
        first = repo.sha
        git(repo.tree, "tag", "-a", "-m", "one", "v1.0.0")
        git(repo.tree, "tag", "plain")
        repo.put({"v": "2"})
        second = repo.sha
        git(repo.tree, "tag", "v1.1.0")
        git(repo.tree, "tag", "v2.0.0-rc.1")
        git(repo.tree, "push", "-q", repo.bare, "--tags")
        git(repo.tree, "push", "-q", repo.bare, f"{first}:refs/pull/7/head")
        git(repo.tree, "push", "-q", repo.bare, f"{first}:refs/heads/feature/deep/name")
        table = [
            ("branch", {"branch": "main"}, f"main@sha1:{second}"),
            ("deep", {"branch": "feature/deep/name"}, f"feature/deep/name@sha1:{first}"),
            ("tag", {"tag": "v1.0.0"}, f"v1.0.0@sha1:{first}"),
            ("light", {"tag": "plain"}, f"plain@sha1:{first}"),
            ("semver", {"semver": ">=1.0.0 <2.0.0"}, f"v1.1.0@sha1:{second}"),
            ("patch", {"semver": "~1.0"}, f"v1.0.0@sha1:{first}"),
            ("pre", {"semver": ">=2.0.0-0"}, f"v2.0.0-rc.1@sha1:{second}"),
            ("commit", {"branch": "main", "commit": first}, f"main@sha1:{first}"),
            ("bare-commit", {"commit": first}, f"sha1:{first}"),
            ("name", {"name": "refs/pull/7/head"}, f"refs/pull/7/head@sha1:{first}"),
            ("head", {"name": "refs/heads/main"}, f"refs/heads/main@sha1:{second}"),
            ("tag-name", {"name": "refs/tags/v1.0.0"}, f"refs/tags/v1.0.0@sha1:{first}"),
        ]
        for name, ref, expected in table:
            with self.subTest(name):
                self.assertEqual(self.revision(name, ref, repo.url), expected)
                self.assertEqual(self.names(name, contents=True)["v"],
                                 b"1" if first in expected else b"2")

    def test_no_match(self):
        repo = self.world.repo("nomatch")
        repo.put({"v": "1"})
        self.world.source(self.ns, "x", repo.url, ref={"semver": ">=9"})
        obj = self.world.failed("GitRepository", self.ns, "x", "GitOperationFailed")
        self.assertIn("no match found for semver: >=9", condition(obj, "Ready")["message"])

    def test_unchanged_is_cheap(self):
        """An unchanged branch costs one round trip, and writes nothing but the handled request."""
        repo = self.world.repo("cheap")
        repo.put({"v": "1"})
        self.world.source(self.ns, "app", repo.url)
        first = self.world.ready("GitRepository", self.ns, "app", repo.revision)
        before = len(self.world.server.requests())
        second = self.world.handled("GitRepository", self.ns, "app")
        asked = [r for r in self.world.server.requests()[before:] if "/cheap.git/" in r]
        self.assertEqual(len(asked), 1, asked)
        second = self.world.ready("GitRepository", self.ns, "app")
        self.assertEqual(second["status"]["artifact"], first["status"]["artifact"])
        self.assertEqual(second["status"]["conditions"], first["status"]["conditions"])

    def test_interval(self):
        """A commit is found without being asked."""
        repo = self.world.repo("interval")
        repo.put({"v": "1"})
        self.world.source(self.ns, "app", repo.url, interval="1s")
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        repo.put({"v": "2"})
        self.world.ready("GitRepository", self.ns, "app", repo.revision, timeout=5)

    def test_ignore(self):
        files = {"app.yaml": "a: 1", "logo.png": "x", "docs/guide.md": "x", "docs/keep.yaml": "k: 1",
                 ".github/workflows/ci.yaml": "x", ".gitignore": "nothing"}
        table = [
            ("defaults", {}, None, ["app.yaml", "docs/guide.md", "docs/keep.yaml"]),
            ("field", {}, "docs/*.md\n", [".github/workflows/ci.yaml", "app.yaml",
                                          "docs/keep.yaml", "logo.png"]),
            ("file", {".sourceignore": "/*\n!/docs\n"}, None,
             ["docs/guide.md", "docs/keep.yaml"]),
            ("nested", {"docs/.sourceignore": "*.md\n"}, None,
             [".github/workflows/ci.yaml", "app.yaml", "docs/.sourceignore", "docs/keep.yaml",
              "logo.png"]),
        ]
        for name, more, ignore, expected in table:
            with self.subTest(name):
                repo = self.world.repo(f"ignore-{name}")
                repo.put({**files, **more})
                self.world.source(self.ns, name, repo.url,
                                  **({"ignore": ignore} if ignore else {}))
                self.assertEqual(self.names(name), expected)
        self.world.merge("GitRepository", self.ns, "defaults", {"spec": {"ignore": "/docs\n"}})
        eventually("the rules are honoured anew", lambda: self.names("defaults") == [
            ".github/workflows/ci.yaml", "app.yaml", "logo.png"])

    def test_include(self):
        base, app = self.world.repo("base"), self.world.repo("app")
        base.put({"lib/x.yaml": "x: 1", "other.yaml": "o: 1"})
        app.put({"app.yaml": "a: 1"})
        self.world.source(self.ns, "app", app.url, include=[
            {"repository": {"name": "base"}, "fromPath": "lib", "toPath": "deps/lib"}])
        obj = eventually("it waits for the include", lambda: self.world.seen(
            "GitRepository", self.ns, "app",
            lambda o: condition(o, "IncludeUnavailable").get("status") == "True"))
        self.assertEqual(condition(obj, "Ready")["reason"], "NotFound")
        self.world.source(self.ns, "base", base.url)
        self.world.ready("GitRepository", self.ns, "base")
        self.world.request("GitRepository", self.ns, "app")
        self.assertEqual(self.names("app"), ["app.yaml", "deps/lib/x.yaml"])
        obj = self.world.ready("GitRepository", self.ns, "app")
        self.assertEqual(obj["status"]["includedArtifacts"][0]["revision"], base.revision)
        base.put({"lib/x.yaml": "x: 2"})
        self.world.handled("GitRepository", self.ns, "base")
        self.world.request("GitRepository", self.ns, "app")
        eventually("the new include is taken", lambda: self.names(
            "app", contents=True)["deps/lib/x.yaml"] == b"x: 2")

    def test_sparse_checkout(self):
        repo = self.world.repo("sparse")
        repo.put({"apps/one/a.yaml": "a: 1", "apps/two/b.yaml": "b: 1", "big/blob": "x"})
        self.world.source(self.ns, "app", repo.url, sparseCheckout=["./apps/one"])
        self.assertEqual(self.names("app"), ["apps/one/a.yaml"])
        self.world.source(self.ns, "none", repo.url, sparseCheckout=["no/where"])
        obj = self.world.failed("GitRepository", self.ns, "none", "GitOperationFailed")
        self.assertIn("sparse checkout dir 'no/where' does not exist in repository",
                      condition(obj, "Ready")["message"])

    def test_hostile_tree(self):
        """Paths that would leave the tree or touch .git never reach the artifact."""
        repo = self.world.repo("hostile")
        repo.put({"a.yaml": "a: 1"})
        blob = git(repo.tree, "hash-object", "-w", "a.yaml")
        raw = bytes.fromhex(blob)
        for number, name in enumerate((b"..", b".git", b".GIT", b"git~1")):
            with self.subTest(name):
                inner = subprocess.run(
                    ["git", "-C", repo.tree, "hash-object", "-w", "-t", "tree", "--literally",
                     "--stdin"], input=b"100644 evil\0" + raw, stdout=subprocess.PIPE,
                    check=True).stdout.strip().decode()
                outer = subprocess.run(
                    ["git", "-C", repo.tree, "hash-object", "-w", "-t", "tree", "--literally",
                     "--stdin"], input=b"40000 " + name + b"\0" + bytes.fromhex(inner),
                    stdout=subprocess.PIPE, check=True).stdout.strip().decode()
                sha = git(repo.tree, "commit-tree", outer, "-m", "evil")
                git(repo.tree, "push", "-q", repo.bare, f"+{sha}:refs/heads/evil{number}")
                self.world.source(self.ns, f"evil{number}", repo.url,
                                  ref={"branch": f"evil{number}"})
                self.world.failed("GitRepository", self.ns, f"evil{number}", "GitOperationFailed")

    def test_retention(self):
        """Of superseded artifacts few are kept, and nothing half written."""
        repo = self.world.repo("retention")
        repo.put({"v": "0"})
        self.world.source(self.ns, "app", repo.url)
        self.world.ready("GitRepository", self.ns, "app", repo.revision)
        for i in range(5):
            repo.put({"v": str(i + 1)})
            self.world.request("GitRepository", self.ns, "app")
            self.world.ready("GitRepository", self.ns, "app", repo.revision)
        self.world.handled("GitRepository", self.ns, "app")
        folder = os.path.join(self.world.data, "storage", "gitrepository", self.ns, "app")
        kept = [n for n in os.listdir(folder) if n.endswith(".tar.gz")]
        self.assertEqual(len(kept), 2, os.listdir(folder))
        self.assertIn(f"{repo.sha}.tar.gz", kept)
        self.assertEqual([n for n in os.listdir(folder)
                          if not n.endswith((".tar.gz", ".tar.gz.lock"))], [])
        for name in kept:
            self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o777, 0o600)

    def test_bearer_token(self):
        repo = self.world.repo("bearer")
        repo.put({"a": "1"})
        server = self.world.git_server("--bearer", "token-of-ours")
        self.world.secret(self.ns, "token", bearerToken="token-of-ours")
        self.world.source(self.ns, "app", f"{server.url}/bearer.git", secretRef={"name": "token"})
        self.world.ready("GitRepository", self.ns, "app", repo.revision)

    def test_old_server(self):
        """A server that knows protocol version 0 only."""
        repo = self.world.repo("old")
        repo.put({"a": "1"})
        server = self.world.git_server("--v0")
        self.world.source(self.ns, "app", f"{server.url}/old.git")
        self.world.ready("GitRepository", self.ns, "app", repo.revision)

    def test_bad_url(self):
        from support.kube import ApiError
        with self.assertRaises(ApiError) as caught:
            self.world.source(self.ns, "app", "ftp://example.com/x.git")
        self.assertEqual(caught.exception.code, 422)
        self.assertIn("spec.url", caught.exception.status["message"])


@unittest.skipUnless(os.path.exists(SSHD), f"{SSHD} is not installed")
class Ssh(Scenario):
    """A real sshd with git-upload-pack behind it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = os.path.join(cls.world.dir, "ssh")
        os.mkdir(folder, 0o700)
        for name in ("host", "user", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            os.path.join(folder, name)], check=True)
        import socket
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            cls.port = s.getsockname()[1]
        config = os.path.join(folder, "sshd_config")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"Port {cls.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
                    f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nUsePAM no\n"
                    f"PidFile none\nPasswordAuthentication no\n")
        os.makedirs("/run/sshd", exist_ok=True)
        cls.sshd = subprocess.Popen([SSHD, "-D", "-e", "-f", config], preexec_fn=die_with_parent,
                                    stderr=open(os.path.join(folder, "log"), "wb"))
        cls.addClassCleanup(lambda: (cls.sshd.terminate(), cls.sshd.wait()))
        cls.folder = folder
        import pwd
        cls.user = pwd.getpwuid(os.getuid()).pw_name
        time.sleep(0.3)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def test_ssh(self):
        if self.sshd.poll() is not None:
            self.skipTest("sshd does not run here: " + self.read("log"))
        repo = self.world.repo("ssh")
        repo.put({"a": "1"})
        url = f"ssh://{self.user}@127.0.0.1:{self.port}{repo.bare}"
        host = " ".join(self.read("host.pub").split()[:2])
        known = f"[127.0.0.1]:{self.port} {host}\n"
        self.world.secret(self.ns, "right", identity=self.read("user"), known_hosts=known)
        self.world.source(self.ns, "app", url, secretRef={"name": "right"})
        self.world.ready("GitRepository", self.ns, "app", repo.revision)

        self.world.secret(self.ns, "stranger", identity=self.read("stranger"), known_hosts=known)
        self.world.source(self.ns, "stranger", url, secretRef={"name": "stranger"})
        obj = self.world.failed("GitRepository", self.ns, "stranger", "GitOperationFailed")
        self.assertRegex(condition(obj, "Ready")["message"], "(?i)auth|denied")

        other = " ".join(self.read("stranger.pub").split()[:2])
        self.world.secret(self.ns, "spoofed", identity=self.read("user"),
                          known_hosts=f"[127.0.0.1]:{self.port} {other}\n")
        self.world.source(self.ns, "spoofed", url, secretRef={"name": "spoofed"})
        obj = self.world.failed("GitRepository", self.ns, "spoofed", "GitOperationFailed")
        self.assertRegex(condition(obj, "Ready")["message"], "(?i)host key|knownhosts|known_hosts")

        self.world.source(self.ns, "nokey", url)
        obj = self.world.failed("GitRepository", self.ns, "nokey", "AuthenticationFailed")
        self.assertIn("'identity' is required", condition(obj, "Ready")["message"])
        self.assertNotIn("PRIVATE KEY", self.world.log("source-controller"))


if __name__ == "__main__":
    main()
