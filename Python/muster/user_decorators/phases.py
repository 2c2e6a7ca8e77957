"""The calls of mutators: `pre_mutate` before the decorators of `--with` are attached, `mutate` after that."""

from ..flow.steps import step_functions
from .flows import mutators
from .mutable_flow import MutableFlow
from .mutable_step import MutableStep


def before_attaching(flow):
    """Calls pre_mutate of all mutators, those of the flow first."""
    for mutator in mutators(flow):
        mutator.external_init()
    # A mutator may add mutators to these lists while they are iterated; those are called as well.
    for mutator in mutators(flow):
        mutator.pre_mutate(_flow(flow, True, mutator))
    functions = step_functions(flow)
    for function in functions.values():
        for mutator in function.config_decorators:
            mutator.external_init()
    for function in functions.values():
        for mutator in function.config_decorators:
            mutator.pre_mutate(MutableStep(_flow(flow, True, mutator), function))


def after_attaching(flow):
    """Calls mutate of all mutators, and `init` of the decorators that run around steps."""
    for mutator in mutators(flow):
        mutator.mutate(_flow(flow, False, mutator))
    functions = step_functions(flow)
    for function in functions.values():
        for mutator in function.config_decorators:
            # A mutator that `--with` has attached has not had its arguments yet.
            mutator.external_init()
            mutator.mutate(MutableStep(_flow(flow, False, mutator), function))
    for function in functions.values():
        for wrapper in function.wrappers:
            wrapper.external_init()


def _flow(flow, pre_mutate, mutator):
    """Returns the flow for a call of this mutator, whose name goes into the decorators that it adds."""
    origin = [mutator.decorator_name, *(mutator.inserted_by or [])]
    return MutableFlow(flow, pre_mutate, mutator.statically_defined, origin)
