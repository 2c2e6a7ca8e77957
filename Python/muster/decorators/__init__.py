"""Muster's decorators. Each writes its requests into the manifest's settings; the engine and the agents carry them out."""

from .base import step
from .checkpoint import checkpoint
from .clusters import deepspeed, metaflow_ray, mpi, parallel, pytorch_parallel, tensorflow, torchrun
from .flows import conda_base, exit_hook, project, pypi_base, schedule, trigger, trigger_on_finish
from .packages import package_sources
from .places import batch, kubernetes, slurm
from .secrets import secrets
from .steps import card, catch, conda, environment, pypi, resources, retry, timeout

__all__ = [
    "step", "deepspeed", "metaflow_ray", "mpi", "parallel", "pytorch_parallel", "tensorflow",
    "torchrun", "conda_base", "exit_hook", "project", "pypi_base", "schedule", "trigger", "trigger_on_finish", "batch",
    "kubernetes", "card", "catch", "checkpoint", "conda", "environment", "pypi", "resources", "retry", "secrets", "slurm",
    "timeout", "package_sources",
]
