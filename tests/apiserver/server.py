"""A gitops-apiserver of a test's own, and the real kubectl and helm against it."""

import http.client
import json
import os
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import oracle  # noqa: E402

BIN = os.environ["GITOPS_BIN"]
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))


class Server:
    """The process; stop() ends it, kill() as a crash would."""

    def __init__(self, *flags, data=True, file_size=None):
        self.dir = tempfile.mkdtemp(prefix="as-e2e-")
        self.flags = flags
        self.data = data
        self.file_size = file_size
        self.start()

    def start(self):
        out, ready = os.pipe()
        where = ["--data", os.path.join(self.dir, "data")] if self.data else [
            "--memory", "--kubeconfig", os.path.join(self.dir, "kubeconfig")]
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.process = subprocess.Popen(
            [os.path.join(BIN, "gitops-apiserver"), *where, "--report-fd", str(ready), *self.flags],
            pass_fds=[ready], stderr=self.log, preexec_fn=self.file_size and (
                lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_size,) * 2)))
        os.close(ready)
        with os.fdopen(out) as pipe:
            line = pipe.readline()
        if not line:
            self.process.wait()
            raise AssertionError("the server did not start: " + self.read_log())
        report = json.loads(line)
        self.url, self.kubeconfig = report["address"], report["kubeconfig"]
        self.host = self.url.split("//")[1]
        self._credentials()

    def _credentials(self):
        import base64
        import yaml
        with open(self.kubeconfig, encoding="utf-8") as f:
            config = yaml.safe_load(f)
        user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
        self.tls = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        self.anonymous_tls = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        pem = os.path.join(self.dir, "admin.pem")
        with open(os.open(pem, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as f:
            f.write(base64.b64decode(user["client-certificate-data"]))
            f.write(base64.b64decode(user["client-key-data"]))
        self.tls.load_cert_chain(pem)

    def read_log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self.log.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def request(self, method, path, body=None, anonymous=False, **headers):
        """(status, headers, body) of one request; a dict or list as body is sent as JSON."""
        connection = http.client.HTTPSConnection(
            self.host, context=self.anonymous_tls if anonymous else self.tls, timeout=30)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content_Type", "application/json")
        connection.request(method, path, body,
                           {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if answer.getheader("Content-Type", "").startswith("application/json"):
            data = json.loads(data)
        return answer.status, answer.headers, data

    def watch(self, path):
        """Yields the events of a watch until its stream ends."""
        connection = http.client.HTTPSConnection(self.host, context=self.tls, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        for line in answer:
            yield json.loads(line)
        connection.close()


class Case(unittest.TestCase):
    """Tests that share a server; each has a namespace of its own."""

    flags = ()
    tools = ()

    @classmethod
    def setUpClass(cls):
        cls.oracles = {name: oracle(name) for name in cls.tools}
        cls.server = Server(*cls.flags)
        cls.addClassCleanup(cls.server.remove)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code:
            raise AssertionError(f"the server ended with {code}: {cls.server.read_log()}")

    def setUp(self):
        self.ns = "t-" + self._testMethodName.removeprefix("test_").replace("_", "-")[:50]
        status, _, body = self.server.request(
            "POST", "/api/v1/namespaces", {"metadata": {"name": self.ns}})
        self.assertEqual(status, 201, body)

    def run_tool(self, name, *args, stdin=None, check=True, timeout=60):
        done = subprocess.run(
            [self.oracles[name], "--kubeconfig", self.server.kubeconfig, "-n", self.ns, *args],
            text=True, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=timeout, check=False, env={**os.environ, "HOME": self.server.dir})
        if check and done.returncode:
            raise AssertionError(f"{name} {' '.join(args)}: {done.stdout}{done.stderr}")
        return done

    def kubectl(self, *args, **kwargs):
        return self.run_tool("kubectl", *args, **kwargs)

    def eventually(self, check, what, timeout=15):
        end = time.monotonic() + timeout
        while not check():
            if time.monotonic() > end:
                raise AssertionError(f"not in time: {what}")
            time.sleep(0.02)


def main():
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    # A class that was skipped as a whole counts as one skip and no test run.
    if result.skipped and not result.testsRun:
        print(result.skipped[0][1])
        sys.exit(77)
