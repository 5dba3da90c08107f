#!/usr/bin/env python3
"""Makes the fuzzing corpus of whole trees out of the golden cases:  corpus.py CASES CORPUS"""
import os
import pathlib
import sys

cases, corpus = map(pathlib.Path, sys.argv[1:3])
corpus.mkdir(parents=True, exist_ok=True)
for case in sorted(cases.iterdir()):
    root = case / "input"
    if not root.is_dir():
        continue
    top = (case / "target").read_text().strip()
    text = b""
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            shown = path.relative_to(root).as_posix()
            if top not in (".", "top"):
                shown = shown.replace(top, "top", 1) if shown.startswith(top + "/") else shown
            body = b"" if path.is_symlink() else path.read_bytes()
            link = f" -> {os.readlink(path)}" if path.is_symlink() else ""
            text += f"=== {shown}{link}\n".encode() + body
            if not text.endswith(b"\n"):
                text += b"\n"
    if len(text) <= 4096:
        (corpus / case.name).write_bytes(text)
