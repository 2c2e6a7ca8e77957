"""`dump`: the artifacts of tasks."""

import pickle

from ..command_line.grammar import Refused
from . import pathspecs

TOO_LARGE = "< artifact too large >"
# Bytes. Values of larger artifacts are not read to find their types.
READ_FOR_TYPE = 1 << 26


class Problems:
    """Collects artifacts that cannot be read, so that the others are still shown."""

    def __init__(self):
        self.found = []

    def note(self, task, name, error):
        self.found.append(f"{pathspecs.short(task)}/{name} cannot be read: {type(error).__name__}: {error}")


def dump(given, screen):
    if given.max_value_size < 0:
        raise Refused(f"--max-value-size is {given.max_value_size}; it has to be 0 or more")
    wanted = {name for name in given.include.split(",") if name}
    problems, whole = Problems(), {}
    _, tasks = pathspecs.tasks(given.arguments[0], screen.flow)
    if not tasks:
        screen.say(f"The step of {given.arguments[0]} has not run.")
    for task in tasks:
        screen.say(pathspecs.headline("output", task))
        names = [
            name for name in task._names()
            if (not wanted or name in wanted) and (given.private or not name.startswith("_"))]
        if given.file is not None:
            whole[pathspecs.short(task)] = _values(task, names, problems)
        else:
            for name in sorted(names):
                screen.show(_line(task, name, given.max_value_size, problems))
    if given.file is not None:
        with open(given.file, "wb") as file:
            pickle.dump(whole, file, protocol=pickle.HIGHEST_PROTOCOL)
        screen.say(f"Artifacts written to {given.file}")
    for problem in problems.found:
        screen.tell(problem)
    return 1 if problems.found else 0


def _values(task, names, problems):
    values = {}
    for name in names:
        try:
            values[name] = task[name].data
        except Exception as error:
            problems.note(task, name, error)
    return values


def _line(task, name, limit, problems):
    size = task[name].size
    try:
        if size is not None and size > max(limit, READ_FOR_TYPE):
            return f"{name} [size: {size} type: not read] = {TOO_LARGE}"
        value = task[name].data
        if size is None:
            # A parameter is stored as a text. This is its size as an artifact.
            size = len(pickle.dumps(value))
        text = TOO_LARGE if limit == 0 or size > limit else str(value)
    except Exception as error:
        problems.note(task, name, error)
        return f"{name} [size: {size} type: unknown] = < cannot be read >"
    return f"{name} [size: {size} type: {type(value)}] = {text}"
