"""What @catch says of a task that failed without an exception."""

from muster.errors import MusterException


class FailureHandledByCatch(MusterException):
    """Its name is the type of such a failure; it is not raised here."""

    headline = "Task execution failed but @catch handled it"
