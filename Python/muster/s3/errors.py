"""The failures of S3, under the names that Metaflow's have."""

from ..errors import MusterException

_METAFLOW = "metaflow.plugins.datatools.s3.s3."


class MetaflowS3InvalidObject(MusterException):
    """A value that is to be stored is neither text, nor bytes, nor a file that can be read from its beginning."""

    headline = "Not a string-like object"
    metaflow_name = _METAFLOW + "MetaflowS3InvalidObject"


class MetaflowS3URLException(MusterException):
    """An address is none, or stands where a key is expected, or a setting is missing."""

    headline = "Invalid address"
    metaflow_name = _METAFLOW + "MetaflowS3URLException"


class MetaflowS3Exception(MusterException):
    """Any other failure of a server or of a local file."""

    headline = "S3 access failed"
    metaflow_name = _METAFLOW + "MetaflowS3Exception"


class MetaflowS3NotFound(MusterException):
    """There is no such object, bucket, or local file."""

    headline = "S3 object not found"
    metaflow_name = _METAFLOW + "MetaflowS3NotFound"


class MetaflowS3AccessDenied(MusterException):
    """The keys do not allow it, or there are none that the server takes."""

    headline = "S3 access denied"
    metaflow_name = _METAFLOW + "MetaflowS3AccessDenied"


class MetaflowS3InvalidRange(MusterException):
    """The object has no byte of the range."""

    headline = "S3 invalid range"
    metaflow_name = _METAFLOW + "MetaflowS3InvalidRange"


class MetaflowS3InsufficientDiskSpace(MusterException):
    """There is no room for the files."""

    headline = "Insufficient disk space"
    metaflow_name = _METAFLOW + "MetaflowS3InsufficientDiskSpace"


MISSING = "objects.missing"
# By the codes of the helper's answers; all others are MetaflowS3Exception.
_CLASSES = {
    MISSING: MetaflowS3NotFound, "objects.store": MetaflowS3NotFound, "objects.denied": MetaflowS3AccessDenied,
    "objects.credentials": MetaflowS3AccessDenied, "objects.range": MetaflowS3InvalidRange,
    "objects.invalid": MetaflowS3URLException, "objects.full": MetaflowS3InsufficientDiskSpace,
}


def failure(answer):
    """The exception for an answer of the helper that has an error."""
    return _CLASSES.get(answer["code"], MetaflowS3Exception)(answer["error"])
