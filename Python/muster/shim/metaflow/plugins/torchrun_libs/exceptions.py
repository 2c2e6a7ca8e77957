"""The errors of metaflow-torchrun. Muster has one class for all failed launches."""

from muster.errors import StepFailure as TorchrunException  # noqa: F401


class TorchNotInstalledException(TorchrunException):
    """Never raised here: the workers report a missing PyTorch."""
