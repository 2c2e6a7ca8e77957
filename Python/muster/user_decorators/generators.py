"""Generators as decorators of steps: the code before the `yield` runs before the step, the code behind it after the
step.
"""

from ..errors import DecoratorError
from ..location import at_caller
from .steps import UserStepDecorator

# Yielded by a generator to skip its step.
USER_SKIP_STEP = {}


def user_step_decorator(function=None, **options):
    """Turns a generator function into a decorator.

        @user_step_decorator
        def timing(step_name, flow, inputs, attributes):
            began = time.time()
            yield
            flow.seconds = time.time() - began

    attributes: the decorator's arguments; the parameter may be left out if there are none. The generator may yield a
    function that runs in place of the body, or a dict to skip the body: the arguments of `self.next`, USER_SKIP_STEP
    for the step's own.
    """
    if function is None:
        return lambda function: user_step_decorator(function, **options)
    # Imported here: `from metaflow import *` loads this module, and few flows use it.
    import inspect
    if not inspect.isgeneratorfunction(function):
        raise DecoratorError(at_caller("@user_step_decorator decorates generator functions: those with a yield"))
    count = len(inspect.signature(function).parameters)
    if count not in ((4,) if options else (3, 4)):
        raise DecoratorError(at_caller(
            f"{function.__name__} has {count} parameters; the generator of a step decorator has step_name, flow, inputs and "
            "attributes, which may be left out"))
    name = f"{function.__module__}.{function.__name__}"
    return type(UserStepDecorator)(
        function.__name__, (_Generated,),
        {"_decorator_name": name, "__module__": function.__module__, "__doc__": function.__doc__, "_function": staticmethod(function),
         "_count": count})


class _Generated(UserStepDecorator):
    """The decorator made of a generator."""

    def init(self, **options):
        self._options = options

    def pre_step(self, step_name, flow, inputs=None):
        given = (step_name, flow, inputs, self._kwargs)[:self._count]
        self._generator = self._function(*given)
        try:
            yielded = self._generator.send(None)
        except StopIteration:
            # A generator without a yield skips the step.
            yielded = USER_SKIP_STEP
        if isinstance(yielded, dict):
            self.skip_step = yielded or True
            return None
        return yielded

    def post_step(self, step_name, flow, exception=None):
        try:
            if exception is None:
                self._generator.send(None)
            else:
                self._generator.throw(exception)
        except StopIteration as end:
            return end.value
        except Exception as error:
            return error
        raise DecoratorError(f"the generator of @{self.name} yields once, and has yielded a second time")
