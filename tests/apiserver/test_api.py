"""What clients see on the wire: errors, watches, pages, options, and who may come in."""

import json
import os
import sqlite3
import threading
import time

from server import Case, Server, main


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


class Api(Case):

    def path(self, name="", query=""):
        return f"/api/v1/namespaces/{self.ns}/configmaps{'/' + name if name else ''}{query}"

    def create(self, name, **data):
        status, _, body = self.server.request("POST", self.path(), config_map(name, **data))
        self.assertEqual(status, 201, body)
        return body

    def test_anonymous_callers(self):
        for path in ("/api", "/apis", "/api/v1/namespaces", "/openapi/v3", "/metrics",
                     "/version/x/../../api", "//version"):
            status, _, body = self.server.request("GET", path, anonymous=True)
            if status != 401 and not path.startswith("/version"):
                self.fail(f"{path}: {status} {body}")
        status, _, body = self.server.request("GET", "/api", anonymous=True)
        self.assertEqual((body["kind"], body["reason"], body["code"]),
                         ("Status", "Unauthorized", 401))
        for path in ("/healthz", "/livez", "/readyz", "/livez/ping", "/version"):
            self.assertEqual(self.server.request("GET", path, anonymous=True)[0], 200, path)

    def test_errors(self):
        self.create("a")
        for method, path, body, want in (
                ("GET", self.path("no"), None, (404, "NotFound", 'configmaps "no" not found')),
                ("POST", self.path(), config_map("a"),
                 (409, "AlreadyExists", 'configmaps "a" already exists')),
                ("POST", self.path(), config_map("A"), (422, "Invalid", None)),
                ("POST", self.path(), "{", (400, "BadRequest", None)),
                ("POST", self.path(), {"kind": "Secret"}, (400, "BadRequest", None)),
                ("POST", self.path(), {"metadata": {}},
                 (422, "Invalid", 'ConfigMap "" is invalid: metadata.name: Required value: name or '
                                  'generateName is required')),
                ("PUT", self.path("a"), config_map("b"),
                 (400, "BadRequest", "the name of the object (b) does not match the name on the URL "
                                     "(a)")),
                ("PUT", self.path("a"), {**config_map("a"), "metadata":
                                         {"name": "a", "resourceVersion": "1"}},
                 (409, "Conflict", 'Operation cannot be fulfilled on configmaps "a": the object has '
                                   'been modified; please apply your changes to the latest version '
                                   'and try again')),
                ("GET", "/api/v1/nope", None, (404, "NotFound", None)),
                ("GET", self.path(query="?fieldSelector=data.a=1"), None,
                 (400, "BadRequest", "field label not supported: data.a")),
                ("GET", self.path(query="?labelSelector=a%20b"), None, (400, "BadRequest", None)),
                ("PATCH", self.path("a"), {}, (415, "UnsupportedMediaType", None)),
                ("POST", self.path("a"), {}, (405, "MethodNotAllowed", None)),
        ):
            status, _, answer = self.server.request(method, path, body)
            self.assertEqual((status, answer["reason"]), want[:2], (method, path, answer))
            if want[2]:
                self.assertEqual(answer["message"], want[2])
            self.assertEqual(answer["code"], status)
        status, _, _ = self.server.request("GET", self.path(), Accept="text/html")
        self.assertEqual(status, 406)

    def test_no_op_writes(self):
        before = self.create("a", k="v")
        for kind, body in (("merge", {"data": {"k": "v"}}), ("json", []),
                           ("strategic-merge", {"data": {"k": "v"}})):
            status, _, after = self.server.request(
                "PATCH", self.path("a"), body, Content_Type=f"application/{kind}-patch+json")
            self.assertEqual(status, 200, after)
            self.assertEqual(after, before)
        status, _, after = self.server.request("PUT", self.path("a"), before)
        self.assertEqual(after, before)

    def test_dry_run(self):
        status, _, body = self.server.request("POST", self.path(query="?dryRun=All"),
                                              config_map("d", a="1"))
        self.assertEqual(status, 201)
        self.assertNotIn("resourceVersion", body["metadata"])
        self.assertIn("uid", body["metadata"])
        self.assertEqual(self.server.request("GET", self.path("d"))[0], 404)
        self.create("e")
        self.assertEqual(self.server.request("DELETE", self.path("e", "?dryRun=All"))[0], 200)
        self.assertEqual(self.server.request("GET", self.path("e"))[0], 200)
        self.assertEqual(self.server.request("DELETE", self.path("e", "?dryRun=Some"))[0], 422)

    def test_field_validation(self):
        body = {**config_map("s"), "dataa": {}}
        status, _, answer = self.server.request("POST", self.path(query="?fieldValidation=Strict"),
                                                body)
        self.assertEqual(status, 400)
        self.assertIn('strict decoding error: unknown field "dataa"', answer["message"])
        status, headers, answer = self.server.request("POST", self.path(), body)
        self.assertEqual(status, 201)
        self.assertEqual(headers["Warning"], '299 - "unknown field \\"dataa\\""')
        self.assertNotIn("dataa", answer)

    def test_generate_name(self):
        names = {self.server.request("POST", self.path(), {
            "metadata": {"generateName": "gen-"}})[2]["metadata"]["name"] for _ in range(20)}
        self.assertEqual(len(names), 20)
        for name in names:
            self.assertRegex(name, "^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$")

    def test_pages(self):
        for i in range(7):
            self.create(f"p{i}")
        seen, token = [], ""
        while True:
            _, _, page = self.server.request(
                "GET", self.path(query=f"?limit=3&continue={token}"))
            seen += [x["metadata"]["name"] for x in page["items"]]
            if not token:
                # What happens in between is not seen by the pages that follow.
                self.create("p3x")
                self.server.request("DELETE", self.path("p5"))
            token = page["metadata"].get("continue")
            if not token:
                break
        self.assertEqual([x for x in seen if x.startswith("p")], [f"p{i}" for i in range(7)])
        status, _, _ = self.server.request("GET", self.path(query="?limit=3&continue=nonsense"))
        self.assertEqual(status, 400)

    def test_watch_events(self):
        rv = self.create("w", a="1")["metadata"]["resourceVersion"]
        self.server.request("PATCH", self.path("w"), {"data": {"a": "2"}},
                            Content_Type="application/merge-patch+json")
        self.server.request("DELETE", self.path("w"))
        events = [e for e in self.server.watch(
            self.path(query=f"?watch=1&resourceVersion={rv}&timeoutSeconds=1"))
            if e["object"]["metadata"]["name"] == "w"]
        self.assertEqual([e["type"] for e in events], ["MODIFIED", "DELETED"])
        self.assertEqual(events[0]["object"]["data"], {"a": "2"})
        revs = [int(e["object"]["metadata"]["resourceVersion"]) for e in events]
        self.assertTrue(int(rv) < revs[0] < revs[1])

    def test_watch_selector_transitions(self):
        rv = self.create("t")["metadata"]["resourceVersion"]

        def label(value):
            self.server.request("PATCH", self.path("t"), {"metadata": {"labels": {"x": value}}},
                                Content_Type="application/merge-patch+json")
        label("1")
        label("2")
        label("1")
        events = list(self.server.watch(self.path(
            query=f"?watch=1&resourceVersion={rv}&timeoutSeconds=1&labelSelector=x%3D1")))
        self.assertEqual([e["type"] for e in events], ["ADDED", "DELETED", "ADDED"])
        # What leaves the selection is shown as it was, at the revision of the change.
        self.assertEqual(events[1]["object"]["metadata"]["labels"], {"x": "1"})

    def test_watch_list(self):
        self.create("l")
        query = "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan" \
                "&allowWatchBookmarks=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dl"
        events = list(self.server.watch(self.path(query=query)))
        self.assertEqual([e["type"] for e in events[:2]], ["ADDED", "BOOKMARK"])
        self.assertEqual(events[1]["object"]["metadata"]["annotations"],
                         {"k8s.io/initial-events-end": "true"})
        status, _, _ = self.server.request(
            "GET", self.path(query="?watch=1&sendInitialEvents=true"))
        self.assertEqual(status, 422)

    def test_watch_from_long_ago(self):
        events = list(self.server.watch(
            "/api/v1/configmaps?watch=1&resourceVersion=1&timeoutSeconds=1"))
        # Nothing has been forgotten yet: the history reaches back to the start.
        self.assertNotEqual(events[0]["type"], "ERROR")
        status, _, body = self.server.request("GET", self.path(query="?resourceVersion=99999999"))
        self.assertEqual((status, body["reason"]), (504, "Timeout"))

    def test_table_and_partial(self):
        self.create("x", a="1")
        status, _, body = self.server.request(
            "GET", self.path(), Accept="application/json;as=Table;v=v1;g=meta.k8s.io")
        self.assertEqual([c["name"] for c in body["columnDefinitions"]], ["Name", "Data", "Age"])
        row = [r for r in body["rows"] if r["cells"][0] == "x"][0]
        self.assertEqual(row["cells"][1], 1)
        self.assertEqual(row["object"]["kind"], "PartialObjectMetadata")
        _, _, body = self.server.request(
            "GET", self.path("x"),
            Accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")
        self.assertEqual((body["kind"], body["apiVersion"]),
                         ("PartialObjectMetadata", "meta.k8s.io/v1"))
        self.assertNotIn("data", body)

    def test_discovery(self):
        accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        _, headers, body = self.server.request("GET", "/apis", Accept=accept)
        self.assertEqual(headers["Content-Type"], accept)
        self.assertEqual([g["metadata"]["name"] for g in body["items"][:2]],
                         ["apiregistration.k8s.io", "apps"])
        status, _, _ = self.server.request("GET", "/apis", Accept=accept,
                                           If_None_Match=headers["ETag"])
        self.assertEqual(status, 304)
        _, _, body = self.server.request("GET", "/apis/apps/v1")
        names = [r["name"] for r in body["resources"]]
        self.assertIn("deployments/scale", names)
        _, _, index = self.server.request("GET", "/openapi/v3")
        url = index["paths"]["apis/apps/v1"]["serverRelativeURL"]
        _, headers, doc = self.server.request("GET", url)
        self.assertEqual(headers["Cache-Control"], "public, immutable")
        patch = doc["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
        self.assertEqual(patch["x-kubernetes-group-version-kind"],
                         {"group": "apps", "kind": "Deployment", "version": "v1"})

    def test_managed_fields_are_reset(self):
        self.create("m", a="1")
        _, _, body = self.server.request("GET", self.path("m"))
        self.assertEqual(len(body["metadata"]["managedFields"]), 1)
        _, _, body = self.server.request(
            "PATCH", self.path("m"), {"metadata": {"managedFields": [{}]}},
            Content_Type="application/merge-patch+json")
        self.assertNotIn("managedFields", body["metadata"])

    def test_events_have_two_names(self):
        event = {"metadata": {"name": "e"}, "regarding": {"kind": "Pod", "name": "p",
                                                          "namespace": self.ns},
                 "note": "n", "reason": "R", "type": "Normal", "action": "A",
                 "reportingController": "c", "reportingInstance": "i",
                 "eventTime": "2026-01-01T00:00:00.000000Z",
                 "apiVersion": "events.k8s.io/v1", "kind": "Event"}
        status, _, body = self.server.request(
            "POST", f"/apis/events.k8s.io/v1/namespaces/{self.ns}/events", event)
        self.assertEqual(status, 201, body)
        self.assertEqual(body["note"], "n")
        _, _, body = self.server.request("GET", f"/api/v1/namespaces/{self.ns}/events/e")
        self.assertEqual((body["message"], body["involvedObject"]["name"]), ("n", "p"))
        _, _, body = self.server.request(
            "GET", f"/api/v1/namespaces/{self.ns}/events?fieldSelector=involvedObject.name%3Dp")
        self.assertEqual(len(body["items"]), 1)

    def test_autoscalers_have_two_versions(self):
        base = f"/apis/autoscaling/%s/namespaces/{self.ns}/horizontalpodautoscalers"
        status, _, body = self.server.request("POST", base % "v1", {
            "metadata": {"name": "h"},
            "spec": {"maxReplicas": 3, "targetCPUUtilizationPercentage": 50,
                     "scaleTargetRef": {"kind": "Deployment", "name": "d"}}})
        self.assertEqual(status, 201, body)
        _, _, body = self.server.request("GET", base % "v2" + "/h")
        self.assertEqual(body["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 50)
        _, _, body = self.server.request("GET", base % "v1" + "/h")
        self.assertEqual(body["spec"]["targetCPUUtilizationPercentage"], 50)

    def test_changed_definition(self):
        """Objects that were stored before have the new defaults when they are read."""
        def crd(**properties):
            return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                    "metadata": {"name": "gears.e.io"},
                    "spec": {"group": "e.io", "scope": "Cluster",
                             "names": {"kind": "Gear", "plural": "gears"},
                             "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                                 "openAPIV3Schema": {"type": "object", "properties": {
                                     "spec": {"type": "object", "properties": properties}}}}}]}}
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        a, b = {"type": "string", "default": "x"}, {"type": "integer", "default": 3}
        self.assertEqual(self.server.request("POST", definitions, crd(a=a))[0], 201)
        gear = {"apiVersion": "e.io/v1", "kind": "Gear", "metadata": {"name": "g"}, "spec": {}}
        _, _, body = self.server.request("POST", "/apis/e.io/v1/gears", gear)
        self.assertEqual(body["spec"], {"a": "x"})
        status, _, body = self.server.request(
            "PATCH", definitions + "/gears.e.io", crd(a=a, b=b),
            Content_Type="application/merge-patch+json")
        self.assertEqual(status, 200, body)
        _, _, body = self.server.request("GET", "/apis/e.io/v1/gears/g")
        self.assertEqual(body["spec"], {"a": "x", "b": 3})
        _, _, body = self.server.request("GET", "/apis/e.io/v1/gears")
        self.assertEqual(body["items"][0]["spec"], {"a": "x", "b": 3})

    def test_large_bodies(self):
        status, _, _ = self.server.request("POST", self.path(), config_map("big", a="x" * 4000000))
        self.assertEqual(status, 413)
        self.assertEqual(self.server.request("GET", self.path("big"))[0], 404)

    def test_many_writers(self):
        self.create("n", v="0")

        def add():
            done = 0
            while done < 10:
                _, _, obj = self.server.request("GET", self.path("n"))
                obj["data"]["v"] = str(int(obj["data"]["v"]) + 1)
                done += self.server.request("PUT", self.path("n"), obj)[0] == 200
        threads = [threading.Thread(target=add) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(self.server.request("GET", self.path("n"))[2]["data"]["v"], "40")

    def test_kill_and_restart(self):
        server = Server()
        self.addCleanup(server.remove)
        path = "/api/v1/namespaces/default/configmaps"
        for round_ in range(5):
            names = []
            for i in range(20):
                name = f"k-{round_}-{i}"
                if server.request("POST", path, config_map(name))[0] == 201:
                    names.append(name)
            server.kill()
            server.start()
            for name in names:
                self.assertEqual(server.request("GET", f"{path}/{name}")[0], 200, name)
        rvs = [int(x["metadata"]["resourceVersion"])
               for x in server.request("GET", path)[2]["items"]]
        self.assertEqual(len(rvs), len(set(rvs)))
        self.assertEqual(server.stop(), 0)

    def test_stop_under_load(self):
        """A server that is told to stop does so at once, whatever is going on."""
        for _ in range(6):
            server = Server("--synchronous", "normal")
            self.addCleanup(server.remove)
            path = "/api/v1/namespaces/default/configmaps"

            def write(n, server=server, path=path):
                try:
                    for i in range(10000):
                        server.request("POST", path, config_map(f"l-{n}-{i}"))
                except OSError:
                    pass

            def watch(server=server, path=path):
                try:
                    for _ in server.watch(path + "?watch=1"):
                        pass
                except (OSError, ValueError):
                    pass
            threads = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(3)]
            threads += [threading.Thread(target=watch, daemon=True) for _ in range(3)]
            for t in threads:
                t.start()
            time.sleep(0.2)
            self.assertEqual(server.stop(), 0, server.read_log())
            for t in threads:
                t.join(10)

    def test_full_disk(self):
        server = Server(file_size=400 << 10)
        self.addCleanup(server.remove)
        path = "/api/v1/namespaces/default/configmaps"
        answers = [server.request("POST", path, config_map(f"f{i}", k="y" * 20000))
                   for i in range(40)]
        kept = [f"f{i}" for i in range(40) if answers[i][0] == 201]
        refused = [x[2] for x in answers if x[0] != 201]
        self.assertTrue(kept and refused)
        self.assertEqual(refused[0]["reason"], "InternalError")
        self.assertIn("state.db", refused[0]["message"])
        # What was acknowledged is there, what was refused is not, now and after a restart.
        for _ in range(2):
            names = [x["metadata"]["name"] for x in server.request("GET", path)[2]["items"]]
            self.assertEqual(sorted(x for x in names if x.startswith("f")), sorted(kept))
            server.kill()
            server.file_size = None
            server.start()
        self.assertEqual(server.request("POST", path, config_map("more"))[0], 201)
        self.assertEqual(server.stop(), 0)

    def test_database_of_a_newer_version(self):
        server = Server()
        self.addCleanup(server.remove)
        self.assertEqual(server.stop(), 0)
        path = os.path.join(server.dir, "data", "state.db")
        database = sqlite3.connect(path)
        self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (1,))
        database.execute("PRAGMA user_version = 99")
        database.commit()
        database.close()
        with self.assertRaisesRegex(AssertionError, "state.db: the database has version 99, this "
                                                    "program knows 1"):
            server.start()
        server.log.close()

    def test_memory_keeps_nothing(self):
        server = Server(data=False)
        self.addCleanup(server.remove)
        self.assertEqual(server.request("GET", "/api/v1/namespaces/default")[0], 200)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    main()
