"""Names of Metaflow's that flows import and that have no meaning here: their use says so, and what there is instead."""

from ..errors import MusterException
from ..location import at_caller


class S3:
    """Metaflow's client of S3, for which there is no bucket here."""

    def __init__(self, *_, **__):
        raise MusterException(at_caller(
            "S3 needs a bucket, and Muster keeps what steps leave in a folder: keep the data as an artifact (self.data = …), or "
            "read and write the bucket with boto3"))
