#!/usr/bin/env python3
"""Checks the installation manifests.

  manifests.py files DEPLOY         is every file below DEPLOY part of a build?
  manifests.py built VERSION FILE   is what `kubectl kustomize DEPLOY` printed
                                    the installation it should be? (- is stdin)
"""
import pathlib
import sys

import yaml

NAMESPACE = "flux-system"
CONTROLLERS = {
    # ports in the order name: number; readiness port and path; grace period in seconds
    "source-controller": {
        "ports": {"http": 9090, "http-prom": 8080, "healthz": 9440},
        "ready": ("http", "/"), "grace": 10, "writable": {"/data", "/tmp"},
        "kinds": {"source.toolkit.fluxcd.io": {
            "buckets", "gitrepositories", "helmcharts", "helmrepositories", "ocirepositories"}},
    },
    "kustomize-controller": {
        "ports": {"http-prom": 8080, "healthz": 9440},
        "ready": ("healthz", "/readyz"), "grace": 60, "writable": {"/tmp"},
        "kinds": {"kustomize.toolkit.fluxcd.io": {"kustomizations"}},
    },
    "helm-controller": {
        "ports": {"http-prom": 8080, "healthz": 9440},
        "ready": ("healthz", "/readyz"), "grace": 600, "writable": {"/tmp"},
        "kinds": {"helm.toolkit.fluxcd.io": {"helmreleases"}},
    },
    "notification-controller": {
        "ports": {"http": 9090, "http-webhook": 9292, "http-prom": 8080, "healthz": 9440},
        "ready": ("healthz", "/readyz"), "grace": 10, "writable": {"/tmp"},
        "kinds": {"notification.toolkit.fluxcd.io": {"receivers"}},
    },
}
# Users patch these by position, so the first arguments stand where Flux has them.
EVENTS = "--events-addr=http://notification-controller.$(RUNTIME_NAMESPACE).svc.cluster.local./"
COMMON_ARGS = ["--watch-all-namespaces=true", "--log-level=info", "--log-encoding=json",
               "--enable-leader-election"]
STORAGE_ARGS = ["--storage-path=/data",
                "--storage-adv-addr=source-controller.$(RUNTIME_NAMESPACE).svc.cluster.local."]
# Controllers of Flux that may go on running beside this installation.
FOREIGN = {"image-reflector-controller", "image-automation-controller", "source-watcher"}
ROLES = ["crd-controller", "flux-edit", "flux-extras", "flux-view", *CONTROLLERS]
WANTED = {
    ("Namespace", NAMESPACE), ("ResourceQuota", "critical-pods-flux-system"),
    ("Role", "leader-election-flux-system"), ("RoleBinding", "leader-election-flux-system"),
    ("ClusterRoleBinding", "cluster-reconciler-flux-system"),
    *(("ClusterRole", f"{name}-flux-system") for name in ROLES),
    *(("ClusterRoleBinding", f"{name}-flux-system") for name in ROLES
      if name not in ("flux-edit", "flux-view")),
    *(("NetworkPolicy", name) for name in ("allow-egress", "allow-scraping", "allow-webhooks")),
    *(("ServiceAccount", name) for name in CONTROLLERS),
    *(("Deployment", name) for name in CONTROLLERS),
    *(("Service", name) for name in
      ("source-controller", "notification-controller", "webhook-receiver")),
}
CLUSTER_SCOPED = {"Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
PRIVATE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
           "readOnlyRootFilesystem": True, "runAsNonRoot": True,
           "seccompProfile": {"type": "RuntimeDefault"}}


def check_files(deploy):
    for file in sorted(pathlib.Path(deploy).rglob("kustomization.yaml")):
        doc = yaml.safe_load(file.read_text(encoding="utf-8"))
        folder = file.parent
        here = {path.name for path in folder.iterdir()
                if path.suffix == ".yaml" or (path / "kustomization.yaml").exists()}
        named = {*doc.get("resources", []), *doc.get("components", [])}
        for name in sorted(here - named - {file.name}):
            yield f"{file}: does not name {name}"
        for name in sorted(named):
            if not (folder / name).exists():
                yield f"{file}: names {name}, which does not exist"


def check_set(objects):
    got = [(o["kind"], o["metadata"]["name"]) for o in objects
           if o["kind"] != "CustomResourceDefinition"]
    for kind, name in sorted(WANTED - set(got)):
        yield f"{kind} {name}: missing"
    for kind, name in sorted(set(got) - WANTED):
        yield f"{kind} {name}: unexpected"
    if sum(o["kind"] == "CustomResourceDefinition" for o in objects) != 11:
        yield "there must be 11 CustomResourceDefinitions"


