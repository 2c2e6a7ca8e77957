"""`current`: the running task's identity, and the requests that it can send to its agent."""

from collections import namedtuple

from ..arguments import texts
from ..flow.steps import of_flow
from ..running import running


_Parallel = namedtuple("Parallel", ["main_ip", "num_nodes", "node_index", "control_task_id"])


class Parallel(_Parallel):
    """This node's place in its gang."""

    def launch(self, arguments, environment=None, nodes="all"):
        """Runs a program on the gang's nodes and returns when it has ended.

        nodes: `all`, `control`, or the index of one. Every node calls it with the same arguments.
        """
        _task().agent.launch(
            "parallel", {"arguments": texts(arguments), "environment": environment or {}, "nodes": nodes})

    def barrier(self):
        """Returns when every node of the gang has called it."""
        _task().agent.ask({"barrier": {}})


class Current:
    """The object `current`. Outside of a step the names of the run and the task are None, and other properties raise."""

    def __init__(self):
        self._state = running

    def __contains__(self, name):
        return getattr(self, name, None) is not None

    def get(self, name, default=None):
        value = getattr(self, name, None)
        return default if value is None else value

    @property
    def is_running_flow(self):
        return self._state.task is not None

    def _attempt(self, field):
        return self._state.task and self._state.task.description["attempt"][field]

    # Identity

    flow_name = property(lambda self: self._attempt("flow"))
    run_id = property(lambda self: self._attempt("run"))
    step_name = property(lambda self: self._attempt("step"))
    retry_count = property(lambda self: self._attempt("attempt"))
    task_id = property(lambda self: self._state.told("taskID"))
    origin_run_id = property(lambda self: self._state.told("originRun"))
    username = property(lambda self: self._state.told("user"))

    @property
    def tags(self):
        """The tags that the run was started with."""
        return set(_task().description.get("tags") or ())

    @property
    def pathspec(self):
        return self._state.task and f"{self.flow_name}/{self.run_id}/{self.step_name}/{self.task_id}"

    @property
    def namespace(self):
        return self._state.namespace

    @property
    def task(self):
        if self._state.task is None:
            return None
        from ..client import Task
        return Task(self.pathspec, _namespace_check=False)

    @property
    def run(self):
        if self._state.task is None:
            return None
        from ..client import Run
        return Run(f"{self.flow_name}/{self.run_id}", _namespace_check=False)

    @property
    def parameter_names(self):
        from ..flow.members import configs, parameters
        flow = _task().flow_class
        return sorted([*parameters(flow), *configs(flow)])

    @property
    def graph(self):
        """The flow's steps and transitions as plain values."""
        from ..flow.dag import description
        return description(_task().flow_class)

    @property
    def tempdir(self):
        """A folder on this node that is removed when the attempt ends."""
        return _task().description["temporaryFolder"]

    trigger = None

    # The gang

    @property
    def is_parallel(self):
        return _task().is_gang

    @property
    def parallel(self):
        task = _task()
        if not task.is_gang:
            raise AttributeError(f"step {task.step} is no gang, so there is no current.parallel; put @parallel on it")
        place = task.description["parallel"]
        return Parallel(place["controlAddress"], place["nodes"], place["index"], place["controlTaskID"])

    # Frameworks

    @property
    def torch(self):
        return self._framework("torchrun", "Torch", "torch")

    @property
    def deepspeed(self):
        return self._framework("deepspeed", "DeepSpeed", "deepspeed")

    @property
    def mpi(self):
        return self._framework("mpi", "MPI", "mpi")

    def _framework(self, decorator, kind, attribute):
        from . import frameworks
        task = _task()
        if all(each.name != decorator for each in task.function.decorators):
            raise AttributeError(f"step {task.step} has no @{decorator}, so there is no current.{attribute}; put it on the step")
        return getattr(frameworks, kind)(task.agent)

    @property
    def ray_storage_path(self):
        """A folder in the store for Ray's files, one for each attempt.

        In a step without @metaflow_ray it is the folder of the step before it, or else the only one of the run.
        """
        from . import ray_storage
        task = _task()
        if any(each.name == "metaflow_ray" for each in task.function.decorators):
            return ray_storage.of_attempt(task.description["attempt"])
        return ray_storage.of_earlier_step(task.description)

    @property
    def checkpoint(self):
        task = _task()
        if task.checkpoint is None:
            raise AttributeError(f"step {task.step} has no @checkpoint, so there is no current.checkpoint; put it on the step")
        return task.checkpoint

    # The project

    def _project(self, index):
        # Defaults of parameters may ask for the project while the flow is described.
        for decorator in of_flow(self._state.flow or _task().flow_class):
            if decorator.name == "project":
                return decorator.identity()[index]
        raise AttributeError("the flow has no @project")

    project_name = property(lambda self: self._project(0))
    branch_name = property(lambda self: self._project(1))
    is_production = property(lambda self: self._project(2))

    @property
    def is_user_branch(self):
        """True for a branch of a user's own, which is neither named nor production."""
        return self._project(3)

    @property
    def project_flow_name(self):
        return f"{self.project_name}.{self.branch_name}.{self._state.flow.__name__}"

    # The card

    @property
    def card(self):
        task = _task()
        if all(each.name != "card" for each in task.function.decorators):
            raise AttributeError(f"step {task.step} has no @card, so there is no current.card; put @card on it")
        if task.cards is None:
            from ..cards.collection import Cards
            task.cards = Cards(task)
        return task.cards


def _task():
    if running.task is None:
        raise AttributeError("no step runs in this process, so there is no such thing in `current`")
    return running.task


current = Current()
