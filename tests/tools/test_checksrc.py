#!/usr/bin/env python3
"""Plants one fault after another in a tree of its own and sees whether tools/checksrc finds it."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = sys.argv.pop(1) if len(sys.argv) > 1 else "."

HEADER = "#ifndef GT_NET_X_H\n#define GT_NET_X_H\n\n#endif\n"
LONG_BODY = "static void f(void)\n{\n" + "\tg();\n" * 81 + "}\n"


class Checksrc(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="checksrc-")
        for folder in ("tools", "libgitops/base", "libgitops/text", "libgitops/net",
                       "libgitops/kube", "source-controller", "cli", "tests"):
            os.makedirs(os.path.join(self.root, folder))
        shutil.copy(os.path.join(SOURCE, "tools/checksrc"), os.path.join(self.root, "tools"))

    def tearDown(self):
        shutil.rmtree(self.root)

    def run_on(self, path, text, allow=""):
        for name, content in ((path, text), ("tools/checksrc.allow", allow)):
            with open(os.path.join(self.root, name), "w", encoding="utf-8") as f:
                f.write(content)
        done = subprocess.run([os.path.join(self.root, "tools/checksrc"),
                               os.path.join(self.root, path)],
                              stdout=subprocess.PIPE, universal_newlines=True, check=False)
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout

    def clean(self, path, text, allow=""):
        self.assertEqual(self.run_on(path, text, allow), "")

    def fault(self, path, text, want, allow=""):
        self.assertIn(want, self.run_on(path, text, allow))

    def test_banned_functions(self):
        self.fault("libgitops/net/x.c", "\n\tstrcpy(a, b);\n", "x.c:2: banned function strcpy")
        self.fault("source-controller/x.c", "\tfork();\n", "banned function fork")
        self.fault("libgitops/net/x.c", "\tp = malloc(1);\n", "malloc instead of its wrapper")
        self.clean("libgitops/base/x.c", "\tp = malloc(1);\n")
        self.clean("cli/x.c", "\tfork();\n")
        self.clean("tests/x.c", "\tsetenv(a, b, 1);\n")
        self.clean("libgitops/net/x.c", "/* strcpy(a, b) */\n\tputs(\"system(x)\");\n")
        self.clean("libgitops/net/x.c", "\tops->system(x);\n\tmy_strcpy(a);\n")

    def test_layers(self):
        self.fault("libgitops/base/x.c", '#include "text/a.h"\n', "layer: base includes text")
        self.fault("libgitops/net/x.c", '#include "kube/a.h"\n', "layer: net includes kube")
        self.fault("libgitops/net/x.c", '#include "cli/a.h"\n', "includes cli")
        self.fault("libgitops/kube/x.c", '#include "net/a_impl.h"\n', "private to net")
        self.clean("libgitops/kube/x.c", '#include "net/a.h"\n#include "base/a.h"\n')
        self.clean("cli/x.c", '#include "kube/a.h"\n#include "cli/a.h"\n')
        self.clean("tests/x.c", '#include "net/a_impl.h"\n#include "cli/a.h"\n')
        self.clean("libgitops/base/x.c", '/*\n#include "text/a.h"\n*/\n')

    def test_third_parties(self):
        self.fault("libgitops/kube/x.c", "#include <curl/curl.h>\n", "<curl/curl.h> outside of")
        self.fault("cli/x.c", "#include <openssl/ssl.h>\n", "outside of libgitops/crypto")
        self.clean("libgitops/net/x.c", "#include <curl/curl.h>\n#include <uv.h>\n")

    def test_guards(self):
        self.clean("libgitops/net/x.h", HEADER)
        self.clean("cli/x.h", HEADER.replace("GT_NET_X_H", "CLI_X_H"))
        self.fault("libgitops/text/x.h", HEADER, "header guard is not GT_TEXT_X_H")
        self.fault("libgitops/net/x.h", "int x;\n", "no header guard NET_X_H")

    def test_sizes(self):
        self.fault("libgitops/net/x.c", "\n" * 800 + ";\n", "801 lines, more than 800")
        self.fault("libgitops/net/x.c", LONG_BODY, "x.c:2: function f has 81 lines")
        self.clean("libgitops/net/x.c", LONG_BODY.replace("\tg();\n", "", 1))
        self.clean("libgitops/net/x.c", LONG_BODY, "function libgitops/net/x.c:f 81\n")
        self.fault("libgitops/net/x.c", LONG_BODY, "only 81 now, lower it",
                   "function libgitops/net/x.c:f 90\n")
        self.fault("libgitops/net/x.c", ";\n", "no longer needed",
                   "function libgitops/net/x.c:f 81\n")
        self.fault("libgitops/net/x.c", "/* " + "x" * 95 + " */\n", "101 columns")

    def test_lines(self):
        self.fault("libgitops/net/x.c", "int x; \n", "trailing blank")
        self.fault("libgitops/net/x.c", "  \tint x;\n", "blanks before a tab")
        self.fault("libgitops/net/x.c", "int x;", "no newline at the end")
        self.fault("libgitops/net/x.c", "int x;\n\n", "blank line at the end")
        self.fault("libgitops/net/x.c", "/* TO" "DO: x */\n", "unfinished work")
        self.fault("libgitops/net/x.c", "/* /wo" "rk/x */\n", "path of a workplace")


if __name__ == "__main__":
    unittest.main()
