"""The manifest that `describe` prints: the engine's only knowledge of a flow."""

import os
import sys

from .. import METAFLOW_VERSION, __version__
from ..launch import launch
from ..location import PACKAGE
from ..running import running
from . import configs, graph
from .constants import constants
from .members import parameters
from .step_source import summary
from .steps import contradictions, of_flow, start_and_end, step_functions


def settings_of(function, flow, source):
    """Returns the StepSettings that the decorators of the step and of the flow add up to."""
    settings = {"retry": {"times": 0, "minutesBetween": 0}, "environment": {}, "isGang": False}
    # @pypi_base counts for steps without an @pypi of their own.
    if not {each.name for each in function.decorators} & {"pypi", "conda"}:
        for decorator in of_flow(flow):
            decorator.apply(settings)
    for decorator in function.decorators:
        if not decorator.is_attached or decorator.suits(source):
            decorator.apply(settings)
    return settings


def manifest(flow, serves):
    """Returns the FlowManifest of Documentation/StepProtocol.md."""
    running.flow = flow
    configs.check_given()
    sources = graph.read(flow)
    functions = step_functions(flow)
    given, fixed = parameters(flow), constants(flow)
    artifacts = graph.assigned_outside_steps(flow).union(*(source.artifacts for source in sources)) - {*given}
    path = os.path.abspath(launch.file or sys.modules[flow.__module__].__file__)
    result = {
        "version": 1,
        "name": flow.__name__,
        "language": "python",
        "folder": os.path.dirname(os.path.realpath(path)),
        "parameters": [_parameter(parameter, flow, attribute) for attribute, parameter in given.items()],
        "steps": [_step(source, functions[source.name], flow) for source in sources],
        "artifacts": sorted(artifacts.union(fixed)),
        "serves": serves,
        "program": [sys.executable, PACKAGE.rstrip(os.sep), path] + launch.front() + configs.front(),
        "decorators": [each.manifest() for each in [*of_flow(flow), *getattr(flow, "_mutators", ())]],
        "systemTags": _system_tags(flow),
        "notes": _notes(flow, functions.values()) + _left_out(sources),
        "problems": _problems(sources, given, fixed, functions),
    }
    result["start"], result["end"] = start_and_end(functions)
    if any(each.name == "exit_hook" for each in of_flow(flow)):
        result["hooks"] = True
    place = graph.place_of_class(flow)
    if place:
        result["location"] = place
    if flow.__doc__:
        result["summary"] = summary(flow)
    return result


def _system_tags(flow):
    """Returns the system tags of the flow's runs, under Metaflow's names."""
    python = ".".join(map(str, sys.version_info[:3]))
    own = [f"python_version:{python}", f"metaflow_version:{METAFLOW_VERSION}+muster({__version__})", "runtime:dev"]
    return own + [tag for each in of_flow(flow) for tag in each.tags()]


def _notes(flow, functions):
    """Returns remarks on decorators that have less effect here than elsewhere. A run prints each once."""
    decorators = [*of_flow(flow), *(each for function in functions for each in function.decorators)]
    return list(dict.fromkeys(note for each in decorators for note in each.notes()))


def _left_out(sources):
    """Returns a sentence for each decorator of `--with` that does not apply to some steps, with their names."""
    steps = {}
    for source in sources:
        for decorator in source.function.decorators:
            if decorator.is_attached and not decorator.suits(source):
                steps.setdefault(decorator.name, []).append(source.name)
    return [
        f"--with {name}: it has no effect on {', '.join(names)}, whose transition only the body can decide"
        for name, names in steps.items()]


def _parameter(parameter, flow, attribute):
    entry = parameter.manifest(flow.__name__, attribute)
    file, _, line = parameter.place.rpartition(":")
    if line.isdigit():
        entry["location"] = {"file": file, "line": int(line)}
    return entry


def _step(source, function, flow):
    entry = {
        "name": source.name,
        "location": {"file": os.path.basename(source.file), "line": source.line},
        "edges": source.edges,
        "settings": settings_of(function, flow, source),
        "decorators": [
            each.manifest() for each in dict.fromkeys([*function.decorators, *function.wrappers, *function.config_decorators])],
        "entrypoints": source.entrypoints,
    }
    if source.summary:
        entry["summary"] = source.summary
    if source.is_join:
        entry["join"] = {}
    return entry


def _problems(sources, given, fixed, functions):
    found = []
    for step, message in contradictions(functions):
        source = next(source for source in sources if source.name == step)
        found.append({
            "code": "flow.source", "message": message, "step": step,
            "location": {"file": os.path.basename(source.file), "line": source.line}})
    if found:
        # The last step is unknown, so problems of other kinds would be wrong.
        return found
    found = [problem for source in sources for problem in source.problems]
    found += _set(sources, given, "a parameter") + _set(sources, fixed, "a constant of the flow's class")
    return found or graph.circles(sources)


def _set(sources, names, what):
    """Returns a problem for each step that always assigns to a parameter or constant. Other assignments raise when they
    are executed.
    """
    return [
        {
            "code": "flow.clash", "step": source.name,
            "location": {"file": os.path.basename(source.file), "line": source.certain[attribute]},
            "message": f"step {source.name} sets self.{attribute}, which is {what}; keep its value in another name",
        }
        for source in sources for attribute in names if attribute in source.certain
    ]
