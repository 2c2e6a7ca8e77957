"""First and last steps of other names, and functions that are called after the run."""

from metaflow import FlowSpec, Parameter, exit_hook, step


def failing():
    raise ValueError("a hook that fails")


def succeeded(run):
    print(f"hook: {run.successful} {run.finished} {run.data.x} {run.end_task.pathspec.split('/')[2]}")


def plain():
    print("hook: plain")


def failed(run):
    print(f"hook: {run.successful} {run.finished} {[each.id for each in run]}")


@exit_hook(on_success=[failing, "succeeded"], on_error=[failed])
@exit_hook(on_success=[plain])
class HooksFlow(FlowSpec):
    fail = Parameter("fail", default=False)

    @step(start=True)
    def first(self):
        self.x = 1
        if self.fail:
            raise ValueError("the step fails")
        self.next(self.last)

    @step(end=True)
    def last(self):
        pass


if __name__ == "__main__":
    HooksFlow()
