#!/usr/bin/env python3
"""Objects as kustomize-controller applies them, beside those of `kubectl kustomize DIR | kubectl apply
--server-side` on the same server.

    same_as_kubectl.py TREE PATH [PATH...]      prints the differences; see public.sh
"""

import json
import os
import shutil
import subprocess
import sys

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import World, eventually, oracle  # noqa: E402

OWNERS = ("kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace")
CHANGING = ("uid", "resourceVersion", "creationTimestamp", "generation", "finalizers", "selfLink")
# Of a Service, given by the server.
ALLOCATED = ("clusterIP", "clusterIPs", "healthCheckNodePort")
SIMULATED = ("deployment.kubernetes.io/revision",)


def drop_owners(fields):
    """fieldsV1 without the ownership labels, and without a label map that held nothing else."""
    labels = fields.get("f:metadata", {}).get("f:labels")
    if labels is None:
        return fields
    for owner in OWNERS:
        labels.pop(f"f:{owner}", None)
    if not [key for key in labels if key != "."]:
        del fields["f:metadata"]["f:labels"]
        if not fields["f:metadata"]:
            del fields["f:metadata"]
    return fields


def essence(obj, manager):
    """What must be the same: all but identity and status, and the fields that the manager owns."""
    obj = json.loads(json.dumps(obj))
    obj.pop("status", None)
    metadata = obj["metadata"]
    owned = [f for f in metadata.pop("managedFields", [])
             if f["operation"] == "Apply" and f["manager"] == manager]
    for key in CHANGING:
        metadata.pop(key, None)
    for owner in OWNERS:
        metadata.get("labels", {}).pop(owner, None)
    for note in SIMULATED:
        metadata.get("annotations", {}).pop(note, None)
    for key in ALLOCATED if obj["kind"] == "Service" else ():
        obj["spec"].pop(key, None)
    for key in ("labels", "annotations"):
        if not metadata.get(key):
            metadata.pop(key, None)
    fields = [{"apiVersion": f["apiVersion"], "fieldsType": f["fieldsType"],
               "fieldsV1": drop_owners(f["fieldsV1"])} for f in owned]
    return {"object": obj, "owned": fields}


# As Flux does, the controller brings an object of a built-in kind into its typed form before it is
# applied.  So it owns what that form always has, the same values that the server would have put there.
TYPED = ("f:strategy", "f:updateStrategy", "f:protocol", "f:spec", "f:metadata")


def differences(a, b, path=""):
    """Paths at which two documents differ, with both values."""
    if b is None and a == {} and path.rpartition(".")[2] in TYPED:
        return []
    if isinstance(a, dict) and isinstance(b, dict):
        found = []
        for key in sorted(set(a) | set(b)):
            found += differences(a.get(key), b.get(key), f"{path}.{key}")
        return found
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        found = []
        for i, (x, y) in enumerate(zip(a, b)):
            found += differences(x, y, f"{path}[{i}]")
        return found
    return [] if a == b else [f"{path}: {json.dumps(a)} here, {json.dumps(b)} from kubectl"]


class Comparison:
    def __init__(self, world, kubectl):
        self.world = world
        self.kubectl = kubectl
        self.count = 0

    def run(self, *args, stdin=None):
        done = subprocess.run([self.kubectl, "--kubeconfig", self.world.kubeconfig, *args],
                              input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(args)}: {done.stderr.decode()}")
        return done.stdout

    def read(self, obj):
        args = ["get", "-o", "json", "--show-managed-fields", self.resource(obj),
                obj["metadata"]["name"]]
        if obj["metadata"].get("namespace"):
            args += ["-n", obj["metadata"]["namespace"]]
        return json.loads(self.run(*args))

    @staticmethod
    def resource(obj):
        group, _, version = obj["apiVersion"].rpartition("/")
        return f"{obj['kind']}.{version}.{group}" if group else obj["kind"]

    def compare(self, tree, path, name="compare", namespace="default"):
        """(number of objects, differences) of the folder `path` of a work tree."""
        world = self.world
        self.count += 1
        name = f"{name}-{self.count}"
        repo = world.repo(name)
        shutil.copytree(tree, repo.tree, dirs_exist_ok=True, symlinks=True,
                        ignore=shutil.ignore_patterns(".git"))
        repo.commit(path)
        built = self.build(os.path.join(repo.tree, path))
        listed = [d for d in yaml.safe_load_all(built) if d]
        wide = self.cluster_wide_kinds()
        has_namespace = all(o["metadata"].get("namespace") or o["kind"] in wide
                            for o in listed)
        world.source("default", name, repo.url)
        world.kustomization("default", name, name, path=path,
                            **({} if has_namespace else {"targetNamespace": namespace}))
        obj = world.ready("Kustomization", "default", name, repo.revision, timeout=60)
        if not has_namespace:
            for o in listed:
                if o["kind"] not in wide:
                    o["metadata"].setdefault("namespace", namespace)
        ours = [essence(self.read(o), "kustomize-controller") for o in listed]
        count = len(obj["status"]["inventory"]["entries"])
        assert count == len(listed), (count, len(listed))
        world.delete("Kustomization", "default", name)
        world.absent("Kustomization", "default", name, timeout=60)
        for o in listed:
            eventually(f"{o['kind']} {o['metadata']['name']} is gone", lambda o=o: self.gone(o), 60)
        # Server-side apply does not order: what others need goes first, as the controller has it.
        first = [o for o in listed if o["kind"] in ("Namespace", "CustomResourceDefinition")]
        if first:
            self.run("apply", "--server-side", "-f", "-",
                     stdin="\n---\n".join(map(json.dumps, first)).encode())
        where = () if has_namespace else ("-n", namespace)
        self.run("apply", "--server-side", *where, "-f", "-", stdin=built)
        found = []
        for o, mine in zip(listed, ours):
            theirs = essence(self.read(o), "kubectl")
            found += [f"{o['kind']}/{o['metadata']['name']} {d}"
                      for d in differences(mine, theirs)]
        self.run("delete", "--wait=true", "--ignore-not-found", *where, "-f", "-", stdin=built)
        return count, found

    def build(self, folder):
        """What kubectl makes of the folder; without a kustomization, all manifests below it."""
        if os.path.exists(os.path.join(folder, "kustomization.yaml")):
            return self.run("kustomize", folder)
        parts = []
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            if entry.is_dir(follow_symlinks=False):
                parts.append(self.build(entry.path))
            elif entry.name.endswith((".yaml", ".yml")):
                with open(entry.path, "rb") as f:
                    parts.append(f.read())
        return b"\n---\n".join(parts)

    def cluster_wide_kinds(self):
        text = self.run("api-resources", "--namespaced=false", "--no-headers").decode()
        return {line.split()[-1] for line in text.splitlines()}

    def gone(self, obj):
        try:
            self.read(obj)
            return False
        except AssertionError as e:
            if "NotFound" in str(e):
                return True
            raise


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tree, paths = sys.argv[1], sys.argv[2:]
    world = World()
    failed = False
    try:
        comparison = Comparison(world, oracle("kubectl"))
        for path in paths:
            count, found = comparison.compare(tree, path)
            print(f"{path}: {count} objects, {len(found)} differences")
            for line in found:
                print(f"  {line}")
            failed = failed or bool(found)
    except BaseException:
        print(world.diagnose(), file=sys.stderr)
        raise
    finally:
        world.stop()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
