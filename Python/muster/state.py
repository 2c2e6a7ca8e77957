"""What a flow object carries besides its artifacts."""

from . import artifacts


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
        # The task that runs on this object; None for an input of a join.
        self.task = None
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
        path = self.agent.locate(reference)
        value = artifacts.decode(path, reference, name)
        self.loaded[name] = (value, path)
        return value

    def is_unchanged(self, name, value):
        """Whether `value` is still what the stored artifact holds."""
        if name not in self.loaded or name not in self.references:
            return False
        value_then, path = self.loaded[name]
        if value is not value_then:
            return False
        if type(value) in artifacts.IMMUTABLE:
            return True
        return self.references[name]["encoding"] == "pickle" and artifacts.is_unchanged(value, path)
