"""What metaflow-torchrun raises, here one and the same: a launch that has failed."""

from muster.errors import StepFailure as TorchrunException  # noqa: F401


class TorchNotInstalledException(TorchrunException):
    """Never raised here: the workers themselves say so."""
