"""The transition that a call of `self.next` asks for, as `result.json` has it."""

from .. import items
from ..errors import ArtifactError, TransitionError
from ..location import at_caller


def transition(task, steps, foreach, num_parallel, condition):
    """Returns the transition of `self.next(*steps, …)`. Writes the elements of a foreach into the task folder.

    Raises TransitionError for a call that names no step, several fan-outs, or something that is no step of the flow.
    """
    options = [name for name, value in
               (("foreach", foreach), ("num_parallel", num_parallel), ("condition", condition)) if value is not None]
    if len(options) > 1:
        raise TransitionError(at_caller(f"self.next takes one of {', '.join(options)}, not several"))
    if condition is not None:
        steps = (_chosen(task.flow, steps, condition),)
    names = [_step_name(task.flow, each) for each in steps]
    if not names:
        raise TransitionError(at_caller("self.next names no step"))
    if options and len(names) > 1:
        raise TransitionError(at_caller(f"self.next with {options[0]} leads to one step, not to {len(names)}"))
    if foreach is not None:
        return {"foreach": {"to": names[0], "count": _fan_out(task, foreach)}}
    if num_parallel is not None:
        return {"nodes": {"to": names[0], "count": _nodes(num_parallel)}}
    if len(names) > 1:
        return {"branches": {"to": names}}
    return {"step": {"to": names[0]}}


def _step_name(flow, target):
    function = getattr(target, "__func__", target)
    if not getattr(function, "is_step", False) or getattr(target, "__self__", None) is not flow:
        raise TransitionError(at_caller(f"self.next takes steps of this flow, written as self.name, not {target!r}"))
    return function.__name__


def _chosen(flow, steps, condition):
    if len(steps) != 1 or not isinstance(steps[0], dict):
        raise TransitionError(at_caller("with condition, self.next takes one dict: {value: self.step, …}"))
    value = _artifact(flow, condition, "condition")
    if value not in steps[0]:
        cases = ", ".join(repr(each) for each in steps[0])
        raise TransitionError(at_caller(
            f"self.{condition} is {value!r}, and self.next has no step for it; it has steps for {cases}"))
    return steps[0][value]


def _artifact(flow, name, option):
    if not isinstance(name, str):
        raise TransitionError(at_caller(f"{option} takes the name of an artifact as a text, not {name!r}"))
    try:
        return getattr(flow, name)
    except AttributeError as error:
        raise TransitionError(at_caller(f"{option}={name!r}: {error}")) from None


def _fan_out(task, variable):
    """Writes the elements of the foreach. Returns how many there are."""
    value = _artifact(task.flow, variable, "foreach")
    try:
        elements = list(value)
    except TypeError:
        raise TransitionError(at_caller(
            f"foreach='{variable}': self.{variable} is {type(value).__name__} and has no elements")) from None
    if not elements:
        raise TransitionError(at_caller(
            f"foreach='{variable}': self.{variable} is empty; give it at least one element, or choose another step "
            "when there is none"))
    try:
        items.write(elements, task.folder)
    except items.Unpicklable as failure:
        which = f"self.{variable}" if failure.index is None else f"element {failure.index} of self.{variable}"
        raise ArtifactError(at_caller(
            f"{which} in step {task.step} cannot be pickled: {type(failure.error).__name__}: {failure.error}")) from None
    return len(elements)


def _nodes(count):
    try:
        if isinstance(count, (bool, str)) or int(count) != count:
            raise ValueError
    except (TypeError, ValueError):
        raise TransitionError(at_caller(f"num_parallel has to be a whole number, not {count!r}")) from None
    if count < 1:
        raise TransitionError(at_caller(f"num_parallel is {count}; a gang has at least one node"))
    return int(count)
