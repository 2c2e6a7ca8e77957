"""Prints the interface of the `metaflow` that is found here, Metaflow's or Muster's, as JSON.

A line for each name: `{"metaflow.Run.steps": {"kind": "function", "parameters": [["tags", "*", null]]}, …}`.
"""

import importlib
import inspect
import json
import sys
import types

# Modules that programs import, with the names that they take from them; None for all public names.
MODULES = {
    "metaflow": None,
    "metaflow.cards": None,
    "metaflow.client": None,
    "metaflow.client.core": [
        "DataArtifact", "Flow", "Metadata", "Metaflow", "MetaflowCode", "MetaflowData", "MetaflowObject", "Run", "Step",
        "Task", "default_metadata", "default_namespace", "get_metadata", "get_namespace", "inspect_spin", "metadata", "namespace"],
    "metaflow.decorators": ["Decorator", "FlowDecorator", "StepDecorator"],
    "metaflow.events": ["MetaflowEvent", "MetaflowTrigger", "Trigger"],
    "metaflow.exception": None,
    "metaflow.flowspec": ["FlowSpec", "ParallelUBF"],
    "metaflow.graph": ["FlowGraph"],
    "metaflow.includefile": ["IncludeFile"],
    "metaflow.metaflow_config": ["DATASTORE_SYSROOT_LOCAL", "DEFAULT_DATASTORE", "DEFAULT_METADATA"],
    "metaflow.metaflow_current": ["current"],
    "metaflow.metaflow_version": ["get_version"],
    "metaflow.multicore_utils": ["MulticoreException", "parallel_imap_unordered", "parallel_map"],
    "metaflow.parameters": ["JSONType", "JSONTypeClass", "Parameter"],
    "metaflow.plugins.cards.card_client": ["Card", "get_cards"],
    "metaflow.plugins.cards.card_modules.basic": ["BlankCard", "DefaultCard", "ErrorCard", "PageComponent"],
    "metaflow.plugins.cards.card_modules.card": ["MetaflowCard", "MetaflowCardComponent"],
    "metaflow.plugins.cards.card_modules.components": [
        "Artifact", "Error", "EventsTimeline", "Image", "JSONViewer", "Markdown", "ProgressBar", "PythonCode", "Table",
        "ValueBox", "VegaChart", "YAMLViewer"],
    "metaflow.plugins.cards.exception": [
        "CardClassFoundException", "CardNotPresentException", "UnrenderableCardException"],
    "metaflow.plugins.catch_decorator": ["CatchDecorator", "FailureHandledByCatch"],
    "metaflow.plugins.datatools": ["MetaflowS3Exception", "S3"],
    "metaflow.plugins.datatools.s3": [
        "MetaflowS3AccessDenied", "MetaflowS3Exception", "MetaflowS3InvalidObject", "MetaflowS3InvalidRange", "MetaflowS3NotFound",
        "MetaflowS3URLException", "RangeInfo", "S3", "S3GetObject", "S3Object", "S3PutObject"],
    "metaflow.plugins.environment_decorator": ["EnvironmentDecorator"],
    "metaflow.plugins.parallel_decorator": ["ParallelDecorator"],
    "metaflow.plugins.project_decorator": ["ProjectDecorator"],
    "metaflow.plugins.resources_decorator": ["ResourcesDecorator"],
    "metaflow.plugins.retry_decorator": ["RetryDecorator"],
    "metaflow.plugins.timeout_decorator": ["TimeoutDecorator", "TimeoutException"],
    "metaflow.runner.deployer": ["DeployedFlow", "Deployer", "TriggeredRun"],
    "metaflow.runner.metaflow_runner": ["ExecutingRun", "ExecutingTask", "Runner"],
    "metaflow.runner.nbrun": ["NBRunner"],
    "metaflow.unbounded_foreach": ["UBF_CONTROL", "UBF_TASK", "UnboundedForeachInput"],
    "metaflow.user_configs.config_options": ["ConfigInput"],
    "metaflow.user_configs.config_parameters": ["Config", "ConfigValue", "config_expr"],
    "metaflow.user_decorators.mutable_flow": ["MutableFlow"],
    "metaflow.user_decorators.mutable_step": ["MutableStep"],
    "metaflow.user_decorators.user_flow_decorator": ["FlowMutator"],
    "metaflow.user_decorators.user_step_decorator": ["StepMutator", "UserStepDecorator", "user_step_decorator"],
    "metaflow.util": ["get_username", "resolve_identity"],
}
# Classes that programs only name. Their members are not compared.
PRESENT = (
    "CatchDecorator", "EnvironmentDecorator", "JSONTypeClass", "ProjectDecorator", "ResourcesDecorator", "RetryDecorator",
    "TimeoutDecorator")
