"""Makes a server that listens on 127.0.0.1 alone reachable at another address of this machine.

`forward.py URL ADDRESS FILE` writes the URL at which it is reachable into FILE, and forwards until it is ended.
"""

import pathlib
import socket
import socketserver
import sys
import threading
import urllib.parse


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


if __name__ == "__main__":
    pathlib.Path(sys.argv[3]).write_text(reachable(sys.argv[1], sys.argv[2]))
    threading.Event().wait()
