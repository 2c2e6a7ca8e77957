"""What can go wrong in a flow, as exceptions with a code and a sentence for a person.

The codes are those of `TaskFailure.Code` in the engine; they travel in `result.json`.
"""


class MusterException(Exception):
    """The base of everything that the front end raises."""

    code = "step.error"
    headline = "Muster"


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
    """`merge_artifacts` found values that differ, or names that are not there."""

    headline = "Merge"


class ProtocolError(MusterException):
    """A file or a message broke the step protocol."""

    code = "step.protocol"
    headline = "Step protocol"


class StepEnvironmentError(MusterException):
    """What the step needs around it is not there: a secret, a variable, a program."""

    code = "step.environment"
    headline = "Environment"


class StepTimeout(MusterException):
    """The step's time is up."""

    code = "task.timeout"
    headline = "Timeout"


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


class CaughtFailure(Exception):
    """What `@catch` keeps of a failed step: read from the artifact that its `var` names.

    `exception` and `type` are there under Metaflow's names.
    """

    def __init__(self, failure):
        super().__init__(failure.get("message", ""))
        self.failure = failure
        self.code = failure.get("code")
        self.message = failure.get("message", "")
        self.node = failure.get("node")
        self.exit_code = failure.get("exitCode")
        self.signal = failure.get("signal")
        self.last_lines = failure.get("lastLines", [])

    @property
    def exception(self):
        return self.message

    @property
    def type(self):
        """The exception's class as the traceback names it, or the failure's code."""
        # The failure of one node of a gang says first which it is.
        message = self.message.split(": ", 1)[-1] if self.message.startswith(f"node {self.node}: ") else self.message
        head = message.split(":", 1)[0]
        return head if head.replace(".", "").replace("_", "").isalnum() and " " not in head else self.code

    @property
    def stacktrace(self):
        return "\n".join(self.last_lines)

    def __reduce__(self):
        return CaughtFailure, (self.failure,)
