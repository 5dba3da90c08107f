"""Health checks that run out of time; slow, as spec.timeout is at least 30 s."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from support.e2e import SIMULATE, Scenario, condition, deployment, main  # noqa: E402


class Timeout(Scenario):
    def test_timeout(self):
        self.start({"app.yaml": deployment("app", self.ns, annotations={SIMULATE: "never"})},
                   wait=True, timeout="1s", retryInterval="10m")
        obj = self.world.failed("Kustomization", self.ns, "app", "HealthCheckFailed", timeout=40)
        self.assertRegex(condition(obj, "Ready")["message"],
                         r"^health check failed after 30\.\d+s: timeout waiting for: "
                         rf"\[Deployment/{self.ns}/app status: 'InProgress'")


if __name__ == "__main__":
    main()
