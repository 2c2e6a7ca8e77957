"""User-made decorators of flows."""

from ..decorators.base import FLOW_DECORATORS
from ..flow.spec import is_flow
from . import registry
from .base import UserDecorator


class FlowMutator(UserDecorator):
    """Changes a flow, its parameters, its decorators and those of its steps, while it is read."""

    _flow_cls = None

    @staticmethod
    def is_target(value):
        return is_flow(value)

    def __call__(self, flow_spec=None):
        flow = flow_spec
        if not self.is_target(flow):
            self.fail(f"it decorates flows, not {getattr(flow, '__name__', repr(flow))}")
        self._flow_cls = flow
        if "_own_mutators" not in vars(flow):
            flow._own_mutators = []
        flow._own_mutators.append(self)
        return flow

    @property
    def name(self):
        return registry.short_name(type(self), FLOW_DECORATORS)

    def pre_mutate(self, mutable_flow):
        """Called once configs are read."""

    def mutate(self, mutable_flow):
        """Called once `--with` has attached its decorators. Only steps can be changed then."""

    def add_to_package(self):
        """Returns nothing of use: the code package has all of the flow's folder already."""
        return []


def mutators(flow):
    """Returns the mutators of a flow: those of its bases first, within a class from the lowest upwards. The list may be
    extended.
    """
    if "_mutators" not in vars(flow):
        bases = [base for base in flow.__mro__[1:] if "_own_mutators" in vars(base)]
        flow._mutators = [each for base in [*bases, flow] for each in vars(base).get("_own_mutators", [])]
    return flow._mutators


def flow_kind(name):
    """Returns the class of the decorator of flows with this name, or None."""
    return FLOW_DECORATORS.get(name) or registry.find(name, FlowMutator)
