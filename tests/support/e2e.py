"""What the end-to-end scenarios share: a world of its own for each file, and words to wait with.

A world is a temporary folder with a Git server and `gitops up`, both on free ports of loopback.
Both end with the world, and with this process however it ends.  The programs are those of the
folder that $GITOPS_BIN names.
"""

import base64
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from support.kube import (  # noqa: E402
    CLUSTER_SCOPED, RESOURCES, ApiError, Kube, condition, path_of)

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.abspath(os.environ.get("GITOPS_BIN", os.path.join(ROOT, "build", "bin")))
FLEET = os.path.join(ROOT, "docs", "examples", "fleet")
GIT_SERVER = os.path.join(ROOT, "tests", "support", "git_http.py")
SKIPPED = 77
# What becomes of a simulated workload: "fail" or "never"; without it, it becomes ready.
SIMULATE = "simulate.gitops.toolkit/outcome"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def eventually(what, judge, timeout=20.0, pause=0.02):
    """The first true value of judge(); a failure names `what` and the last value or error."""
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            last = judge()
            if last:
                return last
        except (ApiError, OSError, KeyError, IndexError, TypeError, AssertionError) as e:
            last = e
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what} (last: {last!r})")
        time.sleep(pause)


def git(folder, *args, check=True):
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
           "GIT_TERMINAL_PROMPT": "0",
           "GIT_AUTHOR_NAME": "E2E", "GIT_AUTHOR_EMAIL": "e2e@example.com",
           "GIT_COMMITTER_NAME": "E2E", "GIT_COMMITTER_EMAIL": "e2e@example.com"}
    done = subprocess.run(["git", "-C", folder, *args], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(args)}: {done.stderr}")
    return done.stdout.strip()


