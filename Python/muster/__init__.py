"""Muster's Python front end: describes a flow, runs one step body, and reads finished runs.

It asks the node's agent for everything else. Documentation/Python.md shows how flows are written,
Documentation/StepProtocol.md has the messages between flow, engine and agent. Scripts/check-floors has the order of the
package's folders; the modules beside this one are the lowest, and import no folder.
"""

from .launch import launch as _launch

# The release of Metaflow whose interface this is.
METAFLOW_VERSION = "2.19.39"

# The names of each module. A module is loaded when one of its names is asked for: a flow seldom needs the client, and a
# program that reads runs needs no decorators.
_MODULES = {
    "checkpoints": ("Checkpoint",),
    "client": (
        "Metaflow", "Flow", "Run", "Step", "Task", "DataArtifact", "namespace", "get_namespace", "default_namespace",
        "metadata", "get_metadata", "default_metadata"),
    "config": ("ConfigValue",),
    "decorators": (
        "batch", "card", "catch", "checkpoint", "conda", "conda_base", "deepspeed", "environment", "exit_hook", "kubernetes",
        "metaflow_ray", "mpi", "package_sources", "parallel", "project", "pypi", "pypi_base", "pytorch_parallel",
        "resources", "retry", "schedule", "secrets", "slurm", "step", "tensorflow", "timeout", "torchrun", "trigger", "trigger_on_finish"),
    "flow.configs": ("Config",),
    "flow.expressions": ("config_expr",),
    "flow.parameters": ("IncludeFile", "JSONType", "JSONTypeClass", "Parameter"),
    "flow.parsers": ("conda_environment_yml_parser", "pyproject_toml_parser", "requirements_txt_parser", "yaml_parser"),
    "flow.spec": ("FlowSpec",),
    "s3": ("S3",),
    "runner.deployer": ("DeployedFlow", "Deployer", "NBDeployer", "inspect_spin"),
    "runner.notebook": ("NBRunner",),
    "runner.runner": ("Runner",),
    "task.current": ("current",),
    "task.events": ("namespaced_event_name",),
    "task.frameworks": ("DeepspeedExecutor", "TorchrunSingleNodeMultiGPU"),
    "task.multicore": ("parallel_imap_unordered", "parallel_map"),
    "task.profiling": ("profile",),
    "user_decorators": ("FlowMutator", "StepMutator", "USER_SKIP_STEP", "UserStepDecorator", "user_step_decorator"),
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = list(_PLACES)


def __dir__():
    return sorted({*globals(), *_PLACES})


def __getattr__(name):
    if name == "__version__":
        return _version()
    module = _PLACES.get(name)
    if module is None:
        raise AttributeError(f"module 'muster' has no attribute '{name}'")
    from importlib import import_module
    value = getattr(import_module(f"muster.{module}"), name)
    globals()[name] = value
    return value


def _version():
    import os
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "VERSION")) as file:
        return globals().setdefault("__version__", file.read().strip())


def _named(name, module):
    """Returns the value of `from module import name`. Raises an ImportError with a suggestion for an unknown name."""
    if name in _PLACES:
        return __getattr__(name)
    if not name.startswith("_"):
        from .decorators.extensions import find
        found = find(name)
        if found is not None:
            globals()[name] = found
            return found
    from .names import hint
    raise ImportError(f"Muster, which provides {module} here, has no '{name}'{hint(name, _PLACES)}")


def _act(flow, made):
    """Carries out the verb of the command line: `MyFlow()` at the end of a flow's file calls it."""
    from .program.act import act
    act(flow, made)


_launch.act = _act
