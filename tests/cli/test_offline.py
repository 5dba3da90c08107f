"""Commands that need no cluster: help, completion, man page, version, kustomize, --export."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import BIN, FLEET, ROOT, main  # noqa: E402

GITOPS = os.path.join(BIN, "gitops")
DATA = os.path.join(ROOT, "tests", "data", "cli")


def run(*args, cwd=None, env=None, stdin=None):
    return subprocess.run(
        [GITOPS, *args], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=30, cwd=cwd, input=stdin, stdin=None if stdin else subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(env or {})})


def children(help_text):
    """Names under "Commands:" of a help text."""
    block = re.search(r"^Commands:\n((?:  .*\n)+)", help_text, re.M)
    return [line.split()[0] for line in block.group(1).splitlines()] if block else []


def every_command(words=()):
    """All commands, found by walking the help."""
    done = run(*words, "--help")
    yield words, done
    for name in children(done.stdout):
        yield from every_command(words + (name,))


class Help(unittest.TestCase):

    def test_every_command_has_help(self):
        seen = set()
        for words, done in every_command():
            with self.subTest(" ".join(words)):
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("\nUsage:\n  gitops", done.stdout)
                self.assertIn("\nGlobal flags:\n", done.stdout)
                for line in done.stdout.splitlines():
                    self.assertLessEqual(len(line), 132, line)
                    self.assertEqual(line, line.rstrip())
                if words:
                    self.assertEqual(run("help", *words).stdout, done.stdout)
                seen.add(" ".join(words))
        for name in ("up", "down", "get kustomizations", "get sources git", "reconcile source git",
                     "reconcile kustomization", "suspend kustomization", "resume kustomization",
                     "create source git", "create kustomization", "delete kustomization",
                     "export kustomization", "events", "logs", "check", "kustomize", "version",
                     "completion"):
            self.assertIn(name, seen)

    def test_no_arguments(self):
        self.assertEqual(run().stdout, run("--help").stdout)
        self.assertEqual(run().returncode, 0)

    def test_groups_show_their_commands(self):
        done = run("get", "sources")
        self.assertEqual(done.returncode, 0)
        self.assertIn("git", children(done.stdout))


class Errors(unittest.TestCase):

    def assert_error(self, args, cause):
        done = run(*args)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout, "")
        first = done.stderr.splitlines()[0]
        self.assertTrue(first.startswith("✗ "), done.stderr)
        self.assertIn(cause, done.stderr)

    def test_table(self):
        table = [
            (["frobnicate"], 'unknown command "frobnicate"'),
            (["get", "frobnicate"], "frobnicate"),
            (["get", "sources", "frobnicate"], "frobnicate"),
            (["help", "frobnicate"], "frobnicate"),
            (["version", "--nope"], "--nope"),
            (["version", "-x"], "x"),
            (["version", "-o", "xml"], "xml"),
            (["version", "extra"], "extra"),
            (["version", "--timeout", "soon"], "soon"),
            (["version", "--timeout"], "--timeout"),
            (["up", "--port", "many"], "many"),
            (["up", "--port", "70000", "--data", "/nonexistent/x"], "70000"),
            (["reconcile", "kustomization"], "name"),
            (["reconcile", "kustomization", "a", "b"], "too many arguments"),
            (["completion", "tcsh"], "tcsh"),
            (["completion"], "shell"),
            (["create", "source", "git", "xx", "--export"], "url is required"),
            (["create", "source", "git", "xx", "--url=ftp://x/y", "--branch=main", "--export"],
             "git URL scheme 'ftp' not supported, can be: ssh, http and https"),
            (["create", "source", "git", "xx", "--url=https://x/y", "--export"],
             "a Git ref is required, use one of the following: --branch, --tag, --commit, "
             "--ref-name or --tag-semver"),
            (["create", "source", "git", "Bad_Name", "--url=https://x/y", "--branch=m",
              "--export"], "Bad_Name"),
            (["create", "source", "git", "xx", "--url=https://x/y", "--branch=m", "--provider=foo",
              "--export"], "foo"),
            (["create", "kustomization", "xx", "--export"], "source is required"),
            (["create", "kustomization", "xx", "--source=HelmChart/a", "--export"],
             "its kind must be one of: OCIRepository, GitRepository, Bucket"),
            (["create", "kustomization", "xx", "--source=a", "--path=../b", "--export"], "../b"),
            (["create", "kustomization", "xx", "--source=a", "--label=nope", "--export"],
             "invalid label format 'nope', must be key=value"),
            (["create", "kustomization", "xx", "--source=a", "--health-check=Pod/x.y", "--export"],
             "invalid health check 'Pod/x.y'"),
            (["get", "all", "--kubeconfig", "/nonexistent/config"], "/nonexistent/config"),
            (["get", "kustomizations", "--status-selector", "Ready",
              "--kubeconfig", "/nonexistent/config"], ""),
            (["kustomize", "/nonexistent/dir"], "/nonexistent/dir"),
        ]
        for args, cause in table:
            with self.subTest(" ".join(args)):
                self.assert_error(args, cause)

    def test_full_pipe(self):
        """A reader that goes away, or a full disk, is not success."""
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([GITOPS, "version"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)

    def test_bad_kubeconfig(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "config")
            for text, cause in (("a: [", "line"), ("[]", path), ("", "no configuration has been provided"),
                                ("apiVersion: v1\nkind: Config\ncurrent-context: nope\n", "nope")):
                with self.subTest(text):
                    with open(path, "w", encoding="utf-8") as f:
                        f.write(text)
                    self.assert_error(["get", "all", "--kubeconfig", path], cause)


class Version(unittest.TestCase):

    def test_text(self):
        done = run("version")
        self.assertEqual(done.returncode, 0)
        values = yaml.safe_load(done.stdout)
        self.assertEqual(set(values), {"gitops", "flux", "helm", "kubernetes", "kustomize"})
        with open(os.path.join(ROOT, "cmake", "versions.cmake"), encoding="utf-8") as f:
            pins = f.read()
        for value in values.values():
            self.assertIn(value[1:], pins)

    def test_json_and_yaml(self):
        self.assertEqual(json.loads(run("version", "-o", "json").stdout),
                         yaml.safe_load(run("version", "-o", "yaml").stdout))

    def test_flag(self):
        version = yaml.safe_load(run("version").stdout)["gitops"]
        self.assertEqual(run("--version").stdout, f"gitops version {version[1:]}\n")

    def test_is_light(self):
        """No network library is loaded for what needs none."""
        libraries = subprocess.run(["ldd", GITOPS], stdout=subprocess.PIPE, text=True,
                                   check=True).stdout
        for name in ("curl", "ssl", "uv", "git2", "ssh", "sqlite", "nghttp2"):
            self.assertNotIn(f"lib{name}", libraries)


class Completion(unittest.TestCase):

    def test_scripts(self):
        checks = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"],
                  "powershell": None}
        for shell, check in checks.items():
            with self.subTest(shell):
                done = run("completion", shell)
                self.assertEqual(done.returncode, 0)
                self.assertTrue(done.stdout)
                if check and shutil.which(check[0]):
                    with tempfile.NamedTemporaryFile("w", suffix=shell) as f:
                        f.write(done.stdout)
                        f.flush()
                        subprocess.run([*check, f.name], check=True)

    def complete(self, *words):
        done = run("__complete", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_words(self):
        self.assertIn("kustomize", self.complete("ku"))
        self.assertEqual(self.complete("kusto"), ["kustomize"])
        self.assertEqual(set(self.complete("get", "sources", "")),
                         {"all", "git", "oci", "helm", "chart", "bucket", "external"})
        self.assertEqual(self.complete("up", "--de"), ["--detach"])
        self.assertIn("--kubeconfig", self.complete("get", "all", "--"))
        self.assertNotIn("__complete", self.complete(""))

    def test_in_bash(self):
        script = run("completion", "bash").stdout + (
            '\nCOMP_WORDS=(gitops create so); COMP_CWORD=2; _gitops 2>/dev/null\n'
            'printf "%s\\n" "${COMPREPLY[@]}"\n')
        done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True, check=True,
                              env={"PATH": BIN + ":" + os.environ["PATH"]})
        self.assertEqual(done.stdout, "source\n")


class Manual(unittest.TestCase):

    def test_renders(self):
        text = run("man").stdout
        self.assertTrue(text.startswith(".TH GITOPS 1"))
        for tool in (["groff", "-man", "-Tutf8", "-ww", "-z"], ["mandoc", "-Tlint", "-Werror"]):
            if shutil.which(tool[0]):
                done = subprocess.run(tool, input=text, text=True, stderr=subprocess.PIPE,
                                      stdout=subprocess.PIPE, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""), tool)

    def test_has_every_command(self):
        text = run("man").stdout.replace("\\-", "-")
        for words, done in every_command():
            if words and not children(done.stdout):
                self.assertIn(f'gitops {" ".join(words)}', text)


class Kustomize(unittest.TestCase):

    def test_folder(self):
        done = run("kustomize", os.path.join(FLEET, "apps", "staging"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        kinds = [d["kind"] for d in yaml.safe_load_all(done.stdout)]
        self.assertEqual(kinds, ["ConfigMap", "ConfigMap", "Service", "Service", "Deployment",
                                 "Deployment"])

    def test_working_directory(self):
        folder = os.path.join(FLEET, "apps", "staging")
        self.assertEqual(run("kustomize", cwd=folder).stdout, run("kustomize", folder).stdout)

    def test_errors_name_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("kustomize", folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn("kustomization", done.stderr)
            with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as f:
                f.write("resources:\n- x.yaml\n  y: [\n")
            done = run("kustomize", folder)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("kustomization.yaml", done.stderr)
            self.assertIn("line", done.stderr)


class Export(unittest.TestCase):
    """`create --export` prints what would be created, and asks no server."""

    maxDiff = None

    def golden(self, name, *args, **more):
        done = run(*args, "--export", **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        path = os.path.join(DATA, name + ".yaml")
        if os.environ.get("UPDATE_GOLDEN"):
            with open(path, "w", encoding="utf-8") as f:
                f.write(done.stdout)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(done.stdout, f.read())

    def test_source_git(self):
        self.golden("source-git", "create", "source", "git", "fleet",
                    "--url=https://git.example.com/fleet.git", "--branch=main", "--interval=5m",
                    "--ignore-paths=docs/,*.md", "--label=team=shop", "--fetch-timeout=2m",
                    "--secret-ref=creds", "--proxy-secret-ref=proxy", "-n", "team-a")

    def test_source_git_with_secret(self):
        self.golden("source-git-secret", "create", "source", "git", "fleet",
                    "--url=https://git.example.com/fleet.git", "--tag-semver=>=1.0",
                    "--username=ann", "--password=secret")

    def test_kustomization(self):
        self.golden("kustomization", "create", "kustomization", "apps", "--source=fleet",
                    "--path=./apps", "--prune", "--wait", "--interval=10m", "--retry-interval=30s",
                    "--health-check-timeout=3m", "--depends-on=infra,other/base",
                    "--service-account=deployer", "--target-namespace=apps")

    def test_kustomization_of_another_namespace(self):
        self.golden("kustomization-checks", "create", "ks", "apps",
                    "--source=OCIRepository/images.registry",
                    "--health-check=Deployment/web.shop", "--health-check=HelmRelease/db.shop")


if __name__ == "__main__":
    main()
