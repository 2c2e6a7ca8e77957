"""A step's body inside of what runs around it."""

import ast

from ..errors import DecoratorError, TransitionError


def run(task, body, arguments):
    """Runs a body inside of its user-made decorators: the outermost begins, and ends last.

    arguments: the inputs, for a join.
    """
    name, flow = task.step, task.flow
    inputs = arguments[0] if arguments else None
    begun, replacement, leaving = [], None, None
    for wrapper in reversed(task.function.wrappers):
        replacement = wrapper.pre_step(name, flow, inputs)
        begun.append(wrapper)
        leaving = wrapper.skip_step or None
        if leaving or replacement:
            break
    raised = None
    try:
        if replacement and not leaving:
            leaving = replacement(flow, *arguments) or None
        elif not leaving:
            body(*arguments)
    except Exception as error:
        raised = error
    has_failed = raised is not None
    for wrapper in reversed(begun):
        raised, leaving = _ended(wrapper, name, flow, raised, leaving)
    if raised is not None:
        raise raised
    if has_failed or (leaving is not None and leaving is not False):
        depart(task, leaving)


def _ended(wrapper, name, flow, raised, leaving):
    """Ends one wrapper, and returns what is raised then, and how the step is left."""
    try:
        said = wrapper.post_step(name, flow, raised)
    except DecoratorError:
        raise
    except Exception as error:
        said = error
    if said is None:
        return None, leaving
    if isinstance(said, Exception):
        return said, leaving
    if isinstance(said, tuple) and len(said) == 2:
        # A step that was skipped goes on to the next one, though the decorator has said nothing of that.
        return said[0], leaving if said[1] is None else said[1]
    raise DecoratorError(
        f"post_step of @{wrapper.name} returned {said!r}; it returns an exception or None, or such a one and the arguments of "
        "self.next")


def depart(task, options=None):
    """Does what the step's own self.next would have done; a dict has other options for it."""
    if task.is_last:
        return
    from ..graph import StepSource
    from ..steps import step_functions
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
    targets = [each for edge in source.edges for each in _names(edge)]
    if kind == "nodes" and not options:
        raise TransitionError(
            f"step {task.step} was left without its self.next, which says how many nodes there are to be; its decorator has to "
            "say so: {'num_parallel': …}")
    if kind == "foreach" and not options:
        options = {"foreach": source.foreach}
    flow.next(*(getattr(flow, target) for target in targets), **options)


def _names(edge):
    (_, fields), = edge.items()
    return fields["to"] if isinstance(fields["to"], list) else [fields["to"]]


def _choices(task, source):
    """The step's own choice, as far as its source says what it chooses by."""
    try:
        return {ast.literal_eval(case): getattr(task.flow, target) for case, target in source.choices}
    except ValueError:
        raise TransitionError(
            f"step {task.step} was left without its self.next, whose choice its source does not show: the cases are no "
            "constants") from None
