"""The class that runs DeepSpeed, in a gang and on one node."""

from muster.task.frameworks import DeepspeedExecutor  # noqa: F401
