"""A store in a bucket, `s3://bucket/prefix`: `muster store serve` brings into this machine's folder of it what is read.

No byte of a bucket goes through Python.
"""

import atexit
import json
import os
import subprocess
from threading import Lock

from ..errors import MusterException
from .database import Database
from .layout import Layout

# By address and process: the child of a fork has a service of its own.
_services = {}


def service(address):
    """The service of a bucket, which lives for as long as this process."""
    key = address, os.getpid()
    if key not in _services:
        _services[key] = Service(address)
    return _services[key]


class Service:
    """One request at a time."""

    def __init__(self, address):
        self.address = address
        self._lock = Lock()
        self._process = None
        self.folder = self.bring("folder")["folder"]

    def bring(self, what, **details):
        """Brings it, and returns the answer."""
        with self._lock:
            process = self._running()
            try:
                process.stdin.write(json.dumps({"bring": what, **details}).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = b""
        if not line:
            self._process = None
            raise MusterException(f"the store {self.address} cannot be read: {self._last_words(process)}")
        answer = json.loads(line)
        if answer.get("error"):
            raise MusterException(answer["error"])
        return answer

    def _running(self):
        if self._process is None:
            from ..muster_command import environment, required_command
            self._process = subprocess.Popen(
                [required_command(), "store", "serve", "--store", self.address], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
            atexit.register(self._end, self._process)
        return self._process

    @staticmethod
    def _end(process):
        """The service ends with its input."""
        try:
            process.stdin.close()
            process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired, ChildProcessError):
            process.kill()

    @staticmethod
    def _last_words(process):
        process.stdin.close()
        text = process.stderr.read().decode(errors="replace").strip()
        process.wait()
        return text.removeprefix("muster: ") or f"`muster store serve` ended with {process.returncode}"


class BucketDatabase(Database):
    """Runs of a bucket. A run is brought when it is asked for."""

    def __init__(self, service):
        super().__init__(service.folder)
        self._service = service

    def flows(self):
        return list(dict.fromkeys(flow for flow, _ in self._service.bring("runs")["runs"]))

    def has_runs(self, flow):
        return bool(self._service.bring("runs", flow=flow)["runs"])

    def runs(self, flow):
        for _, run in self._service.bring("runs", flow=flow)["runs"]:
            record = self.run(flow, run)
            if record:
                yield record

    def run(self, flow, run):
        self._service.bring("run", flow=flow, run=run)
        return super().run(flow, run)

    def first_run(self, flow):
        runs = self._service.bring("runs", flow=flow)["runs"]
        return self.run(flow, runs[-1][1])["created"] if runs else None

    def tags(self, flow, run):
        self._service.bring("tags", flow=flow, run=run)
        return super().tags(flow, run)

    def change_tags(self, flow, run, adding=(), removing=()):
        self._service.bring("tags", flow=flow, run=run, add=sorted(adding), remove=sorted(removing))


class BucketLayout(Layout):
    """Files of a bucket. They are brought before their paths are given."""

    def __init__(self, service):
        super().__init__(service.folder)
        self._service = service

    def bring(self, references):
        self._service.bring("artifacts", artifacts=[
            {name: each[name] for name in ("digest", "size", "encoding")} for each in references])

    def package(self, digest):
        self._service.bring("package", package=digest)
        return super().package(digest)

    def step(self, flow, run, step):
        self._service.bring("files", flow=flow, run=run, step=step)
        return super().step(flow, run, step)
