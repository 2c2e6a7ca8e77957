"""Decorators that other packages derive from Metaflow's classes. Muster calls the hooks that belong to a step's
execution.

Hooks that belong to Metaflow's scheduler and code package are not called, which a run reports.
"""

import sys
from types import SimpleNamespace

from ..flow.steps import of_flow
from .base import STEP_DECORATORS, Decorator, apply_step_decorator
from .clusters import Parallel

CONTROL, WORKER = "ubf_control", "ubf_task"
# Hooks of Metaflow's scheduler, and the `_ctx` forms, which replace all others.
_NOT_CALLED = (
    "package_init", "add_to_package", "runtime_init", "runtime_task_created", "runtime_step_cli", "runtime_finished",
    "step_init_ctx", "package_init_ctx", "runtime_init_ctx", "runtime_task_created_ctx", "runtime_step_cli_ctx",
    "runtime_finished_ctx", "task_pre_step_ctx", "task_decorate_ctx", "task_step_completed_ctx", "task_finished_ctx", "flow_init_ctx")


class ForeignDecorator(Decorator):
    """The base of both kinds."""

    attributes = None
    allow_multiple = False

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls.is_repeatable = cls.allow_multiple

    def __init__(self, attributes=None, statically_defined=False, inserted_by=None):
        super().__init__(dict(attributes or {}))
        self.attributes = {**self.defaults, **self.written}
        self.statically_defined, self.inserted_by = statically_defined, inserted_by
        self._ran_init = False

    @property
    def options(self):
        from ..flow.expressions import resolve
        return resolve(self.attributes)

    def init(self):
        """Called once configs are read."""

    def external_init(self):
        if not self._ran_init:
            self.attributes = self.options
            self.init()
            self._ran_init = True

    def notes(self):
        own = {name for kind in type(self).__mro__ if not kind.__module__.startswith("muster.") for name in vars(kind)}
        missed = [name for name in _NOT_CALLED if name in own]
        return [f"@{self.name}: its hooks {', '.join(missed)} are not called"] if missed else []


class FlowDecorator(ForeignDecorator):
    """A decorator of flows. `flow_init` is called when the flow is read."""

    def flow_init(self, flow, graph, environment, flow_datastore, metadata, logger, echo, options):
        pass

    def begin(self, flow):
        self.external_init()
        self.flow_init(flow, _graph(flow), None, None, _Metadata(), _log, _log, {})


class StepDecorator(ForeignDecorator):
    """A decorator of steps."""

    IS_PARALLEL = False

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if cls.IS_PARALLEL and not hasattr(cls, "framework"):
            # The attribute marks the step as a gang.
            cls.framework = None
        if vars(cls).get("name"):
            STEP_DECORATORS.setdefault(cls.name, cls)

    # Hooks for subclasses, with Metaflow's parameters. Arguments without a counterpart here are None.

    def step_init(self, flow, graph, step_name, decorators, environment, flow_datastore, logger):
        pass

    def step_task_retry_count(self):
        return 0, 0

    def task_pre_step(
            self, step_name, task_datastore, metadata, run_id, task_id, flow, graph, retry_count, max_user_code_retries,
            ubf_context, inputs):
        pass

    def task_decorate(self, step_func, flow, graph, retry_count, max_user_code_retries, ubf_context):
        return step_func

    def task_post_step(self, step_name, flow, graph, retry_count, max_user_code_retries):
        pass

    def task_exception(self, exception, step_name, flow, graph, retry_count, max_user_code_retries):
        """Returns true to treat the step as succeeded."""

    def task_finished(self, step_name, flow, graph, is_task_ok, retry_count, max_user_code_retries):
        pass

    # Calls of the hooks

    def begin(self, flow, function):
        self.external_init()
        self.step_init(flow, _graph(flow), function.name, function.decorators, None, None, _log)

    def apply(self, settings):
        super().apply(settings)
        if self.IS_PARALLEL:
            settings["isGang"] = True
        times, _ = self.step_task_retry_count()
        settings["retry"]["times"] = 0 if times is None else max(times, settings["retry"]["times"])

    def prepare(self, task):
        attempt = task.description["attempt"]
        inputs = [SimpleNamespace(pathspec=f"{attempt['run']}/{each['step']}/{each['taskID']}") for each in task.description["inputs"]]
        self.task_pre_step(
            task.step, None, _Metadata(), attempt["run"], task.description["taskID"], task.flow, _graph(task.flow), *_attempts(task),
            _context(task), inputs)

    def decorated(self, task, body):
        inner = self.task_decorate(body, task.flow, _graph(task.flow), *_attempts(task), _context(task))

        def run(*arguments):
            try:
                inner(*arguments)
            except Exception as error:
                if not self.task_exception(error, task.step, task.flow, _graph(task.flow), *_attempts(task)):
                    raise
                from ..flow.departure import depart
                depart(task)
        return run

    def finish(self, task):
        self.task_post_step(task.step, task.flow, _graph(task.flow), *_attempts(task))
        self.task_finished(task.step, task.flow, _graph(task.flow), True, *_attempts(task))

    def failed(self, task, text):
        self.task_finished(task.step, task.flow, _graph(task.flow), False, *_attempts(task))


class ParallelDecorator(StepDecorator, Parallel):
    """A gang of another package: `setup_distributed_env` runs on every node, right before the step's body."""

    name = "parallel"
    IS_PARALLEL = True

    def task_decorate(self, step_func, flow, graph, retry_count, max_user_code_retries, ubf_context):
        def run(*arguments):
            self.setup_distributed_env(flow)
            step_func(*arguments)
        return run

    def setup_distributed_env(self, flow):
        """Sets up the communication between the nodes. Subclasses override it."""


def begin(flow, functions):
    """Calls the hooks of a flow that has been read."""
    for decorator in of_flow(flow):
        if isinstance(decorator, FlowDecorator):
            decorator.begin(flow)
    for function in functions.values():
        for decorator in function.decorators:
            if isinstance(decorator, StepDecorator):
                decorator.begin(flow, function)


def use_step_decorator(kind, *arguments, **options):
    """Applies a decorator's class: packages for Metaflow use `functools.partial(_base_step_decorator, kind)`."""
    return apply_step_decorator(kind)(*arguments, **options)


class _Metadata:
    """Accepts metadata that a decorator registers about its task, and drops it."""

    def register_metadata(self, run_id, step_name, task_id, metadata):
        pass


def _graph(flow):
    from ..flow.dag import of
    return of(flow if isinstance(flow, type) else type(flow))


def _attempts(task):
    """Returns the attempt's number, and 0 for the number of further attempts, which the step does not know."""
    return task.description["attempt"]["attempt"], 0


def _context(task):
    if not task.is_gang:
        return None
    return WORKER if task.node else CONTROL


def _log(text="", *_, **__):
    sys.stderr.write(f"{text}\n")
