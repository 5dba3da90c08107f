#!/usr/bin/env python3
"""
Writes a tree to measure kustomize builds with:  gen_kustomize_tree.py FOLDER OBJECTS

FOLDER/base holds applications of four objects each, a file per object; FOLDER/overlay sets
namespace, prefix, labels, images, a JSON patch on every Deployment, and generates a ConfigMap and a
Secret that the Deployments refer to.
"""
import pathlib
import sys

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: shop
spec:
  replicas: 2
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app: {name}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        app: {name}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "9090"
    spec:
      serviceAccountName: {name}
      containers:
        - name: main
          image: registry.example.com/shop/app:1.0.{number}
          args:
            - --listen=:8080
            - --metrics=:9090
            - --log-level=info
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: PASSWORD
              valueFrom:
                secretKeyRef:
                  name: credentials
                  key: password
          envFrom:
            - configMapRef:
                name: settings
            - configMapRef:
                name: {name}
          ports:
            - name: http
              containerPort: 8080
            - name: metrics
              containerPort: 9090
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            initialDelaySeconds: 5
          resources:
            requests:
              cpu: 100m
              memory: 64Mi
            limits:
              memory: 256Mi
"""

SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  type: ClusterIP
  selector:
    app: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
"""

CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
data:
  LOG_LEVEL: info
  FEATURES: "a,b,c"
  app.properties: |
    name={name}
    number={number}
    # what is not said here is taken from the defaults
    timeout=30s
"""

SERVICE_ACCOUNT = """apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
automountServiceAccountToken: false
"""

OVERLAY = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
namePrefix: prod-
labels:
  - pairs:
      environment: production
    includeSelectors: true
resources:
  - ../base
images:
  - name: registry.example.com/shop/app
    newTag: 2.0.0
configMapGenerator:
  - name: settings
    literals:
      - REGION=eu
      - TIER=gold
secretGenerator:
  - name: credentials
    literals:
      - password=not-a-secret
patches:
  - target:
      kind: Deployment
    patch: |-
      - op: replace
        path: /spec/replicas
        value: 3
      - op: add
        path: /spec/template/spec/priorityClassName
        value: high
"""

KINDS = {
    "deployment": DEPLOYMENT,
    "service": SERVICE,
    "configmap": CONFIG_MAP,
    "serviceaccount": SERVICE_ACCOUNT,
}


def main():
    folder, objects = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    base, overlay = folder / "base", folder / "overlay"
    base.mkdir(parents=True)
    overlay.mkdir()
    names = []
    for i in range(objects - 2):
        kind = list(KINDS)[i % len(KINDS)]
        number = i // len(KINDS)
        name = f"app-{number:04}-{kind}.yaml"
        (base / name).write_text(KINDS[kind].format(name=f"app-{number:04}", number=number))
        names.append(f"- {name}\n")
    (base / "kustomization.yaml").write_text("resources:\n" + "".join(names))
    (overlay / "kustomization.yaml").write_text(OVERLAY)


main()
