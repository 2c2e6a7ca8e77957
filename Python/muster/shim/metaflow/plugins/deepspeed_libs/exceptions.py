"""What metaflow-deepspeed raises: a launch that has failed."""

from muster.errors import StepFailure as DeepspeedException  # noqa: F401
