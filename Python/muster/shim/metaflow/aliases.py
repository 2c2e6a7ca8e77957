"""Modules of Metaflow's that only hold names which Muster defines elsewhere."""

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
_S3 = dict.fromkeys(
    ("MetaflowS3AccessDenied", "MetaflowS3Exception", "MetaflowS3InvalidObject", "MetaflowS3InvalidRange", "MetaflowS3NotFound",
     "MetaflowS3URLException", "RangeInfo", "S3", "S3GetObject", "S3Object", "S3PutObject"), "s3")
_CARDS = {"MetaflowCard": "cards", "MetaflowCardComponent": "cards"}

# Names by module, below `metaflow`, each with its definition below `muster`: `module` or `module:name`.
MODULES = {
    "client": _CLIENT,
    "client.core": {
        **_CLIENT, "Metadata": "client.facts", "MetaflowCode": "client.code", "MetaflowData": "client.data",
        "MetaflowObject": "client.base"},
    "flowspec": {"FlowSpec": "flow.spec"},
    "graph": {"FlowGraph": "flow.dag:Graph", "DAGNode": "flow.dag:Node"},
    "includefile": {"IncludeFile": "flow.parameters"},
    "integrations": {"ArgoEvent": "task.events"},
    "metaflow_current": {"current": "task.current"},
    "metaflow_profile": {"profile": "task.profiling"},
    "multicore_utils": {
        "MulticoreException": "task.multicore", "parallel_imap_unordered": "task.multicore", "parallel_map": "task.multicore"},
    "parameters": {
        "JSONType": "flow.parameters", "JSONTypeClass": "flow.parameters", "Parameter": "flow.parameters",
        "ParameterContext": "flow.context:Context"},
    "user_configs": {},
    "user_configs.config_parameters": {
        "Config": "flow.configs", "ConfigValue": "config", "config_expr": "flow.expressions"},
    "util": {"get_username": "users:user", "resolve_identity": "users:identity"},
    "datatools": {"S3": "s3"},
    "plugins.datatools": {"MetaflowS3Exception": "s3", "S3": "s3"},
    "plugins.datatools.s3": _S3,
    "plugins.datatools.s3.s3": {**_S3, "MetaflowS3InsufficientDiskSpace": "s3"},
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
    "plugins.parsers": {"yaml_parser": "flow.parsers"},
    "plugins.pypi": {},
    "plugins.pypi.parsers": {
        "ParserValueError": "flow.parsers", "conda_environment_yml_parser": "flow.parsers",
        "pyproject_toml_parser": "flow.parsers", "requirements_txt_parser": "flow.parsers"},
}


class Aliases:
    """A finder and loader for these modules. It comes last in sys.meta_path, so a file of the same name wins."""

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
                raise ImportError(f"Muster, which provides {module.__name__} here, has no '{name}'{hint(name, names)}")
            place, _, own = names[name].partition(":")
            value = getattr(import_module(f"muster.{place}"), own or name)
            setattr(module, name, value)
            return value

        module.__getattr__ = find


def settle():
    if not any(each is Aliases for each in sys.meta_path):
        sys.meta_path.append(Aliases)
