"""The store's database and files, read as Documentation/Store.md and Documentation/Events.md describe them."""

import os
from _thread import _local

from ..errors import ArtifactUnreadable, MusterException
from .quick import connect, from_json, sha256, unpickled

# Connections that a fork has brought here. They are the other process's, which alone may close them.
_inherited = []

# An artifact is read in pieces of this size; one that fits into one is not read again.
PIECE = 1 << 20


def locate():
    """The store's folder: chosen, named, or the nearest one upwards."""
    from .namespaces import chosen_store
    named = chosen_store() or os.environ.get("MUSTER_STORE")
    if named:
        return os.path.abspath(named)
    folder = os.getcwd()
    while True:
        candidate = os.path.join(folder, ".muster")
        if os.path.exists(os.path.join(candidate, "muster.db")):
            return candidate
        if folder == os.path.dirname(folder):
            return os.path.abspath(".muster")
        folder = os.path.dirname(folder)


def uri(path, option):
    """What SQLite opens the database at `path` by: what has a meaning in an address is written as its byte."""
    return f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?{option}"


class Store:
    """One store. Threads and forks need no care: each has a connection of its own."""

    def __init__(self, root=None):
        self.root = root or locate()
        self.database = os.path.join(self.root, "muster.db")
        self._kept = _local()

    def query(self, text, *values):
        try:
            file = os.stat(self.database)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise MusterException(f"the store {self.root} cannot be read: {error.strerror}") from None
        if not os.access(self.root, os.W_OK) and not os.path.exists(self.database + "-shm"):
            from .unshared import query
            return query(self.database, text, values)
        # To connect is to read the database's whole log, and a store can be made anew under a program that keeps one.
        owner = (os.getpid(), file.st_dev, file.st_ino)
        before = getattr(self._kept, "owner", None)
        if before != owner:
            if before and before[0] != owner[0]:
                _inherited.append(self._kept.connection)
            self._kept.connection = connect(uri(self.database, "mode=ro"), uri=True, timeout=30)
            self._kept.owner = owner
        return self._kept.connection.execute(text, values).fetchall()

    # Runs

    def flows(self):
        return [row[0] for row in self.query("SELECT flow FROM runs GROUP BY flow ORDER BY max(created) DESC")]

    def has_runs(self, flow):
        return bool(self.query("SELECT 1 FROM runs WHERE flow = ? LIMIT 1", flow))

    def runs(self, flow):
        """(run, record, finished, verdict), newest first. A record is read when its turn comes."""
        rows = self.query(
            "SELECT run, record, finished, verdict FROM runs WHERE flow = ? ORDER BY created DESC, id DESC", flow)
        return (_record(*row) for row in rows)

    def run(self, flow, run):
        rows = self.query("SELECT run, record, finished, verdict FROM runs WHERE flow = ? AND run = ?", flow, run)
        return _record(*rows[0]) if rows else None

    def events(self, flow, run):
        """(time, kind, task, attempt, payload) in order."""
        return self.query(
            "SELECT events.time, kind, task, attempt, payload FROM events JOIN runs ON runs.id = events.run "
            "WHERE flow = ? AND runs.run = ? ORDER BY sequence", flow, run)

    def events_of(self, flow, run, task):
        """(time, kind, attempt, payload) of one task, in order."""
        return self.query(
            "SELECT events.time, kind, attempt, payload FROM events JOIN runs ON runs.id = events.run "
            "WHERE flow = ? AND runs.run = ? AND task = ? ORDER BY sequence", flow, run, task)

    def first_run(self, flow):
        """When it began, in Unix seconds."""
        return self.query("SELECT min(created) FROM runs WHERE flow = ?", flow)[0][0]

    # Tags

    def tags(self, flow, run):
        return [row[0] for row in self.query(
            "SELECT tag FROM tags JOIN runs ON runs.id = tags.run WHERE flow = ? AND runs.run = ? ORDER BY tag", flow, run)]

    def change_tags(self, flow, run, adding=(), removing=()):
        connection = connect(uri(self.database, "mode=rw"), uri=True, timeout=30)
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                (number,), = connection.execute("SELECT id FROM runs WHERE flow = ? AND run = ?", (flow, run)).fetchall()
                for tag in removing:
                    connection.execute("DELETE FROM tags WHERE run = ? AND tag = ?", (number, tag))
                for tag in adding:
                    connection.execute("INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)", (number, tag))
        finally:
            connection.close()

    # Files

    def value(self, reference, name):
        """The value of an artifact, once its bytes have been checked."""
        digest = reference["digest"]
        path = f"{self.root}/artifacts/{digest[:1]}/{digest}"
        try:
            found, data = _read(path, reference["size"])
        except OSError as error:
            raise ArtifactUnreadable(f"artifact '{name}' is not in the store: {path}: {error.strerror}") from None
        if found != digest:
            raise ArtifactUnreadable(f"artifact '{name}' is corrupt: the bytes of {path} have another digest")
        # A pickle with nothing beside it ends with a dot.
        if data is not None and reference["encoding"] == "pickle" and data.endswith(b"."):
            try:
                return unpickled(data)
            except Exception:
                pass  # Said below.
        from ..artifacts import decode
        return decode(path, reference, name, data)

    def step_folder(self, flow, run, step):
        return os.path.join(self.root, "runs", flow, run, step)

    def log(self, flow, run, step, task, attempt, node):
        """(Unix seconds, process, `o` or `e`, bytes) as they were written; nothing where there is no log."""
        path = os.path.join(self.step_folder(flow, run, step), f"{task}.{attempt}.node-{node}.log")
        try:
            with open(path, "rb") as file:
                while True:
                    head = file.readline()
                    fields = head.split()
                    if not head.endswith(b"\n"):
                        return
                    # What is no record is skipped, and the rest of the log is given out all the same.
                    if len(fields) != 4 or fields[2] not in (b"o", b"e") or not all(fields[each].isdigit() for each in (0, 1, 3)):
                        continue
                    data = file.read(int(fields[3]))
                    file.read(1)
                    yield int(fields[0]) / 1e6, int(fields[1]), fields[2].decode(), data
        except FileNotFoundError:
            return
        except OSError as error:
            raise MusterException(f"the log {path} cannot be read: {error.strerror}") from None


def _read(path, size):
    """The digest of a file that should have `size` bytes, and these where they fit into one piece, else None."""
    if size < PIECE:
        # Without a file object, and with room for no more than a byte too many: a run has thousands of small artifacts.
        descriptor = os.open(path, os.O_RDONLY)
        try:
            data = os.read(descriptor, size + 1)
        finally:
            os.close(descriptor)
        return sha256(data).hexdigest(), data
    import hashlib
    found = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest(), None


def _record(run, record, finished, verdict):
    try:
        record = from_json(record)
        record["manifest"]
        record.update(run=run, finished=finished, verdict=verdict)
    except Exception:
        raise MusterException(
            f"the record of the run {run} cannot be read; the store was damaged or written by another version") from None
    return record
