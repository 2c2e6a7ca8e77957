"""Checkpoints in the store: their files in a folder, and a description in a JSON file.

    checkpoints/files/FLOW/STEP/SCOPE/IDENTIFIER/RUN.TASK.ATTEMPT.NAME.VERSION/…
    checkpoints/scopes/FLOW/STEP/SCOPE/IDENTIFIER/RUN.TASK.ATTEMPT.NAME.VERSION.json
    checkpoints/tasks/FLOW/RUN/STEP/TASK/ATTEMPT.NAME.VERSION.json

Beside these, `RUN.TASK.ATTEMPT.latest.json` and `ATTEMPT.latest.json` are copies of the last one of an attempt.

A checkpoint exists once its JSON file does. The file is written last and renamed into place, so a process that is
killed while it saves leaves none.
"""

import contextlib
import datetime
import json
import os
import shutil
import tarfile

from ..errors import CheckpointError
from ..location import at_caller
from .reference import CheckpointArtifact

FORMATS = ("files", "tar")
ARCHIVE = "checkpoint.tar"
LATEST = ".latest.json"
# The prefix of files that are being written.
PART = ".muster-part-"


def store():
    """Returns the store's folder."""
    found = os.environ.get("MUSTER_STORE")
    if not found:
        from ..client.layout import locate
        found = locate()
    return os.path.abspath(found)


class CheckpointFolder:
    """The checkpoints that one identity writes."""

    def __init__(self, identity):
        self.identity = identity
        at = identity
        self._scope = os.path.join(at.flow, at.step, at.scope, at.identifier)
        self._task = os.path.join("checkpoints", "tasks", at.flow, at.run, at.step, at.task)

    def key(self, name, version):
        at = self.identity
        return os.path.join("checkpoints", "files", self._scope, f"{at.run}.{at.task}.{at.attempt}.{name}.{version}")

    def save(self, path, name, version, metadata, is_latest, storage_format):
        """Copies the contents of a folder, or a file. Nodes of a gang that save under one name fill one folder
        together.
        """
        _check_name(name)
        if storage_format not in FORMATS:
            raise CheckpointError(at_caller(f"storage_format is {storage_format!r}; there are {' and '.join(FORMATS)}"))
        if not os.path.exists(path):
            raise CheckpointError(at_caller(f"there is nothing to save at {path}"))
        key = self.key(name, version)
        target = os.path.join(store(), key)
        size = (_pack if storage_format == "tar" else _copy)(path, target)
        reference = CheckpointArtifact({
            "key": key, "url": target, "name": name, "version_id": version, "attempt": self.identity.attempt,
            "pathspec": self.identity.pathspec, "created_on": datetime.datetime.now().isoformat(), "size": size,
            "storage_format": storage_format, "metadata": json.loads(json.dumps(metadata or {}, default=repr)),
            "creation_context": "task"})
        text = json.dumps(reference.to_dict())
        scope = os.path.join(store(), "checkpoints", "scopes", self._scope)
        task = os.path.join(store(), self._task)
        _write(os.path.join(scope, f"{os.path.basename(key)}.json"), text)
        _write(os.path.join(task, f"{self.identity.attempt}.{name}.{version}.json"), text)
        if is_latest:
            _write(os.path.join(scope, self._own + LATEST), text)
            _write(os.path.join(task, f"{self.identity.attempt}{LATEST}"), text)
        return reference

    @property
    def _own(self):
        return f"{self.identity.run}.{self.identity.task}.{self.identity.attempt}"

    def latest_of_task(self):
        """Returns the last one of the attempts before this one: another node of the gang may already have saved one of
        this attempt.
        """
        folder = os.path.join(store(), self._task)
        attempts = [each for each in range(self.identity.attempt) if os.path.exists(os.path.join(folder, f"{each}{LATEST}"))]
        return _read(os.path.join(folder, f"{attempts[-1]}{LATEST}")) if attempts else None

    def latest_of_scope(self):
        """Returns the last one of all runs, without those of this attempt."""
        folder = os.path.join(store(), "checkpoints", "scopes", self._scope)
        if not os.path.isdir(folder):
            return None
        found = [each for each in os.scandir(folder) if each.name.endswith(LATEST) and each.name != self._own + LATEST]
        return _read(max(found, key=lambda each: each.stat().st_mtime_ns).path) if found else None

    def of_task(self):
        """Returns the checkpoints of all attempts of a task."""
        return of_task(self.identity.pathspec)

    def of_scope(self):
        return _all(os.path.join(store(), "checkpoints", "scopes", self._scope))


def of_task(pathspec):
    """The checkpoints of all attempts of a task."""
    return _all(os.path.join(store(), "checkpoints", "tasks", *pathspec.split("/")))


def load(reference, path):
    """Copies a checkpoint's files into a folder, over files of the same names. reference: its description, or its key."""
    key = reference if isinstance(reference, str) else dict(reference).get("key") if isinstance(reference, dict) else reference.key
    parts = str(key).split("/")
    if parts[:2] != ["checkpoints", "files"] or len(parts) != 7 or ".." in parts:
        raise CheckpointError(at_caller(f"{key!r} is no checkpoint; current.checkpoint.save gives one, and list several"))
    known = _read(os.path.join(store(), "checkpoints", "scopes", *parts[2:]) + ".json")
    if known is None:
        raise CheckpointError(at_caller(f"the checkpoint {key} is not in the store {store()}"))
    source = os.path.join(store(), key)
    if known.storage_format == "tar":
        with tarfile.open(os.path.join(source, ARCHIVE)) as archive:
            archive.extractall(path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    else:
        _copy(source, path)


def _files(path):
    """Yields each file below a path, with its relative path."""
    if not os.path.isdir(path):
        yield path, os.path.basename(path)
        return
    for folder, _, names in os.walk(path, followlinks=True):
        # Without partial files, which a killed process has left.
        for name in (each for each in names if not each.startswith(PART)):
            file = os.path.join(folder, name)
            yield file, os.path.relpath(file, path)


def _copy(path, target):
    """Copies all files, each to a temporary name that is renamed. Returns the number of bytes."""
    size = 0
    os.makedirs(target, exist_ok=True)
    for file, place in _files(path):
        copy = os.path.join(target, place)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with _beside(copy) as part:
            shutil.copyfile(file, part)
            shutil.copymode(file, part)
            size += os.path.getsize(part)
    return size


def _pack(path, target):
    os.makedirs(target, exist_ok=True)
    with _beside(os.path.join(target, ARCHIVE)) as part:
        with tarfile.open(part, "w", dereference=True) as archive:
            for file, place in _files(path):
                archive.add(file, place)
        return os.path.getsize(part)


@contextlib.contextmanager
def _beside(path):
    """Yields the path of a temporary file in the same folder, and renames it to `path` at the end."""
    part = os.path.join(os.path.dirname(path), PART + os.urandom(8).hex())
    try:
        yield part
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)


def _write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with _beside(path) as part, open(part, "w", encoding="utf-8") as file:
        file.write(text)


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return CheckpointArtifact(json.load(file))
    except FileNotFoundError:
        return None


def _all(folder):
    """Returns the checkpoints in a folder, newest first."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = [_read(os.path.join(folder, each)) for each in names if each.endswith(".json") and not each.endswith(LATEST)]
    return sorted(filter(None, found), key=lambda each: (each.version_id, each.created_on), reverse=True)


def _check_name(name):
    if not isinstance(name, str) or not name or len(name.encode()) > 100 or "/" in name or "\0" in name:
        raise CheckpointError(at_caller(f"a checkpoint's name is a text of up to 100 characters without a '/', not {name!r}"))
