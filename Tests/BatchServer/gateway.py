"""What containers reach on this machine: ECS's address for credentials."""

import datetime
import json
import socket
import threading
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
