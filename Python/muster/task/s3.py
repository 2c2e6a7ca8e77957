"""A name of Metaflow's that flows import and that Muster does not have. Using it raises an error that names
alternatives.
"""

from ..errors import MusterException
from ..location import at_caller


class S3:
    """Metaflow's client for S3."""

    def __init__(self, *_, **__):
        raise MusterException(at_caller(
            "S3 needs a bucket, and Muster keeps what steps leave in a folder: keep the data as an artifact (self.data = …), or "
            "read and write the bucket with boto3"))
