"""Objects of S3 for steps, notebooks and scripts: Metaflow's class `S3`. Documentation/S3.md is its page.

Muster's own programs move the bytes: nothing but the standard library is needed, and no byte of an object goes through
Python.
"""

from .errors import (  # noqa: F401
    MetaflowS3AccessDenied, MetaflowS3Exception, MetaflowS3InsufficientDiskSpace, MetaflowS3InvalidObject,
    MetaflowS3InvalidRange, MetaflowS3NotFound, MetaflowS3URLException)
from .objects import RangeInfo, S3GetObject, S3Object, S3PutObject  # noqa: F401
from .s3 import S3  # noqa: F401
