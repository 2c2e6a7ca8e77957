"""Muster's Python front end: flows, and the client that reads what their runs left.

It describes a flow, runs one step body, and asks the node's agent for everything else. Documentation/Python.md shows
how flows are written, Documentation/StepProtocol.md what is said between flow, engine and agent.
"""

__version__ = "0.1.0"
# The Metaflow whose interface this is.
METAFLOW_VERSION = "2.19.39"

# Where each name comes from. Modules are loaded when one of their names is asked for: a flow seldom needs the client,
# and a program that reads runs needs no decorators.
_MODULES = {
    "absent": ("S3",),
    "checkpoints": ("Checkpoint",),
    "config": ("Config", "ConfigValue", "config_expr"),
    "events": ("namespaced_event_name",),
    "running": ("current",),
    "decorators": (
        "batch", "card", "catch", "checkpoint", "conda", "conda_base", "deepspeed", "environment", "exit_hook", "kubernetes",
        "metaflow_ray", "mpi", "package_sources", "parallel", "project", "pypi", "pypi_base", "pytorch_parallel",
        "resources", "retry", "schedule", "secrets", "step", "tensorflow", "timeout", "torchrun", "trigger", "trigger_on_finish"),
    "flow": ("FlowSpec",),
    "frameworks": ("DeepspeedExecutor", "TorchrunSingleNodeMultiGPU"),
    "multicore": ("parallel_imap_unordered", "parallel_map"),
    "parameters": ("IncludeFile", "JSONType", "JSONTypeClass", "Parameter"),
    "parsers": ("conda_environment_yml_parser", "pyproject_toml_parser", "requirements_txt_parser", "yaml_parser"),
    "profiling": ("profile",),
    "client": (
        "Metaflow", "Flow", "Run", "Step", "Task", "DataArtifact", "namespace", "get_namespace", "default_namespace",
        "metadata", "get_metadata", "default_metadata"),
    "runner": ("Runner",),
    "notebook": ("NBRunner",),
    "deployer": ("DeployedFlow", "Deployer", "NBDeployer", "inspect_spin"),
    "user_decorators": ("FlowMutator", "StepMutator", "USER_SKIP_STEP", "UserStepDecorator", "user_step_decorator"),
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = list(_PLACES)


def __dir__():
    return sorted({*globals(), *_PLACES})


def __getattr__(name):
    module = _PLACES.get(name)
    if module is None:
        raise AttributeError(f"module 'muster' has no attribute '{name}'")
    from importlib import import_module
    value = getattr(import_module(f"muster.{module}"), name)
    globals()[name] = value
    return value


def _named(name, module):
    """What `from module import name` gives; an ImportError that says what there is for a name that nobody knows."""
    if name in _PLACES:
        return __getattr__(name)
    if not name.startswith("_"):
        from .extensions import find
        found = find(name)
        if found is not None:
            globals()[name] = found
            return found
    from .names import hint
    raise ImportError(f"'{name}' is not known to Muster, which stands in for {module}{hint(name, _PLACES)}")
