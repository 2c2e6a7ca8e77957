"""Modules of Metaflow's that hold nothing but names which Muster has elsewhere."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec

_CLIENT = {
    **dict.fromkeys(
        ("DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task", "default_metadata", "default_namespace", "get_metadata",
         "get_namespace", "metadata", "namespace"), "client"),
    "MetaflowNamespaceMismatch": "errors", "MetaflowNotFound": "errors",
}
_COMPONENTS = dict.fromkeys(
    ("Artifact", "Error", "EventsTimeline", "Image", "JSONViewer", "Markdown", "MetaflowCardComponent", "ProgressBar",
     "PythonCode", "Table", "ValueBox", "VegaChart", "YAMLViewer"), "cards")
_CARDS = {"MetaflowCard": "cards", "MetaflowCardComponent": "cards"}

# By module, below `metaflow`: each name and the place of what it stands for, `module` or `module:name`, below `muster`.
MODULES = {
    "client": _CLIENT,
    "client.core": {
        **_CLIENT, "Metadata": "client.facts", "MetaflowCode": "client.code", "MetaflowData": "client.data",
        "MetaflowObject": "client.base"},
    "flowspec": {"FlowSpec": "flow"},
    "graph": {"FlowGraph": "dag:Graph", "DAGNode": "dag:Node"},
    "includefile": {"IncludeFile": "parameters"},
    "integrations": {"ArgoEvent": "events"},
    "metaflow_current": {"current": "running"},
    "metaflow_profile": {"profile": "profiling"},
    "multicore_utils": {
        "MulticoreException": "multicore", "parallel_imap_unordered": "multicore", "parallel_map": "multicore"},
    "parameters": {"JSONType": "parameters", "JSONTypeClass": "parameters", "Parameter": "parameters", "ParameterContext": "parameters:Context"},
    "user_configs": {},
    "user_configs.config_parameters": {"Config": "config", "ConfigValue": "config", "config_expr": "config"},
    "util": {"get_username": "users:user", "resolve_identity": "users:identity"},
    "datatools": {"S3": "absent"},
    "plugins.datatools": {"S3": "absent"},
    "plugins.datatools.s3": {"S3": "absent"},
    "plugins.cards": {},
    "plugins.cards.card_client": {"Card": "client.cards", "get_cards": "client.cards"},
    "plugins.cards.card_modules": _CARDS,
    "plugins.cards.card_modules.basic": dict.fromkeys(("BlankCard", "DefaultCard", "ErrorCard", "PageComponent"), "cards"),
    "plugins.cards.card_modules.card": _CARDS,
    "plugins.cards.card_modules.components": {**_COMPONENTS, "UserComponent": "cards.component:Component"},
    "plugins.cards.exception": {
        "CardClassFoundException": "cards.search:CardClassMissing", "CardNotPresentException": "errors:MetaflowNotFound",
        "UnrenderableCardException": "cards.search"},
    "plugins.catch_decorator": {"CatchDecorator": "decorators.steps:Catch", "FailureHandledByCatch": "errors"},
    "plugins.environment_decorator": {"EnvironmentDecorator": "decorators.steps:Environment"},
    "plugins.project_decorator": {"ProjectDecorator": "decorators.flows:Project"},
    "plugins.resources_decorator": {"ResourcesDecorator": "decorators.steps:Resources"},
    "plugins.retry_decorator": {"RetryDecorator": "decorators.steps:Retry"},
    "plugins.timeout_decorator": {"TimeoutDecorator": "decorators.steps:Timeout", "TimeoutException": "errors"},
    "plugins.package_sources": {"package_sources": "decorators.packages"},
    "plugins.package_suffixes_mutator": {"package_suffixes": "decorators.packages"},
    "plugins.parsers": {"yaml_parser": "parsers"},
    "plugins.pypi": {},
    "plugins.pypi.parsers": {
        "ParserValueError": "parsers", "conda_environment_yml_parser": "parsers", "pyproject_toml_parser": "parsers",
        "requirements_txt_parser": "parsers"},
}


class Aliases:
    """Finds and makes these modules. It is asked after all others: a file of the same name wins."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        within = name.partition("metaflow.")[2] if name.startswith("metaflow.") else None
        if within not in MODULES:
            return None
        return ModuleSpec(name, Aliases, is_package=any(each.startswith(f"{within}.") for each in MODULES))

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        names = MODULES[module.__name__.partition(".")[2]]
        module.__all__ = list(names)

        def find(name):
            if name not in names:
                if name.startswith("__"):
                    raise AttributeError(name)
                from muster.names import hint
                raise ImportError(f"'{name}' is not known to Muster, which stands in for {module.__name__}{hint(name, names)}")
            place, _, own = names[name].partition(":")
            value = getattr(import_module(f"muster.{place}"), own or name)
            setattr(module, name, value)
            return value

        module.__getattr__ = find


def settle():
    if not any(each is Aliases for each in sys.meta_path):
        sys.meta_path.append(Aliases)
