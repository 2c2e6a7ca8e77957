"""`current`: who the running task is, and what it can ask for."""

import os
from collections import namedtuple

def _ray_storage(attempt):
    return os.path.join(os.environ["MUSTER_STORE"], "runs", attempt["flow"], attempt["run"], "ray-storage")


def _left_by_ray(description):
    """The folder of the last attempt of the one task that a step of this run used Ray in, the step's inputs first."""
    root, found = _ray_storage(description["attempt"]), {}
    for step in os.listdir(root) if os.path.isdir(root) else ():
        for task, attempt in (each.split(".") for each in os.listdir(os.path.join(root, step))):
            found[step, task] = max(found.get((step, task), 0), int(attempt))
    inputs = {(each["step"], each["taskID"].split("-")[0]) for each in description["inputs"]}
    places = inputs & set(found) or set(found)
    if len(places) != 1:
        raise AttributeError(
            f"there {'are several folders' if places else 'is no folder'} of Ray's that this step could mean; "
            "keep current.ray_storage_path as an artifact in the step with @metaflow_ray")
    (step, task), = places
    return os.path.join(root, step, f"{task}.{found[step, task]}")


_Parallel = namedtuple("Parallel", ["main_ip", "num_nodes", "node_index", "control_task_id"])


class Parallel(_Parallel):
    """This node's place in its gang."""

    def launch(self, arguments, environment=None, nodes="all"):
        """Runs a program on the gang's nodes, `all`, `control` or one by its index, and returns when it has ended.

        Every node calls it with the same arguments.
        """
        from .arguments import texts
        _running().agent.launch(
            "parallel", {"arguments": texts(arguments), "environment": environment or {}, "nodes": nodes})

    def barrier(self):
        """Returns when every node of the gang has come here."""
        _running().agent.ask({"barrier": {}})


class Current:
    """What a step body finds in `current`. Outside of a step nobody is running, and the names of who is are None."""

    def __init__(self):
        self._task = None
        self._card = None
        # The flow that is described: functions of its parameters may ask for its project.
        self._flow = None

    def _begin(self, task):
        self._task = task
        self._flow = task.flow_class
        self._card = None

    def _end(self):
        self._task = self._flow = self._card = None

    def _describe(self, flow):
        self._flow = flow

    def __contains__(self, name):
        return getattr(self, name, None) is not None

    def get(self, name, default=None):
        value = getattr(self, name, None)
        return default if value is None else value

    @property
    def is_running_flow(self):
        return self._task is not None

    def _attempt(self, field):
        return self._task and self._task.description["attempt"][field]

    def _told(self, field):
        return self._task and self._task.description.get(field)

    # Who

    flow_name = property(lambda self: self._attempt("flow"))
    run_id = property(lambda self: self._attempt("run"))
    step_name = property(lambda self: self._attempt("step"))
    retry_count = property(lambda self: self._attempt("attempt"))
    task_id = property(lambda self: self._told("taskID"))
    origin_run_id = property(lambda self: self._told("originRun"))
    username = property(lambda self: self._told("user"))

    @property
    def tags(self):
        """The tags that the run was started with."""
        return set(_running().description.get("tags") or ())

    @property
    def pathspec(self):
        return self._task and f"{self.flow_name}/{self.run_id}/{self.step_name}/{self.task_id}"

    @property
    def namespace(self):
        return self._task and (self._told("namespace") or f"user:{self.username}")

    @property
    def task(self):
        if self._task is None:
            return None
        from .client import Task
        return Task(self.pathspec, _namespace_check=False)

    @property
    def run(self):
        if self._task is None:
            return None
        from .client import Run
        return Run(f"{self.flow_name}/{self.run_id}", _namespace_check=False)

    @property
    def parameter_names(self):
        from .manifest import configs, parameters
        flow = _running().flow_class
        return sorted([*parameters(flow), *configs(flow)])

    @property
    def graph(self):
        """The flow's steps and how they follow each other, as plain values."""
        from .dag import description
        return description(_running().flow_class)

    @property
    def tempdir(self):
        """A folder of this node that goes when the attempt ends."""
        return _running().description["temporaryFolder"]

    trigger = None

    # The gang

    @property
    def is_parallel(self):
        return _running().is_gang

    @property
    def parallel(self):
        task = _running()
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
        task = _running()
        if all(each.name != decorator for each in task.function.decorators):
            raise AttributeError(f"step {task.step} has no @{decorator}, so there is no current.{attribute}; put it on the step")
        return getattr(frameworks, kind)(task.agent)

    @property
    def ray_storage_path(self):
        """A folder in the run's part of the store for what Ray keeps: an attempt's own.

        In a step without @metaflow_ray it is the one that the step before it has left, or the only one of the run.
        """
        task = _running()
        if any(each.name == "metaflow_ray" for each in task.function.decorators):
            attempt = task.description["attempt"]
            path = os.path.join(_ray_storage(attempt), attempt["step"], f"{attempt['task']}.{attempt['attempt']}")
            os.makedirs(path, exist_ok=True)
            return path
        return _left_by_ray(task.description)

    @property
    def checkpoint(self):
        task = _running()
        if task.checkpoint is None:
            raise AttributeError(f"step {task.step} has no @checkpoint, so there is no current.checkpoint; put it on the step")
        return task.checkpoint

    # The project

    def _project(self, index):
        from .decorators.base import of_flow
        for decorator in of_flow(self._flow or _running().flow_class):
            if decorator.name == "project":
                return decorator.identity()[index]
        raise AttributeError("the flow has no @project")

    project_name = property(lambda self: self._project(0))
    branch_name = property(lambda self: self._project(1))
    is_production = property(lambda self: self._project(2))

    @property
    def is_user_branch(self):
        """True if the branch is a user's own: neither named nor the production's."""
        return self._project(3)

    @property
    def project_flow_name(self):
        return f"{self.project_name}.{self.branch_name}.{self._flow.__name__}"

    # The card

    @property
    def card(self):
        task = _running()
        if all(each.name != "card" for each in task.function.decorators):
            raise AttributeError(f"step {task.step} has no @card, so there is no current.card; put @card on it")
        if self._card is None:
            from .cards.collection import Cards
            self._card = Cards(task)
        return self._card


def _running():
    if current._task is None:
        raise AttributeError("no step runs in this process, so there is no such thing in `current`")
    return current._task


current = Current()
