#!/usr/bin/env python3
"""A proxy on loopback for tests: HTTP CONNECT and SOCKS5 on one port, told apart by the first byte.

    proxy.py --ready FILE [--user U --password P] [--log FILE]

Writes its port to the ready file.  The log gets one line a connection: "http host:port" or
"socks5 host:port".
"""

import argparse
import base64
import os
import socket
import socketserver
import struct
import threading

OPTIONS = None


def relay(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Proxy(socketserver.BaseRequestHandler):

    def exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.request.recv(n - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def http(self):
        head = b"C"
        while not head.endswith(b"\r\n\r\n"):
            head += self.exactly(1)
        lines = head.decode("latin-1").split("\r\n")
        want = base64.b64encode(f"{OPTIONS.user}:{OPTIONS.password}".encode()).decode()
        if OPTIONS.user and f"Proxy-Authorization: Basic {want}" not in lines:
            self.request.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return None
        host, _, port = lines[0].split()[1].rpartition(":")
        self.reply = b"HTTP/1.1 200 Connection established\r\n\r\n"
        return "http", host.strip("[]"), int(port)

    def socks(self):
        methods = self.exactly(self.exactly(1)[0])
        method = 2 if OPTIONS.user else 0
        if method not in methods:
            self.request.sendall(b"\5\xff")
            return None
        self.request.sendall(bytes((5, method)))
        if method == 2:
            self.exactly(1)
            user = self.exactly(self.exactly(1)[0]).decode()
            password = self.exactly(self.exactly(1)[0]).decode()
            good = (user, password) == (OPTIONS.user, OPTIONS.password)
            self.request.sendall(b"\1\0" if good else b"\1\1")
            if not good:
                return None
        kind = self.exactly(4)[3]
        if kind == 1:
            host = socket.inet_ntoa(self.exactly(4))
        else:
            host = self.exactly(self.exactly(1)[0]).decode()
        port = struct.unpack(">H", self.exactly(2))[0]
        self.reply = b"\5\0\0\1\0\0\0\0\0\0"
        return "socks5", host, port

    def handle(self):
        try:
            first = self.exactly(1)
            target = self.socks() if first == b"\5" else self.http()
            if not target:
                return
            kind, host, port = target
            if OPTIONS.log:
                with open(OPTIONS.log, "a", encoding="utf-8") as f:
                    f.write(f"{kind} {host}:{port}\n")
            with socket.create_connection((host, port)) as other:
                self.request.sendall(self.reply)
                back = threading.Thread(target=relay, args=(other, self.request), daemon=True)
                back.start()
                relay(self.request, other)
                back.join()
        except (EOFError, OSError):
            pass


def main():
    global OPTIONS
    parser = argparse.ArgumentParser()
    parser.add_argument("--ready", required=True)
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--log")
    OPTIONS = parser.parse_args()
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    with open(OPTIONS.ready + ".tmp", "w", encoding="utf-8") as f:
        f.write(str(server.server_address[1]))
    os.replace(OPTIONS.ready + ".tmp", OPTIONS.ready)
    server.serve_forever()


if __name__ == "__main__":
    main()
