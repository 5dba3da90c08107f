#!/usr/bin/env python3
"""kill -9 of any process at any time, while commits are pushed: it converges, nothing lost or doubled.

    crash.py [--kills 50] [--seed N]

Each round pushes a commit, and kills one process (the API server, a controller, or the
supervisor with all it started) after a random part of a second; sometimes two.  Every few rounds, and
at the end, everything must become what the last commit says.
"""

import argparse
import json
import os
import random
import re
import signal
import sqlite3
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import BIN, World, config_map, deployment, eventually  # noqa: E402
from support.kube import ApiError  # noqa: E402

NS = "crash"
OBJECTS = 6
VICTIMS = ("gitops-apiserver", "source-controller", "kustomize-controller", "supervisor",
           "helm-controller", "notification-controller")
OWNER = "kustomize.toolkit.fluxcd.io/name"


class Crash:
    def __init__(self, seed, kills):
        self.random = random.Random(seed)
        self.kills = kills
        self.killed = dict.fromkeys(VICTIMS, 0)
        self.world = World()
        self.number = 0
        self.expected = {}

    def commit(self):
        """A commit that changes, adds and removes objects; what is expected of it."""
        self.number += 1
        files, expected = {}, {}
        for i in range(OBJECTS):
            name = f"c{i}"
            if (self.number + i) % 4 == 0:
                files[f"apps/{name}.yaml"] = None
            else:
                files[f"apps/{name}.yaml"] = config_map(name, NS, n=self.number)
                expected[name] = str(self.number)
        files["apps/app.yaml"] = deployment("app", NS, image=f"registry.example.com/app:{self.number}")
        present = os.path.join(self.repo.tree, "apps")
        files = {p: t for p, t in files.items()
                 if t is not None or os.path.exists(os.path.join(present, os.path.basename(p)))}
        self.repo.put(files, f"commit {self.number}")
        self.expected = expected

    def start(self):
        world = self.world
        world.namespace(NS)
        self.repo = world.repo("crash")
        self.commit()
        world.source(NS, "app", self.repo.url, interval="1s")
        world.kustomization(NS, "app", "app", path="./apps", wait=True, interval="3s",
                            retryInterval="1s", timeout="1m")
        world.ready("Kustomization", NS, "app", self.repo.revision)
        self.uids = {kind: world.find(kind, NS, "app")["metadata"]["uid"]
                     for kind in ("GitRepository", "Kustomization")}

    def kill(self):
        """Kills a random process; its name, None when it was gone already."""
        victim = self.random.choice(VICTIMS)
        if victim == "supervisor":
            self.world.up.kill()
            self.world.up.wait()
            self.world.up.stdout.close()
            self.world.start()
        else:
            pid = self.world.pids()[victim]
            try:
                # 0 while it is not running; and by now the number may be somebody else's.
                if pid == 0 or os.readlink(f"/proc/{pid}/exe") != os.path.join(BIN, victim):
                    return None
                os.kill(pid, signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                return None
        self.killed[victim] += 1
        return victim

    def ask(self):
        """A request, as `gitops reconcile` makes one; the API server may just be away."""
        try:
            self.world.request("GitRepository", NS, "app")
        except (ApiError, OSError):
            pass

    def converged(self):
        world = self.world
        obj = world.find("Kustomization", NS, "app")
        status = obj["status"]
        ready = next(c for c in status["conditions"] if c["type"] == "Ready")
        if status.get("lastAppliedRevision") != self.repo.revision or ready["status"] != "True":
            raise AssertionError(json.dumps({"revision": self.repo.revision, **status}))
        return obj

    def check(self, timeout=60):
        """Everything is as the last commit says."""
        world = self.world
        obj = eventually(f"commit {self.number} is applied", self.converged, timeout)
        maps = [o for o in world.items("ConfigMap", NS)
                if o["metadata"].get("labels", {}).get(OWNER)]
        got = {o["metadata"]["name"]: o["data"]["n"] for o in maps}
        if got != self.expected:
            raise SystemExit(f"after commit {self.number}: {got}, not {self.expected}")
        image = world.find("Deployment", NS, "app")["spec"]["template"]["spec"]["containers"][0]
        if image["image"] != f"registry.example.com/app:{self.number}":
            raise SystemExit(f"after commit {self.number}: image {image['image']}")
        ids = [e["id"] for e in obj["status"]["inventory"]["entries"]]
        expected = {f"{NS}_{n}__ConfigMap" for n in self.expected} | {f"{NS}_app_apps_Deployment"}
        if len(ids) != len(set(ids)) or set(ids) != expected:
            raise SystemExit(f"inventory: {ids}, not {sorted(expected)}")
        for kind, uid in self.uids.items():
            if world.find(kind, NS, "app")["metadata"]["uid"] != uid:
                raise SystemExit(f"{kind} was made again")
        self.check_artifact()

    def check_artifact(self):
        artifact = self.world.find("GitRepository", NS, "app")["status"]["artifact"]
        if artifact["revision"] != self.repo.revision:
            raise SystemExit(f"artifact of {artifact['revision']}, not {self.repo.revision}")

        def fetch():
            artifact = self.world.find("GitRepository", NS, "app")["status"]["artifact"]
            with urllib.request.urlopen(artifact["url"], timeout=5) as answer:
                return len(answer.read()) == artifact["size"]
        eventually("the artifact is served", fetch)

    def check_leftovers(self):
        """No temporary files, no artifacts beyond retention, a sound database, few events."""
        world = self.world
        folder = os.path.join(world.data, "storage", "gitrepository", NS, "app")
        deadline = time.monotonic() + 90
        while True:
            names = os.listdir(folder)
            artifacts = [n for n in names if n.endswith(".tar.gz")]
            odd = [n for n in names if not n.endswith((".tar.gz", ".tar.gz.lock"))]
            if len(artifacts) <= 2 and not odd:
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"left in the storage: {names}")
            # Orphans are older than the retention, or more than it keeps.
            world.handled("GitRepository", NS, "app", timeout=30)
            time.sleep(1)
        status = world.end()
        if status != 0:
            raise SystemExit(f"gitops up ended with {status}")
        temporary = os.path.join(world.data, "tmp")
        left = os.listdir(temporary) if os.path.isdir(temporary) else []
        if left:
            raise SystemExit(f"left in {temporary}: {left}")
        for name in os.listdir(os.path.join(world.data, "apiserver")):
            if name.endswith((".db", ".sqlite")):
                path = os.path.join(world.data, "apiserver", name)
                with sqlite3.connect(path) as db:
                    answer = db.execute("pragma integrity_check").fetchall()
                if answer != [("ok",)]:
                    raise SystemExit(f"{path}: {answer}")

    def check_own_deaths(self):
        """Nobody died but by our hand."""
        for line in self.world.up_log().splitlines():
            found = re.search(r"was ended by signal (\d+)|exited with status", line)
            if found and found[1] != "9":
                raise SystemExit(line)
        for name in os.listdir(os.path.join(self.world.data, "logs")):
            text = self.world.log(name[:-4])
            for sign in ("Sanitizer", "corrupted", "malloc", "Assertion"):
                if sign in text:
                    raise SystemExit(f"{name}: {text[max(0, text.index(sign) - 300):][:6000]}")

    def run(self):
        self.start()
        done = 0
        while done < self.kills:
            self.commit()
            self.ask()
            for _ in range(self.random.choice((1, 1, 1, 2))):
                time.sleep(self.random.choice((0.0, 0.02, 0.1, 0.3)) * self.random.random() * 2)
                victim = self.kill()
                if victim:
                    done += 1
                    print(f"kill {done}: {victim} at commit {self.number}", flush=True)
            self.check_own_deaths()
            if self.random.random() < 0.35:
                self.check()
                print(f"converged at commit {self.number}", flush=True)
        self.check()
        self.check_leftovers()
        self.check_own_deaths()
        print(f"converged after {done} kills: {self.killed}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}: crash.py --kills {options.kills} --seed {options.seed}", flush=True)
    crash = Crash(options.seed, options.kills)
    try:
        crash.run()
    except BaseException:
        print(crash.world.diagnose(), file=sys.stderr)
        print(f"seed {options.seed}", file=sys.stderr)
        raise
    finally:
        crash.world.stop()


if __name__ == "__main__":
    main()
