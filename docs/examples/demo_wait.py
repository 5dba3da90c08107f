#!/usr/bin/env python3
"""demo_wait.py KUBECONFIG NAMESPACE DEPLOYMENT IMAGE: watches until the Deployment has the image."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests"))

from support.kube import Kube, wait_for  # noqa: E402


def main():
    kubeconfig, namespace, name, image = sys.argv[1:]

    def has_image(obj):
        containers = obj["spec"]["template"]["spec"]["containers"] if obj else []
        return any(c.get("image") == image for c in containers)

    wait_for(Kube(kubeconfig), "Deployment", namespace, name, has_image, timeout=30)


if __name__ == "__main__":
    main()
