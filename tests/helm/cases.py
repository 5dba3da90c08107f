#!/usr/bin/python3
"""Renders every chart of tests/data/helm and compares what comes out, byte for byte.

  cases.py GITOPS DATA [CASE...]

A case is a folder with args.txt (the words of the command line, run inside the folder) and either
expected.yaml or expected-error.txt.  Cases named in XFAIL are known to differ; one that does not
is a failure too, so that the list only shrinks.
"""
import os
import subprocess
import sys

XFAIL = {}


def message(text):
    """The error itself: without the mark of the program and its hint."""
    text = text.split("\n\nUse --debug flag")[0].strip()
    for mark in ("Error: ", "✗ "):
        if text.startswith(mark):
            text = text[len(mark):]
    return text


def read(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        return f.read()


def run(gitops, folder):
    with open(os.path.join(folder, "args.txt"), encoding="utf-8") as f:
        args = f.read().split("\n")
    args = [a for a in args if a]
    return subprocess.run([gitops] + args, cwd=folder, capture_output=True, timeout=60,
                          env=dict(os.environ, TZ="UTC"), check=False)


def difference(gitops, folder):
    """None when the case is as expected."""
    done = run(gitops, folder)
    want = read(folder, "expected.yaml")
    if want is not None:
        if done.returncode != 0:
            return "failed: " + done.stderr.decode()
        if done.stdout == want:
            return None
        a, b = want.decode().split("\n"), done.stdout.decode().split("\n")
        for i, line in enumerate(a):
            if i >= len(b) or b[i] != line:
                got = b[i] if i < len(b) else "(end)"
                return f"line {i + 1}:\n    want {line!r}\n    got  {got!r}"
        return "longer than expected"
    want = message(read(folder, "expected-error.txt").decode())
    got = message(done.stderr.decode())
    if done.returncode != 1:
        return f"exit status {done.returncode}, want 1 and {want!r}"
    return None if got == want else f"\n    want {want!r}\n    got  {got!r}"


def main():
    gitops, data = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    names = sys.argv[3:] or sorted(os.listdir(data))
    bad = 0
    for name in names:
        what = difference(gitops, os.path.join(data, name))
        if what is not None and name not in XFAIL:
            print(f"FAILED {name}: {what}")
            bad += 1
        if what is None and name in XFAIL:
            print(f"{name} is as expected: take it off the list")
            bad += 1
    print(f"{len(names) - bad} of {len(names)} cases as expected ({len(XFAIL)} known to differ)")
    return bad > 0


sys.exit(main())
