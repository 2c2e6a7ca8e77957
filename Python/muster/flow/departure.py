"""Calls self.next for a step whose body did not run, or failed, because a decorator skipped it or handled its failure."""

import ast

from ..errors import DecoratorError, TransitionError
from .step_source import StepSource, targets_of
from .steps import step_functions


def depart(task, options=None):
    """Calls self.next as the step's source does. options: a dict of other options for it; True and None change nothing."""
    if task.is_last:
        return
    source = StepSource(task.function, list(step_functions(task.flow_class)))
    if not isinstance(options, dict):
        if options not in (None, True):
            raise DecoratorError(f"step {task.step}: the arguments of self.next are a dict or True, not {options!r}")
        options = {}
    task.transition = None
    flow = task.flow
    if source.condition and not options:
        return flow.next(_choices(task, source), condition=source.condition)
    (kind, fields), *_ = source.edges[0].items()
    targets = [each for edge in source.edges for each in targets_of(edge)]
    if kind == "nodes" and not options:
        raise TransitionError(
            f"step {task.step} was left without its self.next, which says how many nodes there are to be; its decorator has to "
            "say so: {'num_parallel': …}")
    if kind == "foreach" and not options:
        options = {"foreach": source.foreach}
    flow.next(*(getattr(flow, target) for target in targets), **options)


def _choices(task, source):
    """Returns the dict of the step's own choice. Its cases have to be constants in the source."""
    try:
        return {ast.literal_eval(case): getattr(task.flow, target) for case, target in source.choices}
    except ValueError:
        raise TransitionError(
            f"step {task.step} was left without its self.next, whose choice its source does not show: the cases are no "
            "constants") from None
