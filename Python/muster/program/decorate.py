"""Completes the decorators of a flow that has been read: `--with`, user-made decorators, and those of other packages."""

import sys

from ..flow.steps import step_functions
from ..launch import launch


def decorate(flow):
    """Attaches the decorators of `--with`, lets mutators change the flow before and after that, and calls foreign
    hooks.

    A package that nothing has loaded is not loaded for it: the flow then has no decorator of that kind.
    """
    if "muster.user_decorators" in sys.modules:
        from ..user_decorators import phases
        phases.before_attaching(flow)
    if launch.attached:
        from .attachments import attach_texts
        attach_texts(step_functions(flow).values(), launch.attached)
    # Loaded by now if `--with` has named a user-made decorator.
    if "muster.user_decorators" in sys.modules:
        from ..user_decorators import phases
        phases.after_attaching(flow)
    if "muster.decorators.foreign" in sys.modules:
        from ..decorators import foreign
        foreign.begin(flow, step_functions(flow))