class GitServer:
    """tests/support/git_http.py with the options given."""

    def __init__(self, root, *options):
        self.root = root
        self.ready = tempfile.mktemp(prefix="url.", dir=root + "/..")
        self.log = self.ready + ".log"
        self.process = subprocess.Popen(
            [sys.executable, GIT_SERVER, "--root", root, "--ready", self.ready,
             "--log", self.log, *options],
            stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
        eventually("the Git server listens", lambda: os.path.exists(self.ready))
        with open(self.ready, encoding="utf-8") as f:
            self.url = f.read()

    def requests(self):
        """Lines METHOD PATH STATUS of what was answered so far."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as f:
            return f.read().splitlines()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


class Repo:
    """A work tree and the bare repository it pushes to."""

    def __init__(self, world, name):
        self.name = name
        self.world = world
        self.bare = os.path.join(world.repos, name + ".git")
        self.tree = os.path.join(world.dir, "trees", name)
        os.makedirs(self.tree)
        git(world.dir, "init", "-q", "--bare", "-b", "main", self.bare)
        git(world.dir, "init", "-q", "-b", "main", self.tree)
        self.sha = None

    @property
    def url(self):
        return f"{self.world.server.url}/{self.name}.git"

    @property
    def revision(self):
        return f"main@sha1:{self.sha}"

    def write(self, files):
        """Writes the files; a value of None removes one."""
        for path, text in files.items():
            full = os.path.join(self.tree, path)
            if text is None:
                os.unlink(full)
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode())

    def commit(self, message="change"):
        """Commits everything and pushes it; the new revision."""
        git(self.tree, "add", "-A")
        git(self.tree, "commit", "-q", "--allow-empty", "-m", message)
        git(self.tree, "push", "-q", self.bare, "HEAD:refs/heads/main", "--force")
        self.sha = git(self.tree, "rev-parse", "HEAD")
        return self.revision

    def put(self, files, message="change"):
        self.write(files)
        return self.commit(message)


class World:
    live = []

    def __init__(self, up_options=(), git_options=(), data=None):
        World.live.append(self)
        self.dir = tempfile.mkdtemp(prefix="gitops-e2e.")
        self.repos = os.path.join(self.dir, "git")
        self.data = data or os.path.join(self.dir, "data")
        self.kubeconfig = os.path.join(self.dir, "kubeconfig")
        self.up_options = list(up_options)
        self.up = self.kube = self.server = None
        self.servers = []
        os.mkdir(self.repos)
        os.mkdir(os.path.join(self.dir, "trees"))
        try:
            self.server = self.git_server(*git_options)
            self.start()
        except BaseException:
            self.stop()
            raise

    # --- processes ---

    def git_server(self, *options):
        server = GitServer(self.repos, *options)
        self.servers.append(server)
        return server

    def start(self):
        """Runs `gitops up` and returns once it said that it is ready."""
        log = open(os.path.join(self.dir, "up.err"), "ab")
        self.up = subprocess.Popen(
            [os.path.join(BIN, "gitops"), "up", "--data", self.data, "--port", "0",
             "--kubeconfig", self.kubeconfig, *self.up_options],
            stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=die_with_parent)
        log.close()
        for line in self.up.stdout:
            if line.startswith("ready in "):
                self.ready_ms = int(line.split()[2])
                break
        else:
            self.up.wait()
            raise AssertionError(f"gitops up ended with {self.up.returncode}:\n{self.up_log()}")
        self.kube = Kube(self.kubeconfig)

    def end(self, signum=signal.SIGTERM, timeout=40):
        """Ends `gitops up`; its exit status."""
        self.up.send_signal(signum)
        status = self.up.wait(timeout)
        self.up.stdout.close()
        return status

    def state(self):
        with open(os.path.join(self.data, "up.json"), encoding="utf-8") as f:
            return json.load(f)

    def pids(self):
        return {name: p["pid"] for name, p in self.state()["processes"].items()}

    def addresses(self, program):
        return self.state()["processes"][program].get("addresses", {})

    def stop(self):
        World.live.remove(self)
        if self.up and self.up.poll() is None:
            self.up.terminate()
            try:
                self.up.wait(40)
            except subprocess.TimeoutExpired:
                self.up.kill()
                self.up.wait()
        if self.up and self.up.stdout:
            self.up.stdout.close()
        for server in self.servers:
            server.stop()
        if os.environ.get("E2E_KEEP"):
            print(f"kept: {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def up_log(self):
        with open(os.path.join(self.dir, "up.err"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def log(self, program):
        path = os.path.join(self.data, "logs", program + ".log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()

    # --- the command line ---

    def cli(self, *args, check=True, timeout=60, stdin=None, env=None):
        done = subprocess.run(
            [os.path.join(BIN, "gitops"), *args], input=stdin, timeout=timeout, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env={**os.environ, "KUBECONFIG": self.kubeconfig, **(env or {})})
        if check and done.returncode:
            raise AssertionError(f"gitops {' '.join(args)} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    # --- objects ---

    def repo(self, name):
        return Repo(self, name)

    def find(self, kind, ns, name):
        return self.kube.find(path_of(kind, ns, name))

    def items(self, kind, ns):
        return self.kube.get(path_of(kind, ns))["items"]

    def namespace(self, name):
        if not self.find("Namespace", "", name):
            self.kube.create(path_of("Namespace", ""),
                             {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    def create(self, kind, ns, name, spec=None, **fields):
        obj = {"apiVersion": RESOURCES[kind][0], "kind": kind, "metadata": {"name": name}, **fields}
        if kind not in CLUSTER_SCOPED:
            obj["metadata"]["namespace"] = ns
        if spec is not None:
            obj["spec"] = spec
        return self.kube.create(path_of(kind, ns), obj)

    def merge(self, kind, ns, name, patch):
        return self.kube.merge(path_of(kind, ns, name), patch)

    def delete(self, kind, ns, name):
        return self.kube.delete(path_of(kind, ns, name))

    def secret(self, ns, name, **data):
        encoded = {key.replace("__", "."): base64.b64encode(value.encode()).decode()
                   for key, value in data.items()}
        return self.create("Secret", ns, name, data=encoded)

    def source(self, ns, name, url, **spec):
        """A GitRepository that follows main, once a minute."""
        return self.create("GitRepository", ns, name,
                           {"interval": "1m", "url": url, "ref": {"branch": "main"}, **spec})

    def kustomization(self, ns, name, source, **spec):
        return self.create("Kustomization", ns, name, {
            "interval": "10m", "prune": True, "sourceRef": {"kind": "GitRepository", "name": source},
            **spec})

    def request(self, kind, ns, name):
        """Asks for a run now; the token that status will repeat."""
        token = f"{time.time_ns()}"
        self.merge(kind, ns, name,
                   {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": token}}})
        return token

    def handled(self, kind, ns, name, timeout=20):
        """Asks for a run and waits for its end."""
        token = self.request(kind, ns, name)
        return eventually(
            f"{kind} {ns}/{name} handles a request", timeout=timeout,
            judge=lambda: self.seen(kind, ns, name,
                                    lambda o: o["status"].get("lastHandledReconcileAt") == token))

    def seen(self, kind, ns, name, judge):
        obj = self.find(kind, ns, name)
        return obj if obj and judge(obj) else None

    def ready(self, kind, ns, name, revision=None, timeout=20):
        """The object once it is Ready for its generation, and for the revision if one is given."""
        def judge():
            obj = self.find(kind, ns, name)
            status = obj["status"]
            got = status.get("lastAppliedRevision") or status.get("artifact", {}).get("revision")
            ready = condition(obj, "Ready")
            ok = (ready.get("status") == "True"
                  and status.get("observedGeneration") == obj["metadata"]["generation"]
                  and not condition(obj, "Reconciling")
                  and (revision is None or got == revision))
            if not ok:
                raise AssertionError(json.dumps(status))
            return obj
        return eventually(f"{kind} {ns}/{name} is ready", judge, timeout)

    def failed(self, kind, ns, name, reason, timeout=20, kind_of="Ready"):
        """The object once Ready is False for the reason."""
        def judge():
            obj = self.find(kind, ns, name)
            found = condition(obj, kind_of)
            if found.get("status") != "False" or found.get("reason") != reason:
                raise AssertionError(json.dumps(obj.get("status")))
            return obj
        return eventually(f"{kind} {ns}/{name} fails with {reason}", judge, timeout)

    def absent(self, kind, ns, name, timeout=20):
        eventually(f"{kind} {ns}/{name} is gone", lambda: self.find(kind, ns, name) is None,
                   timeout)

    def told(self, kind, ns, name, what, judge):
        """The events about the object once one of them is what judge looks for: controllers write
        them in the background, so they may come after what they tell of."""
        return eventually(f"{kind} {ns}/{name} tells of {what}", lambda: [
            e for e in self.events(kind, ns, name) if judge(e)])

    def events(self, kind, ns, name):
        """(type, reason, message, annotations) about the object, oldest first."""
        found = [e for e in self.items("Event", ns)
                 if e["involvedObject"].get("kind") == kind
                 and e["involvedObject"].get("name") == name]
        found.sort(key=lambda e: int(e["metadata"]["resourceVersion"]))
        return [(e["type"], e["reason"], e["message"], e["metadata"].get("annotations") or {})
                for e in found]

    def diagnose(self):
        """What a reader of a failed test wants to see."""
        out = [self.up_log()]
        for kind in ("GitRepository", "Kustomization"):
            version, plural = RESOURCES[kind]
            try:
                for obj in self.kube.get(f"/apis/{version}/{plural}")["items"]:
                    out.append(f"{kind} {obj['metadata']['namespace']}/{obj['metadata']['name']}: "
                               f"{json.dumps(obj.get('status', {}).get('conditions'), indent=1)}")
            except (ApiError, OSError) as e:
                out.append(f"{kind}: {e}")
        for program in ("gitops-apiserver", "source-controller", "kustomize-controller"):
            out.append(f"--- {program}.log\n" + "\n".join(self.log(program).splitlines()[-12:]))
        return "\n".join(out)


class Scenario(unittest.TestCase):
    """A file's tests share one world; each test has a namespace of its own."""

    up_options = ()
    git_options = ()
    world = None

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.up_options, cls.git_options)
        cls.addClassCleanup(cls.world.stop)

    def setUp(self):
        self.ns = self.world.namespace(
            self.id().rsplit(".", 1)[1].replace("test_", "").replace("_", "-")[:50])

    def start(self, files, name="app", **spec):
        """A repository with the files, its GitRepository and a Kustomization, both of one name."""
        repo = self.world.repo(f"{self.ns}-{name}")
        repo.put(files)
        self.world.source(self.ns, name, repo.url)
        self.world.kustomization(self.ns, name, name, **spec)
        return repo

    def roll_out(self, repo, files, name="app", message="change"):
        """Pushes the change and has the source look; the revision."""
        revision = repo.put(files, message)
        self.world.request("GitRepository", self.ns, name)
        return revision

    def assertCondition(self, obj, kind, status, reason, message=None):
        found = condition(obj, kind)
        self.assertEqual((found.get("status"), found.get("reason")), (status, reason),
                         json.dumps(obj.get("status"), indent=1))
        self.assertEqual(found.get("observedGeneration"), obj["metadata"]["generation"])
        if isinstance(message, str):
            self.assertEqual(found.get("message"), message)
        elif message is not None:
            self.assertRegex(found.get("message", ""), message)


