"""Reads a flow's graph from its source, without running a step."""

import ast
import os
import types

from . import definitions
from .step_source import StepSource, is_name, targets_of
from .steps import start_and_end, step_functions


def read(flow):
    """Returns the sources of a flow's steps."""
    functions = step_functions(flow)
    _, last = start_and_end(functions)
    return [StepSource(function, list(functions), last) for function in functions.values()]


def place_of_class(flow):
    """Returns the file and line of the flow's class, or None if its source cannot be read."""
    try:
        file, line = definitions.place_of_class(flow)
    except (OSError, TypeError):
        return None
    return {"file": os.path.basename(file), "line": line}


def assigned_outside_steps(flow):
    """Returns the names of attributes that methods other than steps set."""
    names = set()
    for base in flow.__mro__:
        for value in vars(base).values():
            if not isinstance(value, types.FunctionType) or getattr(value, "is_step", False) or base.__module__.startswith("muster"):
                continue
            try:
                definition, _ = definitions.of_function(value)
            except (OSError, SyntaxError):
                continue
            owner = definition.args.args[0].arg if getattr(definition, "args", None) and definition.args.args else "self"
            for node in ast.walk(definition):
                if isinstance(node, ast.Attribute) and is_name(node.value, owner) and isinstance(node.ctx, ast.Store):
                    names.add(node.attr)
    return names


def circles(sources):
    """Returns a problem for each loop of steps that has no way out."""
    following = {source.name: [name for edge in source.edges for name in targets_of(edge)] for source in sources}
    last = sources[0].last if sources else "end"
    ending = {last}
    while True:
        more = {name for name, after in following.items() if name not in ending and ending & {*after}}
        if not more:
            break
        ending |= more
    problems, seen = [], set()
    for source in sources:
        path = [source.name]
        while path[-1] not in ending | seen and path[-1] not in path[:-1] and following.get(path[-1]):
            path.append(following[path[-1]][0])
        if path[-1] in path[:-1]:
            circle = path[path.index(path[-1]):]
            holder = next(each for each in sources if each.name == circle[0])
            holder._report(
                "flow.no-way-to-end",
                f"steps {' → '.join(circle)} go round in a circle and never come to {last}; let one of them choose with "
                "self.next({value: self.step, …}, condition='name')")
            problems.append(holder.problems[-1])
        seen |= {*path}
    return problems
