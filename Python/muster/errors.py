"""The errors of the front end, as exceptions with a code and a sentence for a person.

The codes are those of `TaskFailure.Code` in the engine, and are written into `result.json`.
"""

# The artifact that holds a failure if @catch names none. Joins do not merge it.
CAUGHT = "_caught"


class MusterException(Exception):
    """The base of all exceptions of the front end. Flows know it as MetaflowException."""

    code = "step.error"
    headline = "Muster"
    # The name of the class that Metaflow raises for the same reason.
    metaflow_name = "metaflow.exception.MetaflowException"

    def __init__(self, msg="", lineno=None, source_file=None):
        super().__init__(msg)
        self.message = msg
        self.line_no, self.source_file = lineno, source_file

    def __str__(self):
        place = f"line {self.line_no}: " if self.line_no else f"{self.source_file}: " if self.source_file else ""
        return f"{place}{self.message}"

    def __reduce__(self):
        # A subclass in a flow may have a constructor with other parameters, so it is not called.
        return _remade, (type(self), self.args), self.__dict__


def _remade(kind, arguments):
    return kind.__new__(kind, *arguments)


def is_own(kind):
    """True if the class belongs to the front end, and not to a flow."""
    return kind.__module__.split(".")[0] == "muster"


def type_name(kind):
    """Returns the name of an exception's class with its module; for a class of the front end, that of Metaflow's
    counterpart.
    """
    return getattr(kind, "metaflow_name", None) if is_own(kind) and hasattr(kind, "metaflow_name") else \
        f"{kind.__module__}.{kind.__name__}"


class FlowError(MusterException):
    """The flow's source is wrong: found while it is read, before a step runs."""

    headline = "Flow"


class DecoratorError(FlowError):
    """A decorator is unknown, stands in the wrong place, or has a wrong option."""

    headline = "Decorator"


class ParameterError(FlowError):
    """A parameter, a config or a value given for one is wrong."""

    headline = "Parameter"


class TransitionError(MusterException):
    """A call of `self.next` is wrong."""

    headline = "Transition"


class ArtifactError(MusterException):
    """An artifact could not be written."""

    headline = "Artifact"


class ArtifactUnreadable(MusterException):
    """An artifact could not be read: it is missing, damaged, or of a class that has changed."""

    code = "store.error"
    headline = "Artifact"


class MergeError(MusterException):
    """A call of `merge_artifacts` is wrong."""

    headline = "Merge"


class _ArtifactsNotMerged(MergeError):
    def __init__(self, msg, unhandled):
        super().__init__(msg)
        self.artifact_names = unhandled


class UnhandledInMergeArtifacts(_ArtifactsNotMerged):
    """`merge_artifacts` found inputs with different values."""

    metaflow_name = "metaflow.exception.UnhandledInMergeArtifactsException"


class MissingInMergeArtifacts(_ArtifactsNotMerged):
    """`merge_artifacts` was given names that no input has."""

    metaflow_name = "metaflow.exception.MissingInMergeArtifactsException"


class CheckpointError(MusterException):
    """A checkpoint could not be saved or loaded."""

    headline = "Checkpoint"


class ProtocolError(MusterException):
    """A file or a message violates the step protocol."""

    code = "step.protocol"
    headline = "Step protocol"


class StepEnvironmentError(MusterException):
    """The step's environment lacks something: a secret, a variable, a program."""

    code = "step.environment"
    headline = "Environment"


class TimeoutException(MusterException):
    """The step has run longer than its @timeout."""

    code = "task.timeout"
    headline = "@timeout"
    metaflow_name = "metaflow.plugins.timeout_decorator.TimeoutException"


class StepFailure(MusterException):
    """A request to the agent has failed; the code and the message are the agent's own."""

    headline = "Step"

    def __init__(self, failure):
        super().__init__(failure.get("message", "the agent gave no reason"))
        self.code = failure.get("code", "step.protocol")
        self.failure = failure

    @property
    def exit_code(self):
        """The exit code of the process that caused the failure, if there is one."""
        return self.failure.get("exitCode")

    @property
    def signal(self):
        return self.failure.get("signal")

    @property
    def last_lines(self):
        """The last lines that this process wrote, oldest first."""
        return self.failure.get("lastLines", [])


class FailureHandledByCatch(MusterException):
    """The type of a failure without an exception that @catch has handled. It is never raised."""

    headline = "Task execution failed but @catch handled it"
    metaflow_name = "metaflow.plugins.catch_decorator.FailureHandledByCatch"


# Errors of the client

class MetaflowNotFound(MusterException, KeyError):
    """The store has no such flow, run, step, task or artifact. It is a KeyError because of `parent[name]`."""

    headline = "Object not found"
    metaflow_name = "metaflow.exception.MetaflowNotFound"


class MetaflowNamespaceMismatch(MusterException):
    """The object exists, but not in the chosen namespace."""

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


# Failures of finished tasks

class Failure(Exception):
    """The failure of a task: `exception`, `type` and `stacktrace` as under Metaflow, and the fields that Muster adds."""

    def __init__(self, exc=None):
        """exc: the stored failure, a dict. Programs may also give an exception, as Metaflow's constructor takes it."""
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
        """The exception that ended the body, or None."""
        return self.failure.get("exception")

    @property
    def exception(self):
        """The exception's message."""
        return self._raised["text"] if self._raised else self.message

    @property
    def type(self):
        """The exception's class with its module, or the failure's code if there was no exception."""
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
    """The failure that `@catch` stores in the artifact that its `var` names."""

    _without_exception = FailureHandledByCatch.metaflow_name
