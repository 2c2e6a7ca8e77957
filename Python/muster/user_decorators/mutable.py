"""MutableFlow and MutableStep, the arguments of mutators."""

from ..config import ConfigValue
from ..decorators.base import FLOW_DECORATORS, STEP_DECORATORS
from ..decorators.texts import parse_options
from ..errors import DecoratorError
from ..flow.configs import Config
from ..flow.members import parameters
from ..flow.parameters import Parameter
from ..flow.steps import of_flow, step_functions
from ..location import at_caller
from . import base
from .flows import FlowMutator, flow_kind, mutators
from .specs import Specifications, is_named, kind_of, specification
from .steps import StepMutator, UserStepDecoratorBase, step_kind


class MutableFlow(Specifications):
    IGNORE, ERROR, OVERRIDE = base.IGNORE, base.ERROR, base.OVERRIDE

    def __init__(self, flow, pre_mutate=False, statically_defined=False, inserted_by=None):
        self._flow_cls, self._pre_mutate = flow, pre_mutate
        self._statically_defined, self._inserted_by = statically_defined, inserted_by

    # Contents

    def _all(self):
        return [*of_flow(self._flow_cls), *mutators(self._flow_cls)]

    @property
    def configs(self):
        """Each config's name and value."""
        return ((name, config.value) for name, config in Config.known.items())

    @property
    def parameters(self):
        """Each parameter's attribute and the parameter."""
        return iter(list(parameters(self._flow_cls).items()))

    @property
    def steps(self):
        """Each step's name and the step."""
        return ((name, self._step(function)) for name, function in step_functions(self._flow_cls).items())

    def _step(self, function):
        return MutableStep(self._flow_cls, function, self._pre_mutate, self._statically_defined, self._inserted_by)

    def __getattr__(self, name):
        """Returns a step, a parameter or a config."""
        value = None if name.startswith("_") else getattr(self._flow_cls, name, None)
        if callable(value) and getattr(value, "is_step", False):
            return self._step(value)
        if isinstance(value, Config):
            return value.value
        if isinstance(value, (ConfigValue, Parameter)):
            return value
        raise AttributeError(f"the flow {self._flow_cls.__name__} has no step, parameter or config '{name}'")

    # Parameters

    def add_parameter(self, name, value, overwrite=False):
        """Gives the flow another parameter, in the attribute `name`."""
        self._check(f"adding the parameter '{name}'")
        if not isinstance(value, Parameter):
            raise DecoratorError(at_caller(f"add_parameter takes a Parameter or an IncludeFile, not {value!r}"))
        if hasattr(self._flow_cls, name) and not overwrite:
            raise DecoratorError(at_caller(
                f"the flow {self._flow_cls.__name__} has '{name}' already; add_parameter(…, overwrite=True) takes its place"))
        setattr(self._flow_cls, name, value)

    def remove_parameter(self, parameter_name):
        """Removes the parameter with this name from its attribute. Returns true if there was one."""
        self._check(f"removing the parameter '{parameter_name}'")
        for attribute, parameter in self.parameters:
            if parameter.name == parameter_name:
                for base in self._flow_cls.__mro__:
                    if vars(base).get(attribute) is parameter:
                        delattr(base, attribute)
                return True
        return False

    # Decorators

    def add_decorator(self, deco_type, deco_args=None, deco_kwargs=None, duplicates=IGNORE):
        """Adds a decorator: `add_decorator(project, deco_kwargs={"name": "p"})`, `add_decorator("project:name=p")`.

        Returns it, or None if `duplicates` leaves another one of its kind in its place. An added mutator is called
        after the others.
        """
        if duplicates not in (self.IGNORE, self.ERROR, self.OVERRIDE):
            raise ValueError(f"duplicates is {duplicates!r}; there are IGNORE, ERROR and OVERRIDE")
        kind, text = kind_of(deco_type, flow_kind, FLOW_DECORATORS, FlowMutator)
        arguments, options = list(deco_args or []), dict(deco_kwargs or {})
        self._check(f"adding the decorator {getattr(kind, 'decorator_name', kind.name)}")
        if text and (arguments or options):
            raise DecoratorError(at_caller("a decorator's arguments are given in its text or as deco_args and deco_kwargs, not in both"))
        if issubclass(kind, FlowMutator):
            return self._add_mutator(kind.parse_decorator_spec(text) if text else kind(*arguments, **options), duplicates)
        if arguments:
            raise DecoratorError(at_caller(f"@{kind.name}: options are given by name"))
        return self._add_ours(kind, parse_options(text, deco_type) if text else options, duplicates)

    def _add_ours(self, kind, options, duplicates):
        flow = self._flow_cls
        there = list(of_flow(flow))
        if any(each.name == kind.name for each in there) and not kind.is_repeatable:
            if not self._replaces(f"@{kind.name}", duplicates):
                return None
            there = [each for each in there if each.name != kind.name]
        decorator = kind.added(options, self._statically_defined, self._inserted_by)
        # The position of the highest decorator in the source.
        flow._flow_decorators = [decorator, *there]
        return decorator

    def _add_mutator(self, mutator, duplicates):
        there = mutators(self._flow_cls)
        if any(each.decorator_name == mutator.decorator_name for each in there):
            if not self._replaces(f"@{mutator.name}", duplicates):
                return None
            # Changes the list itself, which the caller iterates over.
            there[:] = [each for each in there if each.decorator_name != mutator.decorator_name]
        mutator.statically_defined, mutator.inserted_by = self._statically_defined, self._inserted_by
        mutator._flow_cls = self._flow_cls
        mutator.external_init()
        there.append(mutator)
        return mutator

    def _replaces(self, name, duplicates):
        if duplicates == self.ERROR and self._statically_defined:
            raise DecoratorError(at_caller(f"the flow {self._flow_cls.__name__} has the decorator {name} already"))
        return duplicates == self.OVERRIDE

    def remove_decorator(self, deco_name, deco_args=None, deco_kwargs=None):
        """Removes the decorators of that name, or only those with these arguments. Returns true if there were any."""
        self._check(f"removing the decorator {deco_name}")
        if any(is_named(specification(each), deco_name) for each in mutators(self._flow_cls)):
            raise DecoratorError(at_caller(f"{deco_name} is a mutator, which cannot be removed: it has its turn in any case"))
        takes_all, given = deco_args is None and deco_kwargs is None, (list(deco_args or []), dict(deco_kwargs or {}))
        there = list(of_flow(self._flow_cls))
        kept = [each for each in there if each.name != deco_name or not (takes_all or each.get_args_kwargs() == given)]
        self._flow_cls._flow_decorators = kept
        return len(kept) < len(there)

    def _check(self, what):
        if not self._pre_mutate:
            raise DecoratorError(at_caller(
                f"{what} is for the method pre_mutate, and not for mutate ({' from '.join(self._inserted_by or [])})"))


