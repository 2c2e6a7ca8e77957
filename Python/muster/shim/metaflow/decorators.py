"""The classes from which packages that extend Metaflow derive their decorators."""

from muster.decorators.base import flow_decorator, step  # noqa: F401
from muster.decorators.foreign import FlowDecorator, StepDecorator  # noqa: F401
from muster.decorators.foreign import ForeignDecorator as Decorator  # noqa: F401
from muster.decorators.foreign import use_step_decorator as _base_step_decorator  # noqa: F401
from muster.errors import DecoratorError as BadFlowDecoratorException  # noqa: F401
from muster.errors import DecoratorError as BadStepDecoratorException  # noqa: F401
from muster.errors import DecoratorError as DuplicateFlowDecoratorException  # noqa: F401
from muster.errors import DecoratorError as DuplicateStepDecoratorException  # noqa: F401
from muster.errors import DecoratorError as InvalidDecoratorAttribute  # noqa: F401
from muster.errors import DecoratorError as UnknownFlowDecoratorException  # noqa: F401
from muster.errors import DecoratorError as UnknownStepDecoratorException  # noqa: F401


def _base_flow_decorator(kind, *arguments, **options):
    return flow_decorator(kind)(*arguments, **options)
