"""The calls of mutators: `pre_mutate` before the decorators of `--with` are attached, `mutate` after that."""

from ..flow.steps import step_functions
from .flows import mutators
from .mutable import MutableFlow, MutableStep


def before_attaching(flow):
    """Calls pre_mutate of all mutators, those of the flow first."""
    for mutator in mutators(flow):
        mutator.external_init()
    # A mutator may add mutators to these lists while they are iterated; those are called as well.
    for mutator in mutators(flow):
        mutator.pre_mutate(MutableFlow(flow, True, mutator.statically_defined, _origin(mutator)))
    functions = step_functions(flow)
    for function in functions.values():
        for mutator in function.config_decorators:
            mutator.external_init()
    for function in functions.values():
        for mutator in function.config_decorators:
            mutator.pre_mutate(MutableStep(flow, function, True, mutator.statically_defined, _origin(mutator)))


def after_attaching(flow):
    """Calls mutate of all mutators, and `init` of the decorators that run around steps."""
    for mutator in mutators(flow):
        mutator.mutate(MutableFlow(flow, False, mutator.statically_defined, _origin(mutator)))
    functions = step_functions(flow)
    for function in functions.values():
        for mutator in function.config_decorators:
            # A mutator that `--with` has attached has not had its arguments yet.
            mutator.external_init()
            mutator.mutate(MutableStep(flow, function, False, mutator.statically_defined, _origin(mutator)))
    for function in functions.values():
        for wrapper in function.wrappers:
            wrapper.external_init()


def _origin(mutator):
    """Returns the names of the mutators by which the decorators of this one come."""
    return [mutator.decorator_name, *(mutator.inserted_by or [])]
