#!/usr/bin/env python3
"""Compares CustomResourceDefinitions by what they mean, not by their prose.

  crds.py digest PATH...      one "sha256  name" line for each definition
  crds.py check DIGESTS PATH  is every definition below PATH the recorded one?
  crds.py diff THEIRS OURS    lists each place where the definitions differ
  crds.py prose PATH          does every schema node have a fitting description?
  crds.py table PATH          the definitions as a table in Markdown
  crds.py document FILE PATH  does FILE hold that table as it should be?

A PATH is a YAML file or a folder of them.  The digest is taken over the
definition as JSON with sorted keys, without descriptions and without the
annotation that names the generator's version: neither changes behaviour.
"""
import hashlib
import json
import pathlib
import sys

import yaml

GENERATOR = "controller-gen.kubebuilder.io/version"
DESCRIPTION_MAX = 400


class UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader keeps the last of two equal keys; here that is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for at, key in enumerate(keys):
            if key in keys[:at]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load(path):
    """Yields (file, definition) for every definition at path."""
    path = pathlib.Path(path)
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    for file in files:
        with open(file, encoding="utf-8") as stream:
            for doc in yaml.load_all(stream, UniqueKeyLoader):
                if doc and doc.get("kind") == "CustomResourceDefinition":
                    yield file, doc


def load_by_name(path):
    found = {}
    for file, crd in load(path):
        name = crd["metadata"]["name"]
        if name in found:
            sys.exit(f"{file}: {name} is defined twice")
        found[name] = crd
    return found


def children(schema):
    """Yields (step, node) for the schemas directly inside a schema."""
    for name, node in schema.get("properties", {}).items():
        yield f".{name}", node
    if isinstance(schema.get("items"), dict):
        yield "[]", schema["items"]
    if isinstance(schema.get("additionalProperties"), dict):
        yield "{}", schema["additionalProperties"]
    for word in ("allOf", "anyOf", "oneOf"):
        for at, node in enumerate(schema.get(word, [])):
            yield f".{word}[{at}]", node
    if "not" in schema:
        yield ".not", schema["not"]


def schemas(crd):
    for version in crd["spec"]["versions"]:
        yield version["name"], version["schema"]["openAPIV3Schema"]


def strip_schema(schema):
    schema.pop("description", None)
    for _, node in children(schema):
        strip_schema(node)


def strip(crd):
    """Removes from a definition all that has no effect."""
    for _, schema in schemas(crd):
        strip_schema(schema)
    for version in crd["spec"]["versions"]:
        for column in version.get("additionalPrinterColumns", []):
            column.pop("description", None)
    annotations = crd["metadata"].get("annotations", {})
    annotations.pop(GENERATOR, None)
    if not annotations:
        crd["metadata"].pop("annotations", None)
    return crd


def digest(crd):
    text = json.dumps(strip(crd), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_digests(path):
    with open(path, encoding="utf-8") as stream:
        lines = [line.split() for line in stream if line.strip() and line[0] != "#"]
    return {name: value for value, name in lines}


def check(digests, path):
    want = read_digests(digests)
    got = {name: digest(crd) for name, crd in load_by_name(path).items()}
    errors = [f"{name}: not in {path}" for name in sorted(want.keys() - got.keys())]
    errors += [f"{name}: not in {digests}" for name in sorted(got.keys() - want.keys())]
    errors += [f"{name}: digest is {got[name]}, want {want[name]}"
               for name in sorted(want.keys() & got.keys()) if got[name] != want[name]]
    return errors


def differences(theirs, ours, at):
    if type(theirs) is not type(ours):
        yield f"{at}: theirs is {json.dumps(theirs)}, ours is {json.dumps(ours)}"
    elif isinstance(theirs, dict):
        for key in sorted(theirs.keys() | ours.keys()):
            if key not in ours:
                yield f"{at}.{key}: missing in ours"
            elif key not in theirs:
                yield f"{at}.{key}: only in ours"
            else:
                yield from differences(theirs[key], ours[key], f"{at}.{key}")
    elif isinstance(theirs, list) and len(theirs) == len(ours):
        for index, pair in enumerate(zip(theirs, ours)):
            yield from differences(*pair, f"{at}[{index}]")
    elif theirs != ours:
        yield f"{at}: theirs is {json.dumps(theirs)}, ours is {json.dumps(ours)}"


def diff(theirs, ours):
    theirs, ours = load_by_name(theirs), load_by_name(ours)
    for name in sorted(theirs):
        if name not in ours:
            yield f"{name}: missing in ours"
        else:
            yield from differences(strip(theirs[name]), strip(ours[name]), name)


def prose_of_node(schema, at):
    text = schema.get("description")
    if not isinstance(text, str) or not text.strip():
        yield f"{at}: no description"
    elif len(text) > DESCRIPTION_MAX:
        yield f"{at}: description has {len(text)} characters, {DESCRIPTION_MAX} are allowed"
    elif text != " ".join(text.split()):
        yield f"{at}: description has stray white space"
    for step, node in children(schema):
        yield from prose_of_node(node, at + step)


def prose(path):
    found = list(load(path))
    if not found:
        yield f"{path}: no definition found"
    for file, crd in found:
        for version, schema in schemas(crd):
            at = f"{file}: {crd['spec']['names']['kind']} {version}"
            # Kubernetes refuses a root metadata that says more than this.
            if schema["properties"].pop("metadata", None) != {"type": "object"}:
                yield f"{at}.metadata: must be an object and nothing else"
            yield from prose_of_node(schema, at)


def columns(version):
    """Columns of `kubectl get`, which puts NAME first by itself."""
    names = [c["name"].upper() for c in version.get("additionalPrinterColumns", [])]
    return ", ".join(["NAME", *names])


def table(path):
    yield "| Kind | API | Plural | Short name | Category | Status | Columns of `kubectl get` |"
    yield "|---|---|---|---|---|---|---|"
    for _, crd in load(path):
        names = crd["spec"]["names"]
        for version in crd["spec"]["versions"]:
            cells = (names["kind"], f"`{crd['spec']['group']}/{version['name']}`",
                     f"`{names['plural']}`", ", ".join(f"`{n}`" for n in names.get("shortNames", [])),
                     ", ".join(f"`{n}`" for n in names.get("categories", [])
                               if n not in ("all", "fluxcd")),
                     "yes" if "status" in version.get("subresources", {}) else "no",
                     columns(version))
            yield "| " + " | ".join(cells) + " |"


def document(file, path):
    text = pathlib.Path(file).read_text(encoding="utf-8")
    got = [line for line in text.splitlines() if line.startswith("|")]
    want = list(table(path))
    yield from (f"{file}: lacks the line: {line}" for line in want if line not in got)
    yield from (f"{file}: must not have the line: {line}" for line in got if line not in want)


def main(args):
    if args[0:1] == ["digest"] and len(args) > 1:
        for path in args[1:]:
            for _, crd in load(path):
                print(digest(crd), crd["metadata"]["name"], sep="  ")
        return 0
    if args[0:1] == ["table"] and len(args) == 2:
        print(*table(args[1]), sep="\n")
        return 0
    commands = {"check": (check, 2), "diff": (diff, 2), "prose": (prose, 1),
                "document": (document, 2)}
    command, count = commands.get(args[0] if args else "", (None, 0))
    if command is None or len(args) != count + 1:
        sys.exit(__doc__)
    errors = list(command(*args[1:]))
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
