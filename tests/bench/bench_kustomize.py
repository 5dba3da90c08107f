#!/usr/bin/env python3
"""
Times `gitops kustomize` beside `kubectl kustomize`:  bench_kustomize.py GITOPS [OBJECTS...]

Prints a row a size: the median wall time of whole processes, and their peak memory.  kubectl is
$KUBECTL, or the one on the path, or the cached one; its columns are "-" where there is none.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent


def find_kubectl():
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    cached = os.path.join(cache, "gitops-oracles/bin/kubectl")
    return os.environ.get("KUBECTL") or shutil.which("kubectl") or shutil.which(cached)


def run(command, rounds):
    """Median milliseconds, peak MiB and the output of the last round."""
    times, peak, output = [], 0, b""
    for _ in range(rounds):
        with tempfile.TemporaryFile() as out:
            start = time.monotonic()
            child = subprocess.Popen(command, stdout=out)
            _, status, usage = os.wait4(child.pid, 0)
            times.append((time.monotonic() - start) * 1000)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                sys.exit(f"{command[0]} failed")
            peak = max(peak, usage.ru_maxrss / 1024)
            out.seek(0)
            output = out.read()
    return statistics.median(times), peak, output


def main():
    gitops, sizes = sys.argv[1], [int(n) for n in sys.argv[2:]] or [100, 500, 1000, 2000]
    kubectl = find_kubectl()
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            tree = os.path.join(folder, "tree")
            subprocess.check_call([HERE / "gen_kustomize_tree.py", tree, str(size)])
            overlay = os.path.join(tree, "overlay")
            ours = run([gitops, "kustomize", overlay], 11)
            row = f"kustomize {size:5} objects: gitops {ours[0]:7.1f} ms {ours[1]:6.1f} MiB"
            if kubectl:
                theirs = run([kubectl, "kustomize", overlay], 3)
                same = "same bytes" if theirs[2] == ours[2] else "DIFFERENT"
                row += f"   kubectl {theirs[0]:7.1f} ms {theirs[1]:6.1f} MiB   {same}"
            else:
                row += "   kubectl -"
            print(row, flush=True)


main()
