"""The life of a release with the real helm."""

import json
import os

from server import Case, main


class Helm(Case):
    tools = ("helm", "kubectl")

    def test_life_of_a_release(self):
        chart = os.path.join(self.server.dir, "chart")
        self.run_tool("helm", "create", chart)
        self.run_tool("helm", "install", "rel", chart, "--wait", "--timeout", "30s")
        self.assertEqual(self.kubectl("get", "deploy", "rel-chart", "-o",
                                      "jsonpath={.status.availableReplicas}").stdout, "1")
        self.run_tool("helm", "upgrade", "rel", chart, "--set", "replicaCount=3", "--wait",
                      "--timeout", "30s")
        self.assertEqual(self.kubectl("get", "deploy", "rel-chart", "-o",
                                      "jsonpath={.spec.replicas}").stdout, "3")
        self.run_tool("helm", "rollback", "rel", "1", "--wait", "--timeout", "30s")
        history = json.loads(self.run_tool("helm", "history", "rel", "-o", "json").stdout)
        self.assertEqual([(h["revision"], h["status"]) for h in history],
                         [(1, "superseded"), (2, "superseded"), (3, "deployed")])
        releases = json.loads(self.run_tool("helm", "list", "-o", "json").stdout)
        self.assertEqual([(r["name"], r["status"]) for r in releases], [("rel", "deployed")])
        self.assertIn("rel-chart", self.run_tool("helm", "status", "rel").stdout)
        self.assertIn("kind: Deployment", self.run_tool("helm", "get", "manifest", "rel").stdout)
        out = self.run_tool("helm", "test", "rel", "--timeout", "30s").stdout
        self.assertRegex(out, r"Phase:\s+Succeeded")
        self.run_tool("helm", "uninstall", "rel", "--wait", "--timeout", "30s")
        self.assertEqual(self.kubectl("get", "deploy,svc,secret", "-o", "name").stdout, "")


if __name__ == "__main__":
    main()
