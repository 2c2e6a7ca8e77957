"""The artifacts of a task that has ended: those that the body has set or changed, and references to all others."""

import os
import sys

from .. import artifacts
from ..errors import ArtifactError

# Bytes of an artifact's name that is used as its file's name. File systems take 255.
LONGEST_NAME = 200


class Outcome:
    """The artifacts of one task. Constants are written before the body runs, all others after it."""

    def __init__(self, task):
        self.task = task
        # Paths of written constants in the task folder, by name.
        self._constants = {}
        # Artifacts that could not be pickled and were reported.
        self._unpicklable = set()

    def write_constants(self):
        """Writes the constants of the flow's class before the body can change their contents. A task that has inputs
        passes on the artifacts of the task before.
        """
        task = self.task
        references = task.first_input._state.references if task.first_input else {}
        for name, value in task.constants.items():
            if name in references:
                task.flow._state.references.setdefault(name, references[name])
            else:
                self._constants[name] = self._write(name, value, lambda: f"the constant {name} of the flow's class")

    def of_success(self):
        """Writes the artifacts. Returns the entries `artifacts` and `unchanged` of `result.json`."""
        return self._collect(self._write_artifact)

    def of_failure(self):
        """Does the same for a body that has failed, and leaves out the artifacts that cannot be pickled."""
        def write(name, value):
            if name in self._unpicklable:
                return None
            try:
                return self._write_artifact(name, value)
            except Exception as error:
                sys.stderr.write(f"{error} (it is not kept)\n")
                return None
        return self._collect(write)

    def _collect(self, write):
        """write: writes one artifact and returns its path, or None for one that is left out."""
        flow, state = self.task.flow, self.task.flow._state
        written = {name: {"path": path, "encoding": "pickle"} for name, path in self._constants.items()}
        unchanged = {}
        for name, value in flow.__dict__.items():
            if name == "_state":
                continue
            if state.is_unchanged(name, value):
                unchanged[name] = state.references[name]
            else:
                path = write(name, value)
                if path is not None:
                    written[name] = {"path": path, "encoding": "pickle"}
        for name, reference in state.references.items():
            if name not in flow.__dict__:
                unchanged[name] = reference
        return {"artifacts": written, "unchanged": unchanged}

    def _write_artifact(self, name, value):
        return self._write(name, value, lambda: f"{self._place_of(name)}artifact self.{name} of step {self.task.step}")

    def _write(self, name, value, described):
        """described: returns words for a message. To find them, the step's source is parsed, which takes longer than to
        write most artifacts."""
        path = _path(name)
        try:
            artifacts.write(value, os.path.join(self.task.folder, path))
        except OSError:
            raise
        except Exception as error:
            self._unpicklable.add(name)
            raise ArtifactError(
                f"{described()} cannot be pickled: {type(error).__name__}: {error}; keep it in a local variable, or store what "
                "it is made from") from None
        return path

    def _place_of(self, name):
        """Returns `file:line: ` of the assignment in the step's source, or an empty text."""
        from ..flow.step_source import StepSource
        try:
            line = StepSource(self.task.function, []).place_of(name)
        except (OSError, SyntaxError, TypeError):
            line = None
        return f"{os.path.basename(self.task.code.co_filename)}:{line}: " if line else ""


def _path(name):
    """Returns the artifact's file in the task folder: its name, or a digest of a name that is no identifier or too
    long.
    """
    if name.isidentifier() and len(name.encode()) <= LONGEST_NAME:
        return f"artifacts/{name}"
    import hashlib
    return f"artifacts/@{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"
