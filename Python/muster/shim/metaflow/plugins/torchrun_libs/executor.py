"""The classes that run torchrun, in a gang and on one node."""

from muster.task.frameworks import Torch as TorchrunExecutor, TorchrunSingleNodeMultiGPU  # noqa: F401
