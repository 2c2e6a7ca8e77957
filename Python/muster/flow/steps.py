"""The steps and the decorators of a flow's class."""


def step_functions(flow):
    """Returns the steps of a flow in the order of the source, those of its bases first."""
    functions = {}
    for base in reversed(flow.__mro__):
        for name, value in vars(base).items():
            if getattr(value, "is_step", False):
                functions.pop(name, None)
                functions[name] = value
            elif name in functions:
                functions.pop(name)
    return functions


def start_and_end(functions):
    """Returns the names of the first and the last step: those marked in the source, or else `start` and `end`.

    A flow's only step is both.
    """
    if len(functions) == 1:
        return (*functions, *functions)

    def named(name):
        marked = [step for step, function in functions.items() if getattr(function, f"is_{name}_step", False)]
        return marked[0] if len(marked) == 1 else name
    return named("start"), named("end")


def contradictions(functions):
    """Yields (step, sentence) for marks that contradict each other."""
    for name in ("start", "end"):
        marked = [step for step, function in functions.items() if getattr(function, f"is_{name}_step", False)]
        if len(marked) > 1:
            yield marked[1], f"steps {', '.join(marked)} all have @step({name}=True); keep it on one of them"
        elif marked and name in functions and marked != [name]:
            yield marked[0], f"step {marked[0]} has @step({name}=True) beside a step called {name}; rename that one, or leave the mark out"


def of_flow(flow):
    """Returns the decorators above a flow and its bases, the outermost first."""
    return getattr(flow, "_flow_decorators", [])
