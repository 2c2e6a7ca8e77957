"""The stored artifacts and parameters behind a flow object."""

from itertools import islice

from .. import artifacts

# Bytes. The agent checks the digest of a smaller artifact in less time than a request of its own takes.
SMALL = 64 << 10
AT_ONCE = 500


class State:
    """The artifacts of one flow object, read when they are first used."""

    def __init__(self, references, agent, origin=None, parameters=None):
        # References by artifact.
        self.references = dict(references)
        # Values that were read, and the paths of their files, by artifact.
        self.loaded = {}
        self.agent = agent
        # The step that produced these artifacts.
        self.origin = origin
        # The flow objects of all inputs of the task, this one among them.
        self.beside = ()
        # Paths that came with the answer for another input, by artifact.
        self._located = {}
        # The task that runs on this object; or, for an input of a join, the join that reads it.
        self.task = self.reader = None
        # Parameters: their stored texts, and their values, by name.
        self.parameters = parameters or {}
        self.values = {}

    def parameter(self, parameter):
        if parameter.name not in self.values:
            if parameter.name not in self.parameters:
                raise AttributeError(f"the run has no value for the parameter '{parameter.name}'; the flow was changed since")
            self.values[parameter.name] = parameter.value(self.parameters[parameter.name], self.agent)
        return self.values[parameter.name]

    def load(self, name):
        reference = self.references[name]
        path = self._path(name, reference)
        value = artifacts.decode(path, reference, name)
        self.loaded[name] = (value, path)
        return value

    def _path(self, name, reference):
        """Returns the path of the artifact's bytes, whose digest the agent has checked.

        A join reads the same artifact of one input after the other, so small ones of all inputs are requested together.
        """
        if name not in self._located and len(self.beside) > 1 and reference["size"] <= SMALL:
            others = (flow._state for flow in self.beside)
            wanted = [self, *islice((each for each in others if each is not self and each._may_follow(name)), AT_ONCE - 1)]
            for each, path in zip(wanted, self.agent.try_locate([each.references[name] for each in wanted])):
                each._located[name] = path
        return self._located.pop(name, None) or self.agent.locate(reference)

    def _may_follow(self, name):
        reference = self.references.get(name)
        return reference is not None and reference["size"] <= SMALL and name not in self.loaded and name not in self._located

    def is_unchanged(self, name, value):
        """True if `value` is equal to the stored artifact."""
        if name not in self.loaded or name not in self.references:
            return False
        value_then, path = self.loaded[name]
        if value is not value_then:
            return False
        if type(value) in artifacts.IMMUTABLE:
            return True
        try:
            return self.references[name]["encoding"] == "pickle" and artifacts.is_unchanged(value, path)
        except Exception:
            # It cannot be pickled any more, which is reported when it is written.
            return False
