"""Runs a step's body between the calls of its user-made decorators."""

from ..errors import DecoratorError
from ..flow.departure import depart


def run(task, body, arguments):
    """Runs a body between the calls of its user-made decorators. The outermost is called first before the body, and
    last after it.

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
    """Calls a decorator's post_step. Returns the error and the arguments of self.next that result from it."""
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
        # A skipped step continues with its own transition if post_step returns no other.
        return said[0], leaving if said[1] is None else said[1]
    raise DecoratorError(
        f"post_step of @{wrapper.name} returned {said!r}; it returns an exception or None, or such a one and the arguments of "
        "self.next")
