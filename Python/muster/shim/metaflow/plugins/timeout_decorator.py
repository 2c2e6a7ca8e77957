"""What a body is interrupted by when its time is up."""

from muster.errors import StepTimeout as TimeoutException  # noqa: F401
