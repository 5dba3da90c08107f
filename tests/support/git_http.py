#!/usr/bin/env python3
"""A real Git server over smart HTTP on loopback: git http-backend behind a small CGI host.

    git_http.py --root DIR [--port 0] [--ready FILE] [--user U --password P] [--bearer T]
                [--tls-cert FILE --tls-key FILE] [--delay SECONDS] [--truncate BYTES] [--log FILE]
                [--client-ca FILE] [--v0] [--refs-only] [--no-filter] [--moved PREFIX]

Serves every repository below DIR, for fetch and push.  Prints the base URL (and writes it to
FILE) once it listens.  --delay answers late, --truncate cuts every pack answer after so many bytes:
both for tests of bad servers.  --log gets one line a request: METHOD PATH STATUS.  --v0 speaks the old
protocol only, --refs-only gives only what refs name, --no-filter knows no partial fetches, --moved
redirects what is below /PREFIX/, --client-ca wants a client's certificate.
"""

import argparse
import base64
import os
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class GitHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "git-http"
    options = None

    def log_message(self, *args):
        pass

    def record(self, status):
        if self.options.log:
            with open(self.options.log, "a", encoding="utf-8") as f:
                f.write(f"{self.command} {self.path} {status}\n")

    def refuse(self, status, text):
        body = text.encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.record(status)
        self.end_headers()
        self.wfile.write(body)

    def allowed(self):
        want = []
        if self.options.user:
            pair = f"{self.options.user}:{self.options.password}".encode()
            want.append("Basic " + base64.b64encode(pair).decode())
        if self.options.bearer:
            want.append("Bearer " + self.options.bearer)
        return not want or self.headers.get("Authorization") in want

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                if size:
                    parts.append(self.rfile.read(size))
                self.rfile.readline()
                if not size:
                    return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def environment(self, url, length):
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "4",
            "GIT_CONFIG_KEY_0": "http.receivepack", "GIT_CONFIG_VALUE_0": "true",
            "GIT_CONFIG_KEY_1": "safe.directory", "GIT_CONFIG_VALUE_1": "*",
            "GIT_CONFIG_KEY_2": "uploadpack.allowFilter",
            "GIT_CONFIG_VALUE_2": "false" if self.options.no_filter else "true",
            "GIT_CONFIG_KEY_3": "uploadpack.allowAnySHA1InWant",
            "GIT_CONFIG_VALUE_3": "false" if self.options.refs_only else "true",
            "GIT_PROJECT_ROOT": os.path.abspath(self.options.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote(url.path),
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_USER": self.options.user or "anyone",
        }
        if self.headers.get("Content-Encoding"):
            env["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        if self.headers.get("Git-Protocol") and not self.options.v0:
            env["GIT_PROTOCOL"] = self.headers["Git-Protocol"]
        return env

    def serve(self):
        body = self.body()
        if self.options.delay:
            time.sleep(self.options.delay)
        if not self.allowed():
            self.refuse(401, "authentication required\n")
            return
        url = urlsplit(self.path)
        if self.options.moved and url.path.startswith(f"/{self.options.moved}/"):
            self.send_response(301)
            self.send_header("Location", self.path[len(self.options.moved) + 1:])
            self.send_header("Content-Length", "0")
            self.record(301)
            self.end_headers()
            return
        backend = subprocess.Popen(["git", "http-backend"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=self.environment(url, len(body)))
        threading.Thread(target=self.feed, args=(backend.stdin, body), daemon=True).start()
        self.relay(backend.stdout, url.path.endswith("/git-upload-pack"))
        backend.stdout.close()
        backend.wait()

    @staticmethod
    def feed(pipe, body):
        try:
            pipe.write(body)
            pipe.close()
        except BrokenPipeError:
            pass

    def relay(self, out, is_pack):
        status, headers = 200, []
        for line in iter(out.readline, b""):
            text = line.decode("latin-1").strip()
            if not text:
                break
            name, _, value = text.partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.record(status)  # before the client can see the answer and count
        self.end_headers()
        left = self.options.truncate if is_pack and self.options.truncate else None
        while True:
            chunk = out.read1(65536)
            if not chunk:
                self.wfile.write(b"0\r\n\r\n")
                break
            if left is not None and len(chunk) > left:
                self.wfile.write(b"%x\r\n" % len(chunk) + chunk[:left])
                self.close_connection = True
                break
            if left is not None:
                left -= len(chunk)
            self.wfile.write(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
        self.wfile.flush()

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()


class GitServer(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client may go away when it has what it wants."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--bearer")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--client-ca")
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--truncate", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--v0", action="store_true")
    parser.add_argument("--refs-only", action="store_true")
    parser.add_argument("--no-filter", action="store_true")
    parser.add_argument("--moved")
    GitHandler.options = parser.parse_args()
    options = GitHandler.options

    server = GitServer(("127.0.0.1", options.port), GitHandler)
    server.daemon_threads = True
    scheme = "http"
    if options.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
        if options.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(options.client_ca)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    if options.ready:
        with open(options.ready + ".tmp", "w", encoding="utf-8") as f:
            f.write(url)
        os.replace(options.ready + ".tmp", options.ready)
    print(url, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
