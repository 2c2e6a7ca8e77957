"""The error of metaflow-deepspeed: a launch has failed."""

from muster.errors import StepFailure as DeepspeedException  # noqa: F401
