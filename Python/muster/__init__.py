"""Muster's Python front end: flows, and the client that reads what their runs left.

It describes a flow, runs one step body, and asks the node's agent for everything else. Documentation/Python.md shows
how flows are written, Documentation/StepProtocol.md what is said between flow, engine and agent.
"""

from .config import Config, ConfigValue, config_expr
from .current import current
from .decorators import (
    batch, card, catch, conda, conda_base, deepspeed, environment, exit_hook, kubernetes, metaflow_ray, mpi, parallel,
    project, pypi, pypi_base, pytorch_parallel, resources, retry, schedule, secrets, step, tensorflow, timeout, torchrun,
    trigger, trigger_on_finish)
from .flow import FlowSpec
from .frameworks import TorchrunSingleNodeMultiGPU
from .parameters import IncludeFile, JSONType, Parameter

__version__ = "0.1.0"

_CLIENT = ("Metaflow", "Flow", "Run", "Step", "Task", "DataArtifact", "namespace", "get_namespace", "default_namespace")
_RUNNER = ("Runner",)

__all__ = [
    "Config", "ConfigValue", "config_expr", "current", "batch", "card", "catch", "conda", "conda_base", "deepspeed",
    "environment", "exit_hook", "kubernetes", "metaflow_ray", "mpi", "parallel", "project", "pypi", "pypi_base",
    "pytorch_parallel", "resources", "retry", "schedule", "secrets", "step", "tensorflow", "timeout", "torchrun",
    "trigger", "trigger_on_finish", "FlowSpec", "TorchrunSingleNodeMultiGPU", "IncludeFile", "JSONType", "Parameter",
]


def __getattr__(name):
    """The client and the runner are loaded when they are asked for: steps seldom do."""
    if name in _CLIENT:
        from . import client
        return getattr(client, name)
    if name in _RUNNER:
        from . import runner
        return getattr(runner, name)
    raise AttributeError(f"module 'muster' has no attribute '{name}'")


def _named(name, module):
    """What `from module import name` gives; an ImportError that says what there is for a name that nobody knows."""
    if name in _CLIENT or name in _RUNNER:
        return __getattr__(name)
    from .names import hint
    known = [*__all__, *_CLIENT, *_RUNNER]
    raise ImportError(f"'{name}' is not known to Muster, which stands in for {module}{hint(name, known)}")