def check_metadata(obj, version):
    want = {"app.kubernetes.io/instance": NAMESPACE, "app.kubernetes.io/part-of": "flux",
            "app.kubernetes.io/version": f"v{version}"}
    places = [obj["metadata"]]
    if obj["kind"] == "Deployment":
        places.append(obj["spec"]["template"]["metadata"])
    for place in places:
        if not want.items() <= place.get("labels", {}).items():
            yield f"labels are {place.get('labels')}, want {want}"
    namespace = None if obj["kind"] in CLUSTER_SCOPED else NAMESPACE
    if obj["metadata"].get("namespace") != namespace:
        yield f"namespace is {obj['metadata'].get('namespace')}"


def expected_args(name):
    args = list(COMMON_ARGS)
    if name != "notification-controller":
        args.insert(0, EVENTS)
    if name == "source-controller":
        args += STORAGE_ARGS
    return args


def check_deployment(obj, version):
    name = obj["metadata"]["name"]
    want = CONTROLLERS[name]
    pod = obj["spec"]["template"]["spec"]
    box = pod["containers"][0]
    ready = box["readinessProbe"]["httpGet"]
    env = {e["name"]: e for e in box["env"]}
    facts = {
        "container": (box["name"], "manager"),
        "args": (box["args"], expected_args(name)),
        "image": (box["image"], f"registry.invalid/{name}:v{version}"),
        "ports": ({p["name"]: p["containerPort"] for p in box["ports"]}, want["ports"]),
        "readiness": ((ready["port"], ready["path"]), want["ready"]),
        "liveness": (box["livenessProbe"]["httpGet"], {"port": "healthz", "path": "/healthz"}),
        "grace period": (pod["terminationGracePeriodSeconds"], want["grace"]),
        "security context": (box["securityContext"], PRIVATE),
        "writable paths": ({m["mountPath"] for m in box["volumeMounts"]}, want["writable"]),
        "volumes": ({v["name"] for v in pod["volumes"] if "emptyDir" in v},
                    {m["name"] for m in box["volumeMounts"]}),
        "service account": (pod["serviceAccountName"], name),
        "selector": (obj["spec"]["selector"]["matchLabels"], {"app": name}),
        "namespace variable": (env["RUNTIME_NAMESPACE"]["valueFrom"]["fieldRef"]["fieldPath"],
                               "metadata.namespace"),
    }
    for fact, (got, expected) in facts.items():
        if got != expected:
            yield f"{fact} is {got}, want {expected}"


def check_service(obj, objects):
    name = obj["spec"]["selector"]["app"]
    if not any(o["kind"] == "Deployment" and o["metadata"]["name"] == name for o in objects):
        yield f"selects {name}, which does not exist"
    for port in obj["spec"]["ports"]:
        if port["targetPort"] not in CONTROLLERS[name]["ports"]:
            yield f"port {port['targetPort']} is none of {name}"


def check_binding(obj):
    for subject in obj["subjects"]:
        if subject["name"] not in FOREIGN | CONTROLLERS.keys():
            yield f"binds {subject['name']}, which does not exist"
        if subject["namespace"] != NAMESPACE:
            yield f"binds {subject['name']} of namespace {subject['namespace']}"


def allowed(role, group, resource):
    return {verb for rule in role["rules"] if group in rule.get("apiGroups", [])
            and resource in rule.get("resources", []) for verb in rule["verbs"]}


def check_role(obj):
    name = obj["metadata"]["name"].removesuffix("-flux-system")
    if name not in CONTROLLERS:
        return
    for group, kinds in CONTROLLERS[name]["kinds"].items():
        for kind in sorted(kinds):
            if not {"get", "list", "watch", "patch"} <= allowed(obj, group, kind):
                yield f"cannot work on {kind}"
            if "patch" not in allowed(obj, group, f"{kind}/status"):
                yield f"cannot write the status of {kind}"
    if allowed(obj, "", "secrets") != {"get", "list", "watch"}:
        yield "must read Secrets and not write them"
    for rule in obj["rules"]:
        if "*" in rule["verbs"] + rule.get("resources", []) + rule.get("apiGroups", []):
            yield f"has a wildcard rule: {rule}"


def check_object(obj, objects, version):
    yield from check_metadata(obj, version)
    if obj["kind"] == "Deployment":
        yield from check_deployment(obj, version)
    elif obj["kind"] == "Service":
        yield from check_service(obj, objects)
    elif obj["kind"] in ("RoleBinding", "ClusterRoleBinding"):
        yield from check_binding(obj)
    elif obj["kind"] == "ClusterRole":
        yield from check_role(obj)


def check_built(version, file):
    with open(0 if file == "-" else file, encoding="utf-8") as stream:
        objects = list(yaml.safe_load_all(stream))
    yield from check_set(objects)
    for obj in objects:
        for error in check_object(obj, objects, version):
            yield f"{obj['kind']} {obj['metadata']['name']}: {error}"


def main(args):
    commands = {"files": (check_files, 1), "built": (check_built, 2)}
    command, count = commands.get(args[0] if args else "", (None, 0))
    if command is None or len(args) != count + 1:
        sys.exit(__doc__)
    errors = list(command(*args[1:]))
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
