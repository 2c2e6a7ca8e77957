"""podman's API on a Unix socket, as far as jobs need it."""

import http.client
import json
import os
import select
import socket
import urllib.parse


class PodmanError(Exception):
    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("podman")
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


class Podman:
    def __init__(self, path):
        self._path = path

    def _call(self, method, target, body=None, accept=()):
        connection = _Connection(self._path)
        try:
            connection.request(
                method, f"/v4.0.0/libpod{target}", None if body is None else json.dumps(body),
                {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status >= 400 and response.status not in accept:
            try:
                text = json.loads(text)["message"]
            except (ValueError, KeyError):
                pass
            raise PodmanError(text, response.status)
        return response.status, json.loads(text) if text.startswith(("{", "[")) else text

    def has_image(self, name):
        return self._call("GET", f"/images/{urllib.parse.quote(name, safe='')}/exists", accept=(404,))[0] != 404

    def create(self, specification):
        return self._call("POST", "/containers/create", specification)[1]["Id"]

    def initialize(self, container):
        """Makes the container's namespaces and its first process, which does not yet run the program."""
        self._call("POST", f"/containers/{container}/init")

    def start(self, container):
        self._call("POST", f"/containers/{container}/start")

    def inspect(self, container):
        return self._call("GET", f"/containers/{container}/json")[1]

    def signal(self, container, name):
        # 404 and 409: it has ended meanwhile.
        self._call("POST", f"/containers/{container}/kill?signal={name}", accept=(404, 409, 500))

    def exit_code(self, container):
        """Waits until podman knows the end of a container whose process has ended."""
        return int(self._call("POST", f"/containers/{container}/wait?condition=exited&interval=20ms")[1])

    def remove(self, container):
        self._call("DELETE", f"/containers/{container}?force=true&timeout=0", accept=(404,))


class Process:
    """The first process of a container. Its end is waited for by its descriptor, which costs nothing meanwhile."""

    def __init__(self, pid):
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def ended(self, seconds=None, stop=None):
        """Whether it has ended; waits for that for so many seconds or for good, or until `stop` can be read."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if stop is not None:
            poll.register(stop, select.POLLIN)
        found = poll.poll(None if seconds is None else max(0, seconds) * 1000)
        return any(descriptor == self._descriptor for descriptor, _ in found)

    def close(self):
        os.close(self._descriptor)
