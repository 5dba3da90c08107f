"""What the documents say in figures and names is what the sources say."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import ROOT, main  # noqa: E402

UNITS = {"KIB": "KiB", "MIB": "MiB"}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def shown(value):
    """A value of limits.h as the page writes it."""
    found = re.fullmatch(r"GT_(KIB|MIB)\((\d+)\)", value)
    if found:
        return f"{found[2]} {UNITS[found[1]]}"
    found = re.fullmatch(r"\(\(uint64_t\)(\d+) << 30\)", value)
    if found:
        return f"{found[1]} GiB"
    return re.sub(r"^UINT64_C\((\d+)\)$", r"\1", value)


class Limits(unittest.TestCase):

    def test_every_limit_is_explained(self):
        header = dict(re.findall(r"^#define (GT_(?:LIMIT|BUDGET)_\w+) (.+?)(?:\s*/\*.*)?$",
                                 read("libgitops", "base", "limits.h"), re.M))
        page = {cells[3].strip(" `"): cells[1].strip() for cells in
                (line.strip("|").split("|") for line in read("docs", "limits.md").splitlines())
                if len(cells) == 4 and "GT_" in cells[3]}
        self.assertEqual(set(page), set(header))
        for name, value in header.items():
            self.assertEqual(re.match(r"\d+( [KMG]iB)?", page[name])[0], shown(value.strip()), name)


class Links(unittest.TestCase):

    def test_links_lead_somewhere(self):
        for folder, _, files in os.walk(os.path.join(ROOT, "docs")):
            for name in files:
                if not name.endswith(".md"):
                    continue
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", f.read()):
                        path = os.path.normpath(os.path.join(folder, target))
                        self.assertTrue(os.path.exists(path), f"{name}: {target}")


if __name__ == "__main__":
    main()