def config_map(name, ns=None, labels=None, annotations=None, **data):
    """The text of a ConfigMap."""
    metadata = {"name": name}
    for key, value in (("namespace", ns), ("labels", labels), ("annotations", annotations)):
        if value:
            metadata[key] = value
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
                       "data": {k: str(v) for k, v in data.items()}}, indent=1) + "\n"


def deployment(name, ns=None, image="registry.example.com/app:1", replicas=1, annotations=None,
               **spec):
    """The text of a Deployment."""
    metadata = {"name": name}
    if ns:
        metadata["namespace"] = ns
    if annotations:
        metadata["annotations"] = annotations
    return json.dumps({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}},
                              "spec": {"containers": [{"name": name, "image": image}]}},
                 **spec}}, indent=1) + "\n"


def find_oracle(name):
    """(path, None) of the real kubectl or helm, or (None, why not)."""
    given = os.environ.get(name.upper())
    if given:
        return (given, None) if os.access(given, os.X_OK) else (None, f"{given} does not run")
    script = os.path.join(ROOT, "tests", "oracles.sh")
    if not os.path.exists(script):
        return None, f"{script} is missing"
    done = subprocess.run([script], text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    path = os.path.join(done.stdout.strip(), name)
    if done.returncode == 0 and os.access(path, os.X_OK):
        return path, None
    return None, done.stderr.strip() or f"{path} does not run"


def oracle(name):
    """The path of the real kubectl or helm.  Without it: a skip, or a failure where it is required."""
    path, why = find_oracle(name)
    if path:
        return path
    reason = f"the real {name} is not to be had: {why}"
    if os.environ.get("GT_REQUIRE_ORACLES") == "1":
        raise AssertionError(reason)
    raise unittest.SkipTest(reason)


class Result(unittest.TextTestResult):
    def _diagnose(self, test):
        for world in World.live:
            if world.kube:
                print(f"\n=== {test}\n{world.diagnose()}", file=sys.stderr, flush=True)

    def addFailure(self, test, err):
        self._diagnose(test)
        super().addFailure(test, err)

    def addError(self, test, err):
        self._diagnose(test)
        super().addError(test, err)


def main():
    """Runs this file's tests; 77 when all of them were skipped."""
    program = unittest.main(
        exit=False, testRunner=unittest.TextTestRunner(verbosity=2, resultclass=Result))
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    skipped = len(result.skipped)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    sys.exit(SKIPPED if skipped and skipped >= result.testsRun else 0)
