"""The layout of a store on disk: artifacts, code packages, logs and cards (Documentation/Store.md).

Nothing else in the client knows a path of the store.
"""

import os

from ..errors import MusterException

DATABASE = "muster.db"


def locate():
    """The store: the one given to `metadata`, MUSTER_STORE, or the nearest `.muster` in this folder and those above.

    A folder, or the address of a bucket.
    """
    from .namespaces import chosen_store
    named = chosen_store() or os.environ.get("MUSTER_STORE")
    if named:
        return named if named.startswith("s3://") else os.path.abspath(named)
    folder = os.getcwd()
    while True:
        candidate = os.path.join(folder, ".muster")
        if os.path.exists(os.path.join(candidate, DATABASE)):
            return candidate
        if folder == os.path.dirname(folder):
            return os.path.abspath(".muster")
        folder = os.path.dirname(folder)


class Layout:
    """The files of one store."""

    def __init__(self, root):
        self.root = root

    def bring(self, references):
        """Nothing: all artifacts of a folder are there."""

    def artifact(self, digest):
        return f"{self.root}/artifacts/{digest[:1]}/{digest}"

    def package(self, digest):
        """The folder of a code package."""
        return os.path.join(self.root, "packages", digest)

    def step(self, flow, run, step):
        """The folder with the logs and cards of a step's tasks."""
        return os.path.join(self.root, "runs", flow, run, step)

    def log_path(self, flow, run, step, task, attempt, node):
        return os.path.join(self.step(flow, run, step), f"{task}.{attempt}.node-{node}.log")

    def log(self, *place):
        """The records of a node's log, as `log_records` gives them; none where there is no such file.

        place: what `log_path` takes.
        """
        path = self.log_path(*place)
        try:
            with open(path, "rb") as file:
                yield from log_records(file)
        except FileNotFoundError:
            return
        except OSError as error:
            raise MusterException(f"the log {path} cannot be read: {error.strerror}") from None

    def cards(self, flow, run, step):
        """(task, attempt, node, index, type, id, path) of every card of a step; the id is None for most."""
        import re
        form = re.compile(r"(\d+)\.(\d+)\.node-(\d+)\.card-(\d+)_([a-zA-Z0-9-]+)(?:_([a-zA-Z0-9_]+))?\.html")
        folder = self.step(flow, run, step)
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            match = form.fullmatch(name)
            if match:
                numbers = (int(each) for each in match.groups()[:4])
                yield (*numbers, match[5].replace("-", "_"), match[6], os.path.join(folder, name))


def log_records(file):
    """(Unix microseconds, process, `o` or `e`, bytes) of the records of a log file, in order."""
    while True:
        head = file.readline()
        fields = head.split()
        # The last record of a running task may be half written.
        if not head.endswith(b"\n"):
            return
        # A line that is no head of a record, in a damaged log, is skipped: the records after it are still read.
        if len(fields) != 4 or fields[2] not in (b"o", b"e") or not all(fields[each].isdigit() for each in (0, 1, 3)):
            continue
        data = file.read(int(fields[3]))
        file.read(1)
        yield int(fields[0]), int(fields[1]), fields[2].decode(), data
