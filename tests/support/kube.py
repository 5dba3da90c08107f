"""A minimal Kubernetes client for tests, demo and benchmarks: standard library only."""

import base64
import http.client
import json
import os
import ssl
import tempfile
from urllib.parse import urlencode, urlsplit

import yaml


class ApiError(Exception):
    def __init__(self, code, status):
        super().__init__(f"{code}: {status.get('message', status)}")
        self.code = code
        self.status = status
        self.reason = status.get("reason", "")


def _file(data):
    """ssl wants files; the bytes are removed as soon as they were read."""
    fd, path = tempfile.mkstemp()
    with os.fdopen(fd, "wb") as f:
        f.write(data)
    return path


class Kube:
    def __init__(self, kubeconfig, anonymous=False):
        with open(kubeconfig, encoding="utf-8") as f:
            config = yaml.safe_load(f)
        cluster = config["clusters"][0]["cluster"]
        user = config["users"][0]["user"]
        self.server = cluster["server"]
        url = urlsplit(self.server)
        self.host, self.port = url.hostname, url.port
        self.context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        if not anonymous:
            cert = _file(base64.b64decode(user["client-certificate-data"]))
            key = _file(base64.b64decode(user["client-key-data"]))
            self.context.load_cert_chain(cert, key)
            os.unlink(cert)
            os.unlink(key)
        self.connection = None

    def _connect(self, timeout=60):
        return http.client.HTTPSConnection(self.host, self.port, context=self.context,
                                           timeout=timeout)

    def request(self, method, path, body=None, content_type="application/json", query=None,
                headers=None):
        """Sends one request; the decoded JSON (or text) of a 2xx answer, else ApiError."""
        if query:
            path += "?" + urlencode(query)
        data = body if isinstance(body, (bytes, str, type(None))) else json.dumps(body)
        all_headers = {"Accept": "application/json", **(headers or {})}
        if data is not None:
            all_headers["Content-Type"] = content_type
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = self._connect()
            try:
                self.connection.request(method, path, body=data, headers=all_headers)
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise
        try:
            value = json.loads(text) if text else None
        except ValueError:
            value = text.decode("utf-8", "replace")
        if answer.status >= 300:
            raise ApiError(answer.status, value if isinstance(value, dict) else {"message": value})
        return value

    def get(self, path, **query):
        return self.request("GET", path, query=query)

    def find(self, path):
        """The object, or None when it does not exist."""
        try:
            return self.get(path)
        except ApiError as e:
            if e.code == 404:
                return None
            raise

    def create(self, path, body):
        return self.request("POST", path, body)

    def merge(self, path, body):
        return self.request("PATCH", path, body, "application/merge-patch+json")

    def apply(self, path, body, manager="test", force=True):
        return self.request("PATCH", path, body, "application/apply-patch+yaml",
                            {"fieldManager": manager, "force": "true" if force else "false"})

    def delete(self, path):
        return self.request("DELETE", path)

    def watch(self, path, timeout=60, **query):
        """Yields (type, object) until the server or the timeout ends the stream."""
        connection = self._connect(timeout)
        query = {"watch": "true", "allowWatchBookmarks": "true", **query}
        connection.request("GET", path + "?" + urlencode(query),
                           headers={"Accept": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise ApiError(answer.status, json.loads(answer.read()))
        try:
            while True:
                line = answer.readline()
                if not line:
                    return
                event = json.loads(line)
                yield event["type"], event["object"]
        finally:
            connection.close()


RESOURCES = {
    "GitRepository": ("source.toolkit.fluxcd.io/v1", "gitrepositories"),
    "OCIRepository": ("source.toolkit.fluxcd.io/v1", "ocirepositories"),
    "HelmRepository": ("source.toolkit.fluxcd.io/v1", "helmrepositories"),
    "HelmChart": ("source.toolkit.fluxcd.io/v1", "helmcharts"),
    "Bucket": ("source.toolkit.fluxcd.io/v1", "buckets"),
    "ExternalArtifact": ("source.toolkit.fluxcd.io/v1", "externalartifacts"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io/v1", "kustomizations"),
    "HelmRelease": ("helm.toolkit.fluxcd.io/v2", "helmreleases"),
    "Receiver": ("notification.toolkit.fluxcd.io/v1", "receivers"),
    "Alert": ("notification.toolkit.fluxcd.io/v1beta3", "alerts"),
    "Provider": ("notification.toolkit.fluxcd.io/v1beta3", "providers"),
    "Deployment": ("apps/v1", "deployments"),
    "StatefulSet": ("apps/v1", "statefulsets"),
    "DaemonSet": ("apps/v1", "daemonsets"),
    "Job": ("batch/v1", "jobs"),
    "ConfigMap": ("v1", "configmaps"),
    "Secret": ("v1", "secrets"),
    "Service": ("v1", "services"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "Event": ("v1", "events"),
    "Namespace": ("v1", "namespaces"),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1", "customresourcedefinitions"),
}
CLUSTER_SCOPED = ("Namespace", "CustomResourceDefinition")


def path_of(kind, ns, name=None):
    version, plural = RESOURCES[kind]
    path = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if kind not in CLUSTER_SCOPED:
        path += f"/namespaces/{ns}"
    path += f"/{plural}"
    return f"{path}/{name}" if name else path


def condition(obj, kind):
    """The condition of a type, an empty dict when it is not there."""
    for found in (obj or {}).get("status", {}).get("conditions", []):
        if found["type"] == kind:
            return found
    return {}


def wait_for(kube, kind, ns, name, judge, timeout=60):
    """Watches one object until judge(obj) is true (obj None: absent); the object."""
    path = path_of(kind, ns)
    last = None
    for event, obj in kube.watch(path, timeout, fieldSelector=f"metadata.name={name}"):
        if event == "BOOKMARK":
            continue
        if event == "ERROR":
            raise ApiError(obj.get("code", 0), obj)
        last = None if event == "DELETED" else obj
        if judge(last):
            return last
    raise TimeoutError(f"{kind} {ns}/{name}: {json.dumps((last or {}).get('status'))}")
