"""What can go wrong in a flow, as exceptions with a code and a sentence for a person.

The codes are those of `TaskFailure.Code` in the engine; they travel in `result.json`.
"""

# The artifact that holds a failure where @catch names none. A join does not take it over.
CAUGHT = "_caught"


class MusterException(Exception):
    """The base of everything that the front end raises, and of what flows raise as a MetaflowException."""

    code = "step.error"
    headline = "Muster"
    # The class that Metaflow raises for the same reason.
    metaflow_name = "metaflow.exception.MetaflowException"

    def __init__(self, msg="", lineno=None, source_file=None):
        super().__init__(msg)
        self.message = msg
        self.line_no, self.source_file = lineno, source_file

    def __str__(self):
        place = f"line {self.line_no}: " if self.line_no else f"{self.source_file}: " if self.source_file else ""
        return f"{place}{self.message}"

    def __reduce__(self):
        # Subclasses of the flow's own take what they like when they are made.
        return _remade, (type(self), self.args), self.__dict__


def _remade(kind, arguments):
    return kind.__new__(kind, *arguments)


def is_own(kind):
    """The class belongs to the front end, and not to a flow."""
    return kind.__module__.split(".")[0] == "muster"


def type_name(kind):
    """A class of exceptions with its module; of an own one, the name of Metaflow's counterpart."""
    return getattr(kind, "metaflow_name", None) if is_own(kind) and hasattr(kind, "metaflow_name") else \
        f"{kind.__module__}.{kind.__name__}"


class FlowError(MusterException):
    """The flow's source cannot mean anything: found while it is read, before a step runs."""

    headline = "Flow"


class DecoratorError(FlowError):
    """A decorator is unknown, stands in the wrong place, or has a wrong option."""

    headline = "Decorator"


class ParameterError(FlowError):
    """A parameter, a config or a value given for one is wrong."""

    headline = "Parameter"


class TransitionError(MusterException):
    """`self.next` was called in a way that leads nowhere."""

    headline = "Transition"


class ArtifactError(MusterException):
    """An artifact could not be written."""

    headline = "Artifact"


class ArtifactUnreadable(MusterException):
    """An artifact could not be read: it is missing, damaged, or of a class that has changed."""

    code = "store.error"
    headline = "Artifact"


class MergeError(MusterException):
    """`merge_artifacts` was called where or as it cannot be."""

    headline = "Merge"


class _ArtifactsNotMerged(MergeError):
    def __init__(self, msg, unhandled):
        super().__init__(msg)
        self.artifact_names = unhandled


class UnhandledInMergeArtifacts(_ArtifactsNotMerged):
    """`merge_artifacts` found values that differ."""

    metaflow_name = "metaflow.exception.UnhandledInMergeArtifactsException"


class MissingInMergeArtifacts(_ArtifactsNotMerged):
    """`merge_artifacts` was told names that are not there."""

    metaflow_name = "metaflow.exception.MissingInMergeArtifactsException"


class CheckpointError(MusterException):
    """A checkpoint could not be saved or loaded."""

    headline = "Checkpoint"


class ProtocolError(MusterException):
    """A file or a message broke the step protocol."""

    code = "step.protocol"
    headline = "Step protocol"


class StepEnvironmentError(MusterException):
    """What the step needs around it is not there: a secret, a variable, a program."""

    code = "step.environment"
    headline = "Environment"


class TimeoutException(MusterException):
    """The step's time is up."""

    code = "task.timeout"
    headline = "@timeout"
    metaflow_name = "metaflow.plugins.timeout_decorator.TimeoutException"


class StepFailure(MusterException):
    """Something that the agent was asked for has failed; the code and the message are the agent's own."""

    headline = "Step"

    def __init__(self, failure):
        super().__init__(failure.get("message", "the agent gave no reason"))
        self.code = failure.get("code", "step.protocol")
        self.failure = failure

    @property
    def exit_code(self):
        """The exit code of the process that is the cause, where there is one."""
        return self.failure.get("exitCode")

    @property
    def signal(self):
        return self.failure.get("signal")

    @property
    def last_lines(self):
        """What that process wrote last, oldest first."""
        return self.failure.get("lastLines", [])


class FailureHandledByCatch(MusterException):
    """The type of a failure that @catch has taken and that no exception was the reason of. It is not raised."""

    headline = "Task execution failed but @catch handled it"
    metaflow_name = "metaflow.plugins.catch_decorator.FailureHandledByCatch"


# Of runs that are read

class MetaflowNotFound(MusterException, KeyError):
    """There is no such flow, run, step, task or artifact in the store; a KeyError, because `parent[name]` asks for them."""

    headline = "Object not found"
    metaflow_name = "metaflow.exception.MetaflowNotFound"


class MetaflowNamespaceMismatch(MusterException):
    """It is there, but not in the namespace that is looked at."""

    headline = "Object not in the current namespace"
    metaflow_name = "metaflow.exception.MetaflowNamespaceMismatch"


class MetaflowInvalidPathspec(MusterException):
    """A pathspec has too many or too few parts."""

    headline = "Invalid pathspec"
    metaflow_name = "metaflow.exception.MetaflowInvalidPathspec"


class MetaflowTaggingError(MusterException):
    """A tag cannot be added or removed."""

    headline = "Tagging error"
    metaflow_name = "metaflow.exception.MetaflowTaggingError"


# Failures of tasks, as they are read afterwards

class Failure(Exception):
    """Why a task failed: `exception`, `type` and `stacktrace` as Metaflow has them, and what is known beyond that."""

    def __init__(self, exc=None):
        """exc: The failure as the run keeps it; programs may give an exception, as Metaflow has it."""
        failure = exc if isinstance(exc, dict) else _kept(exc)
        super().__init__(failure.get("message", ""))
        self.failure = failure
        self.code = failure.get("code")
        self.message = failure.get("message", "")
        self.node = failure.get("node")
        self.exit_code = failure.get("exitCode")
        self.signal = failure.get("signal")
        self.last_lines = failure.get("lastLines", [])

    @property
    def _raised(self):
        """The exception that ended the body, where one did."""
        return self.failure.get("exception")

    @property
    def exception(self):
        """The exception's own words."""
        return self._raised["text"] if self._raised else self.message

    @property
    def type(self):
        """The exception's class with its module; without an exception, the failure's code."""
        if self._raised:
            return self._raised["type"]
        return TimeoutException.metaflow_name if self.code == TimeoutException.code else self._without_exception

    @property
    def _without_exception(self):
        return self.code

    @property
    def stacktrace(self):
        return self._raised["trace"] if self._raised else "\n".join(self.last_lines)

    def __str__(self):
        return self._raised["trace"] if self._raised else self.message

    __repr__ = __str__

    def __reduce__(self):
        return type(self), (self.failure,)


def _kept(error):
    import traceback
    text = "" if error is None else str(error)
    trace = "".join(traceback.format_exception(type(error), error, getattr(error, "__traceback__", None)))
    return {"code": "step.error", "message": text, "exception": {"type": type_name(type(error)), "text": text, "trace": trace}}


class CaughtFailure(Failure):
    """The failure that `@catch` keeps: the artifact that its `var` names."""

    _without_exception = FailureHandledByCatch.metaflow_name
