#!/usr/bin/env python3
"""A depth-1 fetch of a repository with a long history, ours beside `git clone --depth 1`.

    bench_git.py DRIVER [--commits 2000] [--files 300] [--rounds 5]

DRIVER is the program of git_fetch_main.c.  Prints one line of JSON: median seconds and peak
resident memory (KiB) of both, and their ratios.  git's memory is that of its largest process.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ENV = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}


def make_repository(path, commits, files):
    """Files of a few KiB, one of them changed by each commit: written by fast-import."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True, env=ENV)
    stream = subprocess.Popen(["git", "-C", path, "fast-import", "--quiet"],
                              stdin=subprocess.PIPE, env=ENV)
    out = stream.stdin

    def data(text):
        raw = text.encode()
        out.write(b"data %d\n%s\n" % (len(raw), raw))

    for number in range(commits):
        out.write(b"commit refs/heads/main\ncommitter C <c@example.org> %d +0000\n"
                  % (1600000000 + number))
        data(f"change {number}\n")
        for f in range(files) if number == 0 else (number % files,):
            out.write(b"M 100644 inline apps/%d/file-%d.yaml\n" % (f % 20, f))
            data(f"# {number}\n" + "".join(f"key{i}: {i * (f + 1) + number}\n" for i in range(300)))
    out.close()
    if stream.wait():
        sys.exit("bench_git.py: fast-import failed")
    subprocess.run(["git", "-C", path, "repack", "-adq"], check=True, env=ENV)


def ours(driver, url):
    return json.loads(subprocess.run([driver, url], check=True, stdout=subprocess.PIPE).stdout)


def peak_kb(pid):
    """The largest peak of a process and those it started, as far as they still live."""
    peak = 0
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            peak = max(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            for child in f.read().split():
                peak = max(peak, peak_kb(int(child)))
    except (OSError, ValueError):
        pass
    return peak


def theirs(url, folder):
    target = tempfile.mkdtemp(dir=folder)
    peak = 0
    began = time.monotonic()
    child = subprocess.Popen(["git", "clone", "-q", "--depth", "1", url, target], env=ENV)
    while child.poll() is None:
        peak = max(peak, peak_kb(child.pid))
        time.sleep(0.002)
    seconds = time.monotonic() - began
    if child.returncode:
        sys.exit("bench_git.py: git clone failed")
    shutil.rmtree(target)
    return {"seconds": seconds, "peak_rss_kb": peak}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--commits", type=int, default=2000)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="bench-git-")
    server = None
    try:
        make_repository(os.path.join(folder, "repo.git"), options.commits, options.files)
        server = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "..", "support", "git_http.py"), "--root", folder],
            stdout=subprocess.PIPE, text=True)
        url = server.stdout.readline().strip() + "/repo.git"
        results = {"ours": [], "git": []}
        for _ in range(options.rounds):
            results["ours"].append(ours(options.driver, url))
            results["git"].append(theirs(url, folder))
        line = {"name": "git fetch depth 1"}
        for who, runs in results.items():
            line[who + "_s"] = round(statistics.median(r["seconds"] for r in runs), 4)
            line[who + "_rss_kb"] = max(r["peak_rss_kb"] for r in runs)
        line["ratio_s"] = round(line["ours_s"] / line["git_s"], 2)
        line["ratio_rss"] = round(line["ours_rss_kb"] / line["git_rss_kb"], 2)
        print(json.dumps(line))
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
