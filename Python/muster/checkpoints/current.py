"""`current.checkpoint`."""

import os
import sys

from .checkpoint import NAME, Checkpoint
from .folder import CheckpointFolder
from .identity import Identity


class CurrentCheckpoint:
    """The checkpoints of a running step."""

    def __init__(self, task, root, shows_card):
        if root is not None:
            os.makedirs(root, exist_ok=True)
        self._identity = Identity.of_task(task)
        self._identity.leave(task.folder)
        self._folder = CheckpointFolder(self._identity)
        self._checkpoint = Checkpoint(root, init_dir=True)
        self._loaded = None
        self._card = None
        if shows_card and task.node == 0:
            from .card import CheckpointCard
            self._card = CheckpointCard(task, self)

    def begin(self, policy):
        """Loads the last checkpoint: `fresh` of earlier attempts of this task, `eager` of earlier runs as well."""
        found = None if policy == "none" else self._folder.latest_of_task()
        if found is None and policy == "eager":
            found = self._folder.latest_of_scope()
        if found is not None:
            sys.stderr.write(
                f"@checkpoint: begins with '{found.name}', which attempt {found.attempt} of {found.pathspec} saved at "
                f"{found.created_on}\n")
            self._checkpoint.load(found)
            self._loaded = found

    def end(self, error=None):
        """error: the printed text of the body's failure."""
        if self._card is not None:
            self._card.finish(error)
        self._checkpoint.close()

    @property
    def task_identifier(self):
        return self._identity.identifier

    @property
    def directory(self):
        """A folder on this node with the loaded checkpoint, which `save` saves by default."""
        return self._checkpoint.directory

    @property
    def is_loaded(self):
        """True if the step has begun with a checkpoint."""
        return self._loaded is not None

    @property
    def info(self):
        """The description of the checkpoint that the step has begun with, or None."""
        return self._loaded

    def save(self, path=None, name=NAME, metadata=None, latest=True, storage_format="files"):
        """See ``Checkpoint.save``."""
        saved = self._checkpoint.save(path, metadata, latest, name, storage_format)
        if self._card is not None:
            self._card.refresh()
        return saved

    def list(self, name=None, task=None, attempt=None, full_namespace=False):
        """See ``Checkpoint.list``."""
        return self._checkpoint.list(name, task, attempt, full_namespace)

    def load(self, reference, path=None):
        """Copies a checkpoint's files into a folder. Without a path it replaces the contents of `directory`."""
        if path is None:
            self._checkpoint.close()
            self._checkpoint.__enter__()
        self._checkpoint.load(reference, path)
