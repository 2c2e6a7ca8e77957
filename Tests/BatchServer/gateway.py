"""What containers reach on this machine: ECS's address for credentials, and servers that listen on 127.0.0.1 alone."""

import datetime
import json
import socket
import socketserver
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from settings import ACCOUNT, CREDENTIALS, REGION


class Metadata(BaseHTTPRequestHandler):
    """What ECS answers containers at 169.254.170.2: a role's credentials, and a little of what a task is."""

    settings = None

    def do_GET(self):
        if self.path.startswith("/v2/credentials/"):
            expiration = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)
            told = {
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/muster-tests", "AccessKeyId": self.settings.access_key,
                "SecretAccessKey": self.settings.secret_key, "Token": "a-token-of-the-tests",
                "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ")}
        elif self.path.startswith("/v4/"):
            task = self.path.split("/")[2]
            told = {"TaskARN": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/muster-tests/{task}", "LaunchType": "EC2"}
        else:
            self.send_error(404)
            return
        text = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *arguments):
        pass


class MetadataServer(ThreadingHTTPServer):
    bridge = None

    def server_bind(self):
        # Each server has the address on a bridge of its own.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.bridge.encode())
        super().server_bind()


def serve_metadata(settings, bridge):
    Metadata.settings, MetadataServer.bridge = settings, bridge
    threading.Thread(target=MetadataServer((CREDENTIALS, 80), Metadata).serve_forever, daemon=True).start()


class Forward(socketserver.BaseRequestHandler):
    target = None

    def handle(self):
        with socket.create_connection(self.target) as other:
            back = threading.Thread(target=_copy, args=(other, self.request), daemon=True)
            back.start()
            _copy(self.request, other)
            back.join()


class ForwardServer(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address, request_queue_size = True, True, 128


def _copy(source, target):
    try:
        while data := source.recv(1 << 18):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # One of the two has gone: so does the other.
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def reachable(url, gateway):
    """`url` as containers reach it: what listens on this machine's own address alone is forwarded to the gateway."""
    parts = urllib.parse.urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        return url
    Forward.target = parts.hostname, parts.port
    server = ForwardServer((gateway, 0), Forward)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{parts.scheme}://{gateway}:{server.server_address[1]}{parts.path}"
