"""What a flow object carries besides its artifacts."""

from itertools import islice

from .. import artifacts

# Bytes of an artifact that are checked sooner than a question of its own is asked, and artifacts in one question.
SMALL = 64 << 10
AT_ONCE = 500


class State:
    """The artifacts of one flow object, read when they are first touched."""

    def __init__(self, references, agent, origin=None, parameters=None):
        # By name; as they came.
        self.references = dict(references)
        # By name: values that were read from those, and the paths they were read from.
        self.loaded = {}
        self.agent = agent
        # The step that left these artifacts.
        self.origin = origin
        # The flow objects of all inputs of the task that these artifacts are read in, this one among them.
        self.beside = ()
        # By name: paths that were asked for together with another's.
        self._located = {}
        # The task that runs on this object; None for an input of a join, which has the task that reads it.
        self.task = self.reader = None
        # As the run keeps them, by name; and as tasks see them.
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
        """Where the artifact's bytes are, which the agent has checked.

        A join reads the same artifact of one input after the other: those that are soon checked are asked for at once.
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
        """Whether `value` is still what the stored artifact holds."""
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
            # It cannot be pickled any more, which is said where it is written.
            return False
