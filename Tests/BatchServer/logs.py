"""Carries what containers print from podman's files to the streams of CloudWatch Logs that moto keeps."""

import datetime
import os
import threading

import moto.backends

GROUP = "/aws/batch/job"
# Seconds. What a container prints is in its stream so much later, and at once when the container has ended.
INTERVAL = 0.3
# CloudWatch takes no longer event.
LONGEST = 256 * 1024 - 26


class Logs:
    def __init__(self, account, region):
        self._backend = moto.backends.get_backend("logs")[account][region]
        self._backend.ensure_log_group(GROUP)
        self._changed = threading.Condition()
        self._files = {}
        threading.Thread(target=self._run, daemon=True).start()

    def follow(self, path, stream):
        with self._changed:
            self._backend.ensure_log_stream(GROUP, stream)
            self._files[path] = _File(path, stream)
            self._changed.notify()

    def finish(self, path):
        """The container has ended: brings the rest."""
        with self._changed:
            self._bring(self._files.pop(path), last=True)

    def _run(self):
        while True:
            with self._changed:
                while not self._files:
                    self._changed.wait()
                for file in self._files.values():
                    self._bring(file)
                self._changed.wait(INTERVAL)

    def _bring(self, file, last=False):
        events = file.read(last)
        if events:
            self._backend.put_log_events(GROUP, file.stream, events)


class _File:
    """A file in the format of the kubelet: TIME stdout|stderr P|F TEXT, where P is a line that goes on."""

    def __init__(self, path, stream):
        self.stream = stream
        self._path, self._offset, self._rest, self._begun = path, 0, b"", {}

    def read(self, last):
        """The events of the lines that are complete, and at the end of those that are not."""
        # podman makes the file when it makes the container, and a container that was not made has none.
        if not os.path.exists(self._path) or os.path.getsize(self._path) == self._offset and not last:
            return []
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            text = self._rest + file.read()
            self._offset = file.tell()
        *lines, self._rest = text.split(b"\n")
        events = []
        for line in lines:
            time, source, state, text = (line.decode(errors="replace").split(" ", 3) + [""] * 3)[:4]
            started, so_far = self._begun.pop(source, (time, ""))
            if state == "P":
                self._begun[source] = started, so_far + text
            else:
                events += _events(started, so_far + text)
        if last:
            for started, text in self._begun.values():
                events += _events(started, text)
        return events


def _events(time, text):
    """CloudWatch takes no empty event, and Docker's driver leaves out empty lines."""
    moment = int(datetime.datetime.fromisoformat(time[:26] + "+00:00").timestamp() * 1000)
    return [{"timestamp": moment, "message": text[start:start + LONGEST]} for start in range(0, len(text), LONGEST)]
