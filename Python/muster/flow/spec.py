"""FlowSpec, the base of every flow's class."""

from ..errors import (
    CAUGHT, ArtifactError, MergeError, MissingInMergeArtifacts, TransitionError, UnhandledInMergeArtifacts)
from ..launch import launch
from ..location import at_caller
from ..names import hint

# Attributes of Metaflow's flows for the position in the graph. An artifact of the same name wins.
_POSITION = ("_graph", "_graph_info", "_current_step", "_foreach_stack")


class FlowSpec:
    """A flow: its `@step` methods are its steps, attributes that they set on `self` are its artifacts.

        class Training(FlowSpec):
            @step
            def start(self):
                self.folds = [1, 2, 3]
                self.next(self.train, foreach='folds')
    """

    def __init__(self, use_cli=True):
        if use_cli:
            launch.act(type(self), self)

    @classmethod
    def _of(cls, state):
        """Returns a new flow object around stored artifacts. Calls the flow's own constructor, if it has one, without
        the command line.
        """
        flow = cls.__new__(cls) if cls.__init__ is FlowSpec.__init__ else cls(use_cli=False)
        return flow._around(state)

    def _around(self, state):
        """Gives this object the stored artifacts that its own attributes do not override."""
        object.__setattr__(self, "_state", state)
        return self

    # Artifacts

    def __getattr__(self, name):
        state = self.__dict__.get("_state")
        if state is not None and name in state.references:
            value = state.load(name)
            self.__dict__[name] = value
            return value
        if name in _POSITION and (state is not None or "graph" in name):
            from .position import answer
            return answer(self, name)
        if name.startswith("__") or state is None:
            raise AttributeError(name)
        known = sorted({*state.references, *self.__dict__} - {"_state"})
        origin = f" at step {state.task.step}" if state.task else f" from step {state.origin}"
        raise AttributeError(f"{type(self).__name__}{origin} has no artifact '{name}'{hint(name, known)}")

    def __delattr__(self, name):
        state = self.__dict__.get("_state")
        if state is not None and state.task is not None and name in state.task.constants:
            # The descriptor raises the error.
            return object.__delattr__(self, name)
        known = self.__dict__.pop(name, self) is not self
        if state is not None and state.references.pop(name, None) is not None:
            known = True
        if not known:
            raise AttributeError(name)

    def __iter__(self):
        from .steps import step_functions
        return (getattr(self, name) for name in sorted(step_functions(type(self))))

    @property
    def name(self):
        return type(self).__name__

    def __str__(self):
        """The flow's name, and for a task its step and its position in the foreach."""
        state = self.__dict__.get("_state")
        if state is None or state.task is None and state.reader is None:
            return f"<flow {self.name}>"
        from .position import described
        return described(self)

    def __getstate__(self):
        raise ArtifactError(at_caller(
            "a flow, or an input of a join, cannot be kept as a whole; keep the attributes of it that are needed"))

    @property
    def script_name(self):
        import os
        return os.path.basename(launch.file or "")

    # Position in the run

    @property
    def index(self):
        """The index in the innermost foreach, or the node's index in a gang; None outside of both."""
        return self._position.index

    @property
    def input(self):
        """The element of the innermost foreach, or the node's index in a gang; None outside of both."""
        return self._position.input

    def foreach_stack(self):
        """(index, count, element) of every enclosing foreach, outermost first."""
        return self._position.foreach_stack

    @property
    def _task(self):
        state = self.__dict__.get("_state")
        if state is None or state.task is None:
            raise AttributeError("this flow object is no running task")
        return state.task

    @property
    def _position(self):
        """The position that `index`, `input` and `foreach_stack` report: of this task, or for an input of a join of the
        task that it comes from.
        """
        state = self.__dict__.get("_state")
        if state is None or state.reader is None:
            return self._task
        from .position import InputPosition
        return InputPosition(self)

    # Transitions

    def next(self, *steps, foreach=None, num_parallel=None, condition=None, **unknown):
        """Names the steps that follow this one, in its last line.

            self.next(self.a)                                   one step
            self.next(self.a, self.b)                           both at once
            self.next(self.a, foreach='items')                  once per element
            self.next(self.a, num_parallel=4)                   a gang of four nodes
            self.next({'x': self.a, 'y': self.b}, condition='name')   one of them
        """
        if unknown:
            raise TransitionError(at_caller(f"self.next has no option '{sorted(unknown)[0]}'"))
        self._task.depart(steps, foreach, num_parallel, condition)

    # Joins

    def merge_artifacts(self, inputs, exclude=None, include=None):
        """Takes over every artifact on which all inputs agree, by their digests and so without reading them.

        Artifacts that this join has set before are left alone. Values that differ are an error that names them: set
        those first, or leave them out with `exclude`. `include` takes only the artifacts it names.
        """
        exclude, include = list(exclude or []), list(include or [])
        if not self._task.is_join:
            raise MergeError(at_caller("merge_artifacts is for joins: steps that take (self, inputs)"))
        if exclude and include:
            raise MergeError(at_caller("merge_artifacts takes exclude or include, not both"))
        candidates = {}
        for flow in inputs:
            for name, reference in flow._state.references.items():
                if name != CAUGHT and name not in exclude and (not include or name in include):
                    candidates.setdefault(name, set()).add(reference["digest"])
        mine = {*self.__dict__, *self._state.references}
        missing = [name for name in include if name not in candidates and name not in mine]
        if missing:
            raise MissingInMergeArtifacts(at_caller(
                f"merge_artifacts: no input has {', '.join(missing)}{hint(missing[0], self._names(inputs))}"), missing)
        open_names = [name for name in candidates if name not in mine]
        differing = sorted(name for name in open_names if len(candidates[name]) > 1)
        if differing:
            raise UnhandledInMergeArtifacts(at_caller(
                f"merge_artifacts: the inputs differ in {', '.join(differing)}; set them before, or leave them out with "
                f"exclude={differing!r}"), differing)
        for name in open_names:
            holder = next(flow for flow in inputs if name in flow._state.references)
            self._state.references[name] = holder._state.references[name]

    @staticmethod
    def _names(inputs):
        return sorted({name for flow in inputs for name in flow._state.references})


def is_flow(value):
    """True for a class that is a flow."""
    # The type is asked, not the value: an object may say of itself that it is a class.
    return issubclass(type(value), type) and issubclass(value, FlowSpec) and value is not FlowSpec
