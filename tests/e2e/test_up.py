"""`gitops up` and `gitops down`: start, stop, supervision, and what is left behind: nothing."""

import fcntl
import json
import os
import pty
import select
import signal
import ssl
import stat
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import BIN, World, config_map, die_with_parent, eventually, main  # noqa: E402
from support.kube import ApiError, Kube, path_of  # noqa: E402

PROGRAMS = {"gitops-apiserver", "source-controller", "kustomize-controller", "helm-controller",
            "notification-controller"}


def running(folder):
    """Pids of processes that have the folder in their arguments."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if folder.encode() in f.read() and int(pid) != os.getpid():
                    found.append(int(pid))
        except OSError:
            continue
    return found


class Up(unittest.TestCase):

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.stop)

    def assert_nothing_left(self):
        eventually("all processes are gone", lambda: not running(self.world.data), timeout=20)

    def test_start_and_stop(self):
        world = self.world
        self.assertEqual(set(world.state()["processes"]), PROGRAMS)
        for name, pid in world.pids().items():
            self.assertEqual(os.readlink(f"/proc/{pid}/exe"), os.path.join(BIN, name))
        began = time.monotonic()
        self.assertEqual(world.end(), 0)
        self.assertLess(time.monotonic() - began, 10)
        self.assert_nothing_left()
        self.assertIn("✔ stopped", world.up_log())

    def test_signals(self):
        for signum in (signal.SIGINT, signal.SIGHUP):
            with self.subTest(signum):
                self.assertEqual(self.world.end(signum), 0)
                self.assert_nothing_left()
                self.world.start()

    def test_killed_supervisor_takes_all_along(self):
        self.world.up.kill()
        self.world.up.wait()
        self.assert_nothing_left()
        self.world.start()

    def test_state_survives(self):
        world = self.world
        repo = world.repo("app")
        repo.put({"a.yaml": config_map("a", "default", v=1)})
        world.source("default", "app", repo.url)
        world.kustomization("default", "app", "app")
        before = world.ready("Kustomization", "default", "app", repo.revision)
        world.end()
        repo.put({"a.yaml": config_map("a", "default", v=2)})
        world.start()
        after = world.find("Kustomization", "default", "app")
        self.assertEqual(after["metadata"]["uid"], before["metadata"]["uid"])
        world.ready("Kustomization", "default", "app", repo.revision)
        self.assertEqual(world.find("ConfigMap", "default", "a")["data"], {"v": "2"})
        artifact = world.find("GitRepository", "default", "app")["status"]["artifact"]
        with urllib.request.urlopen(artifact["url"]) as answer:
            self.assertEqual(answer.status, 200)

    def test_second_start(self):
        done = self.world.cli("up", "--data", self.world.data, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"already running in {self.world.data} as process {self.world.up.pid}",
                      done.stderr)
        done = self.world.cli("up", "--data", self.world.data, "--detach", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("already running", done.stderr)
        self.assertEqual(len(running(self.world.data)), len(PROGRAMS) + 1)

    def test_down(self):
        done = self.world.cli("down", "--data", self.world.data)
        self.assertIn("✔ stopped", done.stderr)
        self.assertEqual(self.world.up.wait(5), 0)
        self.assert_nothing_left()
        done = self.world.cli("down", "--data", self.world.data, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"nothing is running in {self.world.data}", done.stderr)

    def test_restarts(self):
        """A child that ends is started again; clients go on with the address they had."""
        world = self.world
        repo = world.repo("app")
        repo.put({"a.yaml": config_map("a", "default", v=1)})
        world.source("default", "app", repo.url)
        world.kustomization("default", "app", "app")
        world.ready("Kustomization", "default", "app", repo.revision)
        for number, name in enumerate(("kustomize-controller", "source-controller",
                                       "gitops-apiserver")):
            with self.subTest(name):
                old = world.pids()[name]
                os.kill(old, signal.SIGKILL)
                eventually(f"{name} runs again", lambda: world.pids()[name] not in (0, old))
                eventually("the API server answers", lambda: world.kube.get("/version"))
                repo.put({"a.yaml": config_map("a", "default", v=10 + number)})
                eventually("a request is taken",
                           lambda: world.request("GitRepository", "default", "app"))
                world.ready("Kustomization", "default", "app", repo.revision, timeout=30)
                self.assertEqual(world.find("ConfigMap", "default", "a")["data"],
                                 {"v": str(10 + number)})
                self.assertIn(f"{name} was ended by signal 9, starting it again", world.up_log())
        address = world.find("GitRepository", "default", "app")["status"]["artifact"]["url"]
        with urllib.request.urlopen(address) as answer:
            self.assertEqual(answer.status, 200)

    def test_permissions(self):
        """What is ours to read is nobody else's, and nothing listens but on loopback."""
        for name in ("kubeconfig", "lock", "up.json"):
            mode = stat.S_IMODE(os.stat(os.path.join(self.world.data, name)).st_mode)
            self.assertEqual(mode, 0o600, name)
        self.assertEqual(stat.S_IMODE(os.stat(self.world.kubeconfig).st_mode), 0o600)
        for folder, _, files in os.walk(self.world.data):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode) & 0o007, 0, folder)
            for name in files:
                path = os.path.join(folder, name)
                if not name.endswith(".lock"):
                    self.assertEqual(stat.S_IMODE(os.lstat(path).st_mode) & 0o077, 0, path)
        inodes = set()
        for pid in self.world.pids().values():
            for fd in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
        for table, loopback in (("tcp", "0100007F"), ("tcp6", "00000000000000000000000001000000")):
            with open(f"/proc/net/{table}", encoding="ascii") as f:
                for line in f.readlines()[1:]:
                    fields = line.split()
                    if fields[3] == "0A" and fields[9] in inodes:
                        self.assertEqual(fields[1].split(":")[0], loopback, line)

    def test_anonymous(self):
        anonymous = Kube(self.world.kubeconfig, anonymous=True)
        for path in ("/healthz", "/readyz", "/livez", "/version"):
            anonymous.get(path)
        for path in ("/api", "/apis", "/api/v1/namespaces", path_of("Secret", "default"), "/metrics",
                     "/openapi/v2"):
            with self.subTest(path):
                with self.assertRaises(ApiError) as caught:
                    anonymous.get(path)
                self.assertEqual(caught.exception.code, 401)
                self.assertEqual(caught.exception.status.get("reason"), "Unauthorized")

    def test_tls(self):
        """The server's certificate is that of the kubeconfig's CA, and no other will do."""
        with self.assertRaises(urllib.error.URLError) as caught:
            urllib.request.urlopen(self.world.kube.server + "/version")
        self.assertIsInstance(caught.exception.reason, ssl.SSLCertVerificationError)

    def test_occupied_port(self):
        import socket
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            data = os.path.join(self.world.dir, "second")
            done = self.world.cli("up", "--data", data, "--port", str(port), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(port), done.stderr)
        self.assertEqual(running(data), [])


