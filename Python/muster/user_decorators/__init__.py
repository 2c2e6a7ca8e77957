"""Decorators that users write: those that run around a step's body, and mutators, which change a flow while it is read."""

from .flows import FlowMutator
from .generators import USER_SKIP_STEP, user_step_decorator
from .mutable import MutableFlow, MutableStep
from .steps import StepMutator, UserStepDecorator

__all__ = [
    "FlowMutator", "MutableFlow", "MutableStep", "StepMutator", "USER_SKIP_STEP", "UserStepDecorator",
    "user_step_decorator",
]
