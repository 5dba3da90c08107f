#!/usr/bin/env python3
"""Shows that the checks of crds.py find what they are there to find."""
import copy
import pathlib
import tempfile
import unittest

import yaml

import crds

PROBE = yaml.safe_load("""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: probes.example.org
  annotations:
    controller-gen.kubebuilder.io/version: v1
    example.org/kept: "yes"
spec:
  group: example.org
  names: {kind: Probe, plural: probes, shortNames: [pr]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp, description: Age.}
    schema:
      openAPIV3Schema:
        description: Probe is for tests.
        type: object
        properties:
          metadata: {type: object}
          spec:
            description: What is wanted.
            type: object
            properties:
              description:
                description: A field that is called description.
                type: string
                default: none
              modes:
                description: Modes in use.
                type: array
                items: {description: One mode., type: string, enum: [a, b]}
              labels:
                description: Labels in use.
                type: object
                additionalProperties: {description: Value of one label., type: string}
            required: [description]
            x-kubernetes-validations:
            - {rule: has(self.modes), message: modes must be set}
""")


def root(crd):
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def spec(crd):
    return root(crd)["properties"]["spec"]


def fields(crd):
    return spec(crd)["properties"]


# Each changes one thing that matters to a user or a client.
MEANINGFUL = {
    "annotation": lambda c: c["metadata"]["annotations"].pop("example.org/kept"),
    "short name": lambda c: c["spec"]["names"]["shortNames"].append("p"),
    "scope": lambda c: c["spec"].update(scope="Cluster"),
    "served": lambda c: c["spec"]["versions"][0].update(served=False),
    "subresource": lambda c: c["spec"]["versions"][0].update(subresources={"status": {}}),
    "column": lambda c: c["spec"]["versions"][0]["additionalPrinterColumns"].clear(),
    "field named description": lambda c: fields(c).pop("description"),
    "default": lambda c: fields(c)["description"].update(default="some"),
    "enum": lambda c: fields(c)["modes"]["items"]["enum"].append("c"),
    "map value": lambda c: fields(c)["labels"]["additionalProperties"].update(type="integer"),
    "required": lambda c: spec(c).pop("required"),
    "rule message": lambda c: spec(c)["x-kubernetes-validations"][0].update(message="no"),
}

# Each changes words only.
PROSE = {
    "root": lambda c: root(c).update(description="Other words."),
    "field": lambda c: fields(c)["description"].update(description="Other words."),
    "item": lambda c: fields(c)["modes"]["items"].pop("description"),
    "map value": lambda c: fields(c)["labels"]["additionalProperties"].pop("description"),
    "column": lambda c: c["spec"]["versions"][0]["additionalPrinterColumns"][0].pop("description"),
    "generator": lambda c: c["metadata"]["annotations"].pop(crds.GENERATOR),
}

# Each makes one description unfit; the value is part of the complaint.
UNFIT = {
    "Probe v1: no description": lambda c: root(c).pop("description"),
    ".spec: no description": lambda c: spec(c).update(description=" "),
    ".spec.modes[]: no description": lambda c: fields(c)["modes"]["items"].pop("description"),
    ".spec.labels{}: description has 401": lambda c:
        fields(c)["labels"]["additionalProperties"].update(description="x" * 401),
    ".spec.modes: description has stray": lambda c: fields(c)["modes"].update(description="a\nb"),
    ".metadata: must be an object": lambda c:
        root(c)["properties"]["metadata"].update(description="Metadata."),
}


def changed(change):
    crd = copy.deepcopy(PROBE)
    change(crd)
    return crd


class TestChecks(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def write(self, name, text):
        path = pathlib.Path(self.dir.name, name)
        path.write_text(text, encoding="utf-8")
        return path

    def test_digest_sees_meaning(self):
        want = crds.digest(copy.deepcopy(PROBE))
        for name, change in MEANINGFUL.items():
            with self.subTest(name):
                self.assertNotEqual(crds.digest(changed(change)), want)

    def test_digest_ignores_prose(self):
        want = crds.digest(copy.deepcopy(PROBE))
        for name, change in PROSE.items():
            with self.subTest(name):
                self.assertEqual(crds.digest(changed(change)), want)

    def test_diff_names_each_change_once(self):
        theirs = self.write("theirs.yaml", yaml.dump(PROBE))
        for name, change in MEANINGFUL.items():
            with self.subTest(name):
                ours = self.write("ours.yaml", yaml.dump(changed(change)))
                found = list(crds.diff(theirs, ours))
                self.assertEqual(len(found), 1, found)
                self.assertIn("probes.example.org", found[0])

    def test_check_compares_both_sets(self):
        path = self.write("probe.yaml", yaml.dump(PROBE))
        line = crds.digest(copy.deepcopy(PROBE)) + "  probes.example.org\n"
        for text, want in (("# note\n" + line, 0), ("", 1), (line + "0  x.example.org\n", 1),
                           (line.replace(line[:4], "beef"), 1)):
            digests = self.write("digests", text)
            self.assertEqual(len(crds.check(digests, path)), want, text)

    def test_prose(self):
        self.assertEqual(list(crds.prose(self.write("p.yaml", yaml.dump(PROBE)))), [])
        for want, change in UNFIT.items():
            with self.subTest(want):
                found = list(crds.prose(self.write("p.yaml", yaml.dump(changed(change)))))
                self.assertEqual(len(found), 1, found)
                self.assertIn(want, found[0])

    def test_document(self):
        path = self.write("probe.yaml", yaml.dump(PROBE))
        right = "\n".join(crds.table(path))
        self.assertIn("| Probe | `example.org/v1` | `probes` | `pr` |  | no | NAME, AGE |", right)
        for text, want in ((right, 0), (right.replace("NAME, ", ""), 2), (right + "\n| x |", 1)):
            self.assertEqual(len(list(crds.document(self.write("doc.md", text), path))), want)

    def test_nothing_to_check_is_an_error(self):
        self.assertEqual(len(list(crds.prose(self.dir.name))), 1)

    def test_equal_keys_are_refused(self):
        path = self.write("twice.yaml", "kind: CustomResourceDefinition\nkind: Probe\n")
        with self.assertRaisesRegex(yaml.YAMLError, "'kind' given twice"):
            list(crds.load(path))


if __name__ == "__main__":
    unittest.main()
