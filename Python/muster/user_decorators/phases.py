"""The turns of user-made decorators: one before `--with` has put its own on the steps, and one after it."""

from ..steps import step_functions
from .flows import mutators
from .mutable_flow import MutableFlow
from .mutable_step import MutableStep


def before_attaching(flow):
    """Lets all mutators change what can be changed at this time, those of the flow first."""
    for mutator in mutators(flow):
        mutator.external_init()
    # The lists are the ones that mutators add to, so that those have their turn as well.
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
    """Gives mutators their second turn, and tells what runs around steps its arguments."""
    for mutator in mutators(flow):
        mutator.mutate(MutableFlow(flow, False, mutator.statically_defined, _origin(mutator)))
    functions = step_functions(flow)
    for function in functions.values():
        for mutator in function.config_decorators:
            # One that `--with` has brought.
            mutator.external_init()
            mutator.mutate(MutableStep(flow, function, False, mutator.statically_defined, _origin(mutator)))
    for function in functions.values():
        for wrapper in function.wrappers:
            wrapper.external_init()


def _origin(mutator):
    return [mutator.decorator_name, *(mutator.inserted_by or [])]