# Special methods that are part of a class's interface.
SPECIAL = ("__init__", "__call__", "__contains__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__getitem__",
           "__iter__", "__len__", "__setitem__")
KINDS = {"POSITIONAL_ONLY": "/", "POSITIONAL_OR_KEYWORD": "", "VAR_POSITIONAL": "*", "KEYWORD_ONLY": "k", "VAR_KEYWORD": "**"}


def survey():
    found = {}
    options = decorators()
    for module, names in MODULES.items():
        try:
            loaded = importlib.import_module(module)
        except Exception:
            continue
        found[module] = {"kind": "module"}
        for name in public(loaded) if names is None else names:
            try:
                value = getattr(loaded, name)
            except Exception:
                continue
            if name in PRESENT and isinstance(value, type):
                found[f"{module}.{name}"] = {"kind": "class"}
            elif module == "metaflow" and name in options:
                found[f"{module}.{name}"] = {"kind": "decorator", "options": options[name]}
            else:
                describe(f"{module}.{name}", value, found)
    return found


def public(module):
    """Returns the names of a module, without modules that it imports."""
    return [name for name in sorted({*dir(module), *getattr(module, "__all__", ())})
            if not name.startswith("_") and not isinstance(getattr(module, name, None), types.ModuleType)
            and not getattr(getattr(module, name, None), "__module__", "metaflow").startswith(("typing", "datetime", "io"))]


def decorators():
    """Returns the options of decorators of steps and flows, with their defaults, by name."""
    try:
        import muster.decorators.base
        kinds = [*muster.decorators.base.FLOW_DECORATORS.values(), *muster.decorators.base.STEP_DECORATORS.values()]
    except ImportError:
        from metaflow.plugins import FLOW_DECORATORS, STEP_DECORATORS
        kinds = [*FLOW_DECORATORS, *STEP_DECORATORS]
    return {kind.name: {option: shown(value) for option, value in kind.defaults.items()} for kind in kinds}


def describe(name, value, found):
    """Adds the entries of a name. A class with several names has entries under each; `object` tells that it is the same."""
    if not isinstance(value, type):
        if not callable(value) and type(value).__module__.split(".")[0] in ("metaflow", "muster"):
            # An object such as `current` has the interface of its class.
            describe(name, type(value), found)
        else:
            found[name] = function(value) if callable(value) else {"kind": "value"}
        return
    found[name] = {"kind": "exception" if issubclass(value, Exception) else "class", "object": id(value)}
    for member in dir(value):
        if member.startswith("_") and member not in SPECIAL or hasattr(Exception, member) and issubclass(value, Exception):
            continue
        held = inspect.getattr_static(value, member)
        if member.startswith("_") and held is getattr(object, member, None):
            continue
        held = getattr(held, "__func__", held)
        found[f"{name}.{member}"] = function(held) if inspect.isroutine(held) else {"kind": "value"}


def function(value):
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):
        return {"kind": "value"}
    # `self` and `cls` cannot be given by name.
    return {"kind": "function", "parameters": [
        [each.name, KINDS[each.kind.name], None if each.default is each.empty else shown(each.default)]
        for each in parameters if each.name not in ("self", "cls") and not each.name.startswith("_")]}


def shown(value):
    text = repr(value)
    return "…" if " at 0x" in text else text


if __name__ == "__main__":
    json.dump(survey(), sys.stdout)
