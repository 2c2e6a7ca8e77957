"""Metaflow's exceptions: those that Muster raises too, and names for programs that catch others."""

from muster.errors import (  # noqa: F401
    Failure as MetaflowExceptionWrapper, MetaflowInvalidPathspec, MetaflowNamespaceMismatch, MetaflowNotFound,
    MetaflowTaggingError, MissingInMergeArtifacts as MissingInMergeArtifactsException, MusterException as MetaflowException,
    ParameterError as ParameterFieldFailed, UnhandledInMergeArtifacts as UnhandledInMergeArtifactsException)
from muster.errors import DecoratorError as InvalidDecoratorAttribute  # noqa: F401

# Exit codes of Metaflow's steps.
METAFLOW_EXIT_DISALLOW_RETRY = 202
METAFLOW_EXIT_ALLOW_RETRY = 203


class ParameterFieldTypeMismatch(ParameterFieldFailed):
    headline = "Parameter field with a mismatching type"


class ExternalCommandFailed(MetaflowException):
    headline = "External command failed"


class MetaflowInternalError(MetaflowException):
    headline = "Internal error"


class MetaflowUnknownUser(MetaflowException):
    headline = "Unknown user"


class CommandException(MetaflowException):
    headline = "Invalid command"


class MetaflowDataMissing(MetaflowException):
    headline = "Data missing"