class Detached(unittest.TestCase):

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="gitops-e2e.")
        self.addCleanup(subprocess.run, ["rm", "-rf", self.dir], check=True)
        self.data = os.path.join(self.dir, "data")
        self.gitops = os.path.join(BIN, "gitops")

    def run_cli(self, *args):
        return subprocess.run([self.gitops, *args], stdout=subprocess.PIPE, text=True, timeout=60,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)

    def test_detach(self):
        config = os.path.join(self.dir, "config")
        self.addCleanup(self.run_cli, "down", "--data", self.data)
        done = self.run_cli("up", "--data", self.data, "--port", "0", "--detach",
                            "--kubeconfig", config)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^ready in \d+ ms\nexport KUBECONFIG=")
        self.assertEqual(Kube(config).get("/version")["major"], "1")
        with open(os.path.join(self.data, "up.json"), encoding="utf-8") as f:
            state = json.load(f)
        self.assertEqual(os.getsid(state["pid"]), state["pid"])
        done = self.run_cli("down", "--data", self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        eventually("all processes are gone", lambda: not running(self.data))

    def test_terminal_interrupt(self):
        """Ctrl-C on a terminal, while it starts and when it is ready, leaves nothing running."""
        for wait in (0.0, 0.05, 0.2, None):
            with self.subTest(wait=wait):
                master, slave = pty.openpty()
                process = subprocess.Popen(
                    [self.gitops, "up", "--data", self.data, "--port", "0"], stdin=slave,
                    stdout=slave, stderr=slave, preexec_fn=self.take_terminal)
                os.close(slave)
                text = self.read_terminal(master, b"ready in", 30 if wait is None else wait)
                if wait is None:
                    self.assertIn(b"ready in", text)
                os.write(master, b"\x03")
                self.read_terminal(master, b"\0", 30)
                status = process.wait(30)
                os.close(master)
                if wait is None:
                    self.assertEqual(status, 0)
                eventually("all processes are gone", lambda: not running(self.data))

    @staticmethod
    def take_terminal():
        die_with_parent()
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    @staticmethod
    def read_terminal(master, until, timeout):
        """What is written to the terminal, until the text comes, all have left, or time is over."""
        text, deadline = b"", time.monotonic() + timeout
        while until not in text and time.monotonic() < deadline:
            if not select.select([master], [], [], 0.005)[0]:
                continue
            try:
                text += os.read(master, 4096)
            except OSError:
                break
        return text

    def test_no_program(self):
        """A program that is not beside `gitops` is named."""
        copy = os.path.join(self.dir, "gitops")
        subprocess.run(["cp", self.gitops, copy], check=True)
        done = subprocess.run([copy, "up", "--data", self.data], text=True, check=False,
                              stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("gitops-apiserver", done.stderr)

    def test_no_folder(self):
        done = self.run_cli("up", "--data", "/proc/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/proc/nowhere", done.stderr)
        done = self.run_cli("down", "--data", os.path.join(self.dir, "never"))
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    main()
