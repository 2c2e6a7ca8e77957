"""A gang that fails, and begins its second attempt with the checkpoint that the nodes of the first have saved together."""

import os

from metaflow import FlowSpec, checkpoint, current, parallel, retry, step


class CheckpointsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=2)

    @retry(times=1)
    @checkpoint
    @parallel
    @step
    def train(self):
        node = current.parallel.node_index
        self.seen = (node, current.checkpoint.is_loaded, sorted(os.listdir(current.checkpoint.directory)))
        if current.retry_count == 0:
            with open(f"{current.checkpoint.directory}/shard{node}", "w") as file:
                file.write(str(node))
            current.checkpoint.save(metadata={"node": node})
            current.parallel.barrier()
            if node == 0:
                raise ValueError("the first attempt fails")
            current.parallel.barrier()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.other)

    @checkpoint(load_policy="none")
    @step
    def other(self):
        self.saved = current.checkpoint.save(name="last")
        self.next(self.end)

    @step
    def end(self):
        print("checkpoints:", self.seen, self.saved["name"])


if __name__ == "__main__":
    CheckpointsFlow()
