"""The class Checkpoint: for programs that a step starts, and for programs that read runs."""

from ..errors import CheckpointError
from ..location import at_caller

# `from metaflow import *` loads this module, so the modules that save and load are imported when they are used.

NAME = "mfchckpt"


class Checkpoint:
    """Saves in a program that a step with @checkpoint has started. Loads and lists anywhere.

        with Checkpoint() as checkpoint:
            checkpoint.load(reference)
            os.listdir(checkpoint.directory)
    """

    def __init__(self, temp_dir_root=None, init_dir=False):
        self._root, self._directory, self._writer, self._version = temp_dir_root, None, None, 0
        if init_dir:
            self.__enter__()

    def __enter__(self):
        if self._directory is None:
            import tempfile
            self._directory = tempfile.TemporaryDirectory(prefix="metaflow_checkpoint_", dir=self._root)
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        self.close()

    def close(self):
        """Removes the folder, if there is one."""
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    @property
    def directory(self):
        """A temporary folder; None outside of `with`."""
        return self._directory and self._directory.name

    def save(self, path=None, metadata=None, latest=True, name=NAME, storage_format="files"):
        """Saves the contents of a folder, or a file. Returns its description, a dict.

        path: by default this object's own folder. latest: True for the checkpoint that the next attempt begins with.
        storage_format: `files`, or `tar` for very many of them.
        """
        path = self._folder(path)
        writer, version = self._write(), self._version
        self._version += 1
        return writer.save(path, name, version, metadata, latest, storage_format).to_dict()

    def load(self, reference, path=None):
        """Copies a checkpoint's files into a folder, by default this object's own."""
        from .folder import load
        load(reference, self._folder(path))

    def list(self, name=None, task=None, attempt=None, full_namespace=False):
        """Returns descriptions of checkpoints: of all attempts of this task, or of another task's newest attempt.

        full_namespace: True to include those of other runs that `eager` would find.
        """
        if task is not None:
            found, attempt = self._of_other(task, attempt)
        else:
            found = self._write().of_scope() if full_namespace else self._write().of_task()
        return [each.to_dict() for each in found
                if name in (None, each.name) and (attempt is None or int(attempt) == each.attempt)]

    def generate_key(self, name, version_id=None):
        """Returns the key of a checkpoint of this task, by default of the next one."""
        return self._write().key(name, self._version if version_id is None else version_id)

    def _of_other(self, task, attempt):
        from .folder import of_task
        found = of_task(task if isinstance(task, str) else task.pathspec)
        if attempt is None:
            from ..client import Task
            attempt = (Task(task, _namespace_check=False) if isinstance(task, str) else task).current_attempt
        return found, attempt

    def _folder(self, path):
        if path is None and self.directory is None:
            raise CheckpointError(at_caller("say which path; without `with Checkpoint() as …` there is no folder of its own"))
        return self.directory if path is None else path

    def _write(self):
        if self._writer is None:
            from .folder import CheckpointFolder
            from .identity import Identity
            identity = Identity.of_environment()
            if identity is None:
                raise CheckpointError(at_caller(
                    "no step with @checkpoint has started this program, so it has no checkpoints of its own; name a task, or put "
                    "@checkpoint on the step"))
            self._writer = CheckpointFolder(identity)
        return self._writer
