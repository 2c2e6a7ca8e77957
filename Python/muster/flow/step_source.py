"""Reads one step from its source: its transition, the artifacts that it sets and the scripts that it starts.

A step's last statement is its `self.next(…)`. Anything that the manifest's edges cannot express becomes a problem, a
dict in the form of the manifest's `problems`. Reading goes on after a problem, so that all of them are found at once.
"""

import ast
import os

from ..arguments import pairs
from ..names import hint
from . import definitions


class StepSource:
    """The source of one step. last: the name of the flow's last step."""

    def __init__(self, function, steps, last="end"):
        self.last = last
        self.name = function.__name__
        self.function = function
        self.summary = summary(function)
        self.edges = []
        self.problems = []
        self.artifacts = {}
        # Lines of assignments that every complete execution of the body reaches, by artifact.
        self.certain = {}
        self.entrypoints = []
        # The line of its self.next, and the number of nodes if it is a constant there.
        self.departure = 0
        self.nodes = None
        # The artifact that a foreach iterates over, or that a choice looks at; and the choice's cases, source and step.
        self.foreach = self.condition = None
        self.choices = []
        self.is_join = False
        self._read(function, steps)

    def place_of(self, artifact):
        """Returns the line of the assignment to an artifact, or None."""
        return self.artifacts.get(artifact)

    @property
    def goes_on_without_body(self):
        """True if the source alone gives the transition: no choice, and no fan-out over a number of elements or nodes."""
        return len(self.edges) < 2 and all("step" in edge or "branches" in edge for edge in self.edges)

    def _report(self, code, message, node=None):
        line = self.line if node is None else self.offset + node.lineno
        self.problems.append({
            "code": code, "message": message, "step": self.name, "location": {"file": os.path.basename(self.file), "line": line}})

    def _read(self, function, steps):
        function = definitions.unwrapped(function)
        code = function.__code__
        self.file, self.line, self.offset = code.co_filename, code.co_firstlineno, 0
        try:
            definition, self.offset = definitions.of_function(function)
        except OSError:
            return self._report("flow.source", f"the source of step {self.name} cannot be read; a flow is a file")
        self.line = self.offset + definition.lineno
        self._signature(definition)
        self._names(definition)
        self._transition(definition, steps)

    def _signature(self, definition):
        given = definition.args
        names = [argument.arg for argument in given.posonlyargs + given.args]
        extra = given.vararg or given.kwarg or given.kwonlyargs or isinstance(definition, ast.AsyncFunctionDef)
        self.is_join = len(names) == 2
        if len(names) not in (1, 2) or extra:
            self._report(
                "flow.signature",
                f"step {self.name} takes ({', '.join(names)}{', …' if extra else ''}); a step takes (self), a join "
                "(self, inputs)")

    def _names(self, definition):
        owner = definition.args.args[0].arg if definition.args.args else "self"
        for statement in definition.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Attribute) and is_name(node.value, owner) and isinstance(node.ctx, ast.Store):
                    self.artifacts.setdefault(node.attr, self.offset + node.lineno)
                    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
                        self.certain.setdefault(node.attr, self.offset + node.lineno)
        for node in ast.walk(definition):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run":
                script = _literal(node, "entrypoint")
                if isinstance(script, str) and ("/" in script or not _may_run_others(node)):
                    self.entrypoints.append(script)

    # self.next

    def _transition(self, definition, steps):
        owner = definition.args.args[0].arg if definition.args.args else "self"
        calls = [node for node in ast.walk(definition) if _is_next(node, owner)]
        last = definition.body[-1]
        call = last.value if isinstance(last, ast.Expr) and _is_next(last.value, owner) else None
        if self.name == self.last:
            if calls:
                self._report(
                    "flow.transition", f"step {self.last} calls self.next, and nothing follows {self.last}; remove it", calls[0])
            return
        if not calls:
            return self._report(
                "flow.transition", f"step {self.name} does not say what comes next; end it with self.next(self.…)")
        if call is None:
            return self._report(
                "flow.transition",
                f"step {self.name} calls self.next before its last line; make it the last statement, outside of any if, "
                "and choose with self.next({value: self.step, …}, condition='name')", calls[0])
        if len(calls) > 1:
            other = next(node for node in calls if node is not call)
            return self._report(
                "flow.transition",
                f"step {self.name} calls self.next twice; keep the one in its last line, and choose with "
                "self.next({value: self.step, …}, condition='name')", other)
        self.departure = self.offset + last.lineno
        self._edges(call, owner, steps)

    @property
    def cases(self):
        """The steps of a choice by value, or by the value's source if it is no constant."""
        return {key.value if isinstance(key, ast.Constant) else ast.unparse(key): target for key, target in self.choices}

    @property
    def targets(self):
        """The steps that may follow, one for each case of a choice."""
        return list(self.cases.values()) if self.choices else [name for edge in self.edges for name in targets_of(edge)]

    def _edges(self, call, owner, steps):
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        unknown = [name for name in options if name not in ("foreach", "num_parallel", "condition")]
        if unknown:
            return self._report(
                "flow.transition",
                f"step {self.name}: self.next has no option '{unknown[0]}'"
                f"{hint(unknown[0], ['foreach', 'num_parallel', 'condition'])}", call)
        if len(options) > 1:
            return self._report(
                "flow.transition", f"step {self.name}: self.next takes one of {', '.join(sorted(options))}, not several", call)
        if "condition" in options:
            return self._switch(call, options["condition"], owner, steps)
        targets = [self._target(node, owner, steps) for node in call.args]
        if None in targets:
            return
        if not targets:
            return self._report("flow.transition", f"step {self.name}: self.next names no step", call)
        if options and len(targets) > 1:
            return self._report(
                "flow.transition", f"step {self.name}: self.next with {list(options)[0]} leads to one step, not to {len(targets)}", call)
        if "foreach" in options:
            name = options["foreach"]
            if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                return self._report(
                    "flow.transition",
                    f"step {self.name}: foreach takes the name of an artifact as a text: foreach='items'", call)
            self.foreach = name.value
            self.edges = [{"foreach": {"to": targets[0]}}]
        elif "num_parallel" in options:
            self.edges, self.nodes = [{"nodes": {"to": targets[0]}}], _literal(call, "num_parallel")
        elif len(targets) > 1:
            self.edges = [{"branches": {"to": targets}}]
        else:
            self.edges = [{"step": {"to": targets[0]}}]

    def _switch(self, call, condition, owner, steps):
        if not (isinstance(condition, ast.Constant) and isinstance(condition.value, str)):
            return self._report(
                "flow.transition", f"step {self.name}: condition takes the name of an artifact as a text", call)
        if len(call.args) != 1 or not isinstance(call.args[0], ast.Dict) or not call.args[0].values:
            return self._report(
                "flow.transition",
                f"step {self.name}: with condition, self.next takes one dict, written out: {{value: self.step, …}}", call)
        targets = [self._target(node, owner, steps) for node in call.args[0].values]
        if None in targets:
            return
        self.condition = condition.value
        self.choices = list(zip(call.args[0].keys, targets))
        self.edges = [{"step": {"to": target}} for target in dict.fromkeys(targets)]

    def _target(self, node, owner, steps):
        if not (isinstance(node, ast.Attribute) and is_name(node.value, owner)):
            self._report(
                "flow.transition",
                f"step {self.name}: self.next takes steps of this flow, written as self.name", node)
            return None
        if node.attr not in steps:
            self._report(
                "flow.unknown-step",
                f"step {self.name} goes on to {node.attr}, and there is no such step{hint(node.attr, steps)}", node)
            return None
        return node.attr


def targets_of(edge):
    """Returns the names of the steps that an edge leads to."""
    (_, fields), = edge.items()
    return fields["to"] if isinstance(fields["to"], list) else [fields["to"]]


def summary(thing):
    """Returns the docstring of a step or a flow without its indentation, or None."""
    if not thing.__doc__:
        return None
    from inspect import cleandoc
    return cleandoc(thing.__doc__)


def is_name(node, name):
    """True for an expression that is this name."""
    return isinstance(node, ast.Name) and node.id == name


def _literal(call, name):
    """Returns the constant that a call passes for a keyword, or None."""
    values = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return values[0].value if values and isinstance(values[0], ast.Constant) else None


def _may_run_others(call):
    """True if torchrun is told to run a module or a program of the PATH instead of a script, or if the source does not
    show it.
    """
    given = call.args[:1] + [keyword.value for keyword in call.keywords if keyword.arg in ("torchrun_args", None)]
    try:
        words = [word for value in given for word in pairs(ast.literal_eval(value))]
    except (TypeError, ValueError):
        return True
    return any(word in ("-m", "--module", "--no-python", "--no_python") for word in words)


def _is_next(node, owner):
    return (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "next"
            and is_name(node.func.value, owner))
