import os

from metaflow import FlowSpec, Parameter, catch, current, parallel, pytorch_parallel, retry, step


class GangsFlow(FlowSpec):
    """Gangs in a foreach: with one node, retried, caught, and reused by a later run."""

    nodes = Parameter("nodes", default=2)
    gate = Parameter("gate", default="", help="Where it is given, the run fails after its gangs until this file is there.")

    @step
    def start(self):
        self.sizes = [1, 3]
        self.next(self.size, foreach="sizes")

    @step
    def size(self):
        self.count = self.input
        self.next(self.team, num_parallel=self.count)

    @retry(times=1)
    @parallel
    @step
    def team(self):
        place = current.parallel
        assert current.is_parallel and self.index == self.input == place.node_index
        names = ("MAIN_IP", "NUM_NODES", "NODE_INDEX", "CONTROL_TASK_ID")
        assert [os.environ[f"MF_PARALLEL_{name}"] for name in names] == [str(each) for each in place]
        print(f"node {place.node_index} of {place.num_nodes}, attempt {current.retry_count}")
        if current.retry_count == 0 and self.count == 3 and self.index == 1:
            raise ValueError("the first time")
        self.place = (self.count, current.retry_count, self.index)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.places = [each.place for each in inputs]
        self.next(self.together)

    @step
    def together(self, inputs):
        self.places = [place for each in inputs for place in each.places]
        if self.gate and not os.path.exists(self.gate):
            raise ValueError("the gate is shut")
        self.next(self.workers, num_parallel=self.nodes)

    @catch(var="failure")
    @pytorch_parallel(master_port=5000)
    @step
    def workers(self):
        names = ("MASTER_PORT", "NODE_RANK", "WORLD_SIZE", "NUM_NODES", "PL_TORCH_DISTRIBUTED_BACKEND")
        assert [os.environ[name] for name in names] == ["5000", str(self.index), "2", "2", "gloo"]
        assert os.environ["MASTER_ADDR"] == current.parallel.main_ip
        if self.index == 1:
            raise KeyError("a worker")
        self.next(self.caught)

    @step
    def caught(self, inputs):
        self.failures = {each.failure.type for each in inputs}
        self.merge_artifacts(inputs, include=["places"])
        self.next(self.end)

    @step
    def end(self):
        team = current.run["team"]
        assert sorted(task.stdout for task in team if task.index == 2) == ["node 2 of 3, attempt 1\n"]
        assert len(list(team.control_tasks())) == 2
        world = current.run["workers"].control_task.metadata_dict["parallel-world-size"]
        print("gangs:", self.places, self.failures, world)


if __name__ == "__main__":
    GangsFlow()
