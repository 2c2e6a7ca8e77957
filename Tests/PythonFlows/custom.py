"""Decorators that the flow defines, on all kinds of transitions."""

from metaflow import (
    USER_SKIP_STEP, Config, FlowMutator, FlowSpec, Parameter, StepMutator, UserStepDecorator, config_expr, current, environment, step,
    user_step_decorator)


@user_step_decorator
def log(step_name, flow, inputs, attributes):
    before = getattr(flow, "trail", []) if inputs is None else []
    flow.trail = [*before, f"{step_name} begins {attributes}"]
    yield
    flow.trail = [*flow.trail, f"{step_name} ends"]


@user_step_decorator
def skip(step_name, flow, inputs):
    flow.skipped = step_name
    yield USER_SKIP_STEP


@user_step_decorator
def narrow(step_name, flow, inputs):
    flow.few = [7, 8]
    yield {"foreach": "few"}


@user_step_decorator
def replace(step_name, flow, inputs):
    def other(flow, inputs):
        flow.merge_artifacts(inputs)
        flow.replaced = step_name
        return True
    yield other


class Swallow(UserStepDecorator):
    def post_step(self, step_name, flow, exception=None):
        flow.swallowed = repr(exception)


class Variables(StepMutator):
    def init(self, *words, **more):
        self.given = f"{words} {more}"

    def pre_mutate(self, mutable_step):
        mutable_step.add_decorator("retry:times=1")
        mutable_step.add_decorator(
            environment, deco_kwargs={"vars": {"GIVEN": self.given}}, duplicates=mutable_step.OVERRIDE)


class Whole(FlowMutator):
    def init(self, which):
        self.which = which

    def pre_mutate(self, mutable_flow):
        mutable_flow.add_parameter("extra", Parameter("extra", default=5))
        mutable_flow.add_decorator("project:name=demo")
        for name, mutable_step in mutable_flow.steps:
            if name == self.which:
                mutable_step.add_decorator("log", deco_kwargs={"by": "flow"})


@Whole(config_expr("cfg.which"))
class CustomFlow(FlowSpec):
    cfg = Config("cfg", default_value='{"which": "variables", "deep": {"b": 3}}')

    @log(x=1)
    @step
    def start(self):
        self.items = [1, 2, 3]
        self.next(self.failing)

    @Swallow
    @step
    def failing(self):
        self.before = 1
        raise ValueError("x")
        self.next(self.variables)

    @Variables(1, config_expr("cfg.deep.b"), Z="z")
    @environment(vars={"OLD": "1"})
    @step
    def variables(self):
        import os
        self.seen = (os.environ.get("GIVEN"), os.environ.get("OLD"), self.extra, current.project_name)
        self.next(self.narrowed)

    @narrow
    @step
    def narrowed(self):
        self.next(self.skipped_one, foreach="items")

    @skip
    @log
    @step
    def skipped_one(self):
        self.never = 1
        self.next(self.join)

    @replace
    @step
    def join(self, inputs):
        self.next(self.end)

    @log
    @step
    def end(self):
        print(self.trail, self.swallowed, self.seen)


if __name__ == "__main__":
    CustomFlow()