class MutableStep(Specifications):
    IGNORE, ERROR, OVERRIDE = base.IGNORE, base.ERROR, base.OVERRIDE

    def __init__(self, flow, step, pre_mutate=False, statically_defined=False, inserted_by=None):
        self._flow_cls, self._my_step, self._pre_mutate = flow, step, pre_mutate
        self._statically_defined, self._inserted_by = statically_defined, inserted_by

    @property
    def flow(self):
        """The flow that the step belongs to."""
        return MutableFlow(self._flow_cls, self._pre_mutate, self._statically_defined, self._inserted_by)

    def _all(self):
        made = [*self._my_step.wrappers, *self._my_step.config_decorators]
        return [*self._my_step.decorators, *dict.fromkeys(made)]

    def add_decorator(self, deco_type, deco_args=None, deco_kwargs=None, duplicates=IGNORE):
        """Adds a decorator: `add_decorator(retry, deco_kwargs={"times": 2})`, `add_decorator("retry:times=2")`.

        Returns it, or None if `duplicates` leaves another one of its kind in its place. Options with their default
        values count as not given.
        """
        if duplicates not in (self.IGNORE, self.ERROR, self.OVERRIDE):
            raise ValueError(f"duplicates is {duplicates!r}; there are IGNORE, ERROR and OVERRIDE")
        kind, text = kind_of(deco_type, step_kind, STEP_DECORATORS, UserStepDecoratorBase)
        arguments, options = list(deco_args or []), dict(deco_kwargs or {})
        if text and (arguments or options):
            raise DecoratorError(at_caller("a decorator's arguments are given in its text or as deco_args and deco_kwargs, not in both"))
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
