"""MutableStep, the argument of mutators of steps."""

from ..decorators.base import STEP_DECORATORS
from ..decorators.texts import parse_options
from ..errors import DecoratorError
from ..location import at_caller
from . import base
from .specs import Specifications, kind_of
from .steps import StepMutator, UserStepDecoratorBase, step_kind


class MutableStep(Specifications):
    """flow: the MutableFlow that the step belongs to."""

    IGNORE, ERROR, OVERRIDE = base.IGNORE, base.ERROR, base.OVERRIDE

    def __init__(self, flow, step):
        self.flow, self._my_step = flow, step
        self._pre_mutate = flow._pre_mutate
        self._statically_defined, self._inserted_by = flow._statically_defined, flow._inserted_by

    def _all(self):
        made = [*self._my_step.wrappers, *self._my_step.config_decorators]
        return [*self._my_step.decorators, *dict.fromkeys(made)]

    def add_decorator(self, deco_type, deco_args=None, deco_kwargs=None, duplicates=IGNORE):
        """Adds a decorator: `add_decorator(retry, deco_kwargs={"times": 2})`, `add_decorator("retry:times=2")`.

        Returns it, or None if `duplicates` leaves another one of its kind in its place. Options with their default values count as
        not given.
        """
        if duplicates not in (self.IGNORE, self.ERROR, self.OVERRIDE):
            raise ValueError(f"duplicates is {duplicates!r}; there are IGNORE, ERROR and OVERRIDE")
        kind, text = kind_of(deco_type, step_kind, STEP_DECORATORS, UserStepDecoratorBase)
        arguments, options = list(deco_args or []), dict(deco_kwargs or {})
        if text and (arguments or options):
            raise DecoratorError(at_caller("a decorator's arguments stand in its text or beside it, not in both"))
        if issubclass(kind, UserStepDecoratorBase):
            return self._add_made(kind, text, arguments, options, duplicates)
        if arguments:
            raise DecoratorError(at_caller(f"@{kind.name}: options are given by name"))
        if text:
            options = parse_options(text, deco_type)
        return self._add_ours(kind, options, duplicates)

    def _add_ours(self, kind, options, duplicates):
        step = self._my_step
        if any(each.name == kind.name for each in step.decorators) and not kind.is_repeatable:
            if duplicates == self.ERROR and self._statically_defined:
                raise DecoratorError(at_caller(f"step {step.name} has the decorator @{kind.name} already"))
            if duplicates != self.OVERRIDE:
                return None
            step.decorators = [each for each in step.decorators if each.name != kind.name]
        decorator = kind.added(options, self._statically_defined, self._inserted_by)
        # The position of the lowest decorator in the source.
        step.decorators.append(decorator)
        return decorator

    def _add_made(self, kind, text, arguments, options, duplicates):
        if issubclass(kind, StepMutator):
            self._check(f"adding the mutator {kind.decorator_name}")
        decorator = kind.parse_decorator_spec(text) if text else kind(*arguments, **options)
        added = decorator.add_or_raise(self._my_step, self._statically_defined, duplicates, self._inserted_by)
        if added is not None:
            added.external_init()
        return added

    def remove_decorator(self, deco_name, deco_args=None, deco_kwargs=None):
        """Removes the decorators of that name, or only those with these arguments. Returns true if there were any."""
        step, given = self._my_step, (list(deco_args or []), dict(deco_kwargs or {}))
        takes_all = deco_args is None and deco_kwargs is None
        kind = step_kind(deco_name)

        def is_meant(decorator):
            is_of_kind = type(decorator) is kind if isinstance(decorator, UserStepDecoratorBase) else decorator.name == deco_name
            return is_of_kind and (takes_all or decorator.get_args_kwargs() == given)

        leaving = [each for each in self._all() if is_meant(each)]
        if any(isinstance(each, StepMutator) for each in leaving):
            self._check(f"removing the mutator {deco_name}")
        for field in ("decorators", "wrappers", "config_decorators"):
            setattr(step, field, [each for each in getattr(step, field) if each not in leaving])
        return bool(leaving)

    def _check(self, what):
        if not self._pre_mutate:
            raise DecoratorError(at_caller(
                f"{what} is for the method pre_mutate, and not for mutate ({' from '.join(self._inserted_by or [])})"))
