"""Artifacts that a step had set before it failed are stored."""
import sys
import threading

from metaflow import FlowSpec, catch, current, parallel, retry, step


class PartialFlow(FlowSpec):
    @step
    def start(self):
        self.given = "given"
        self.next(self.work)

    @catch(var="problem", print_exception=False)
    @step
    def work(self):
        self.found = 41
        self.lock = threading.Lock()
        raise ValueError("halfway")
        self.next(self.again)

    @catch(var="again_problem", print_exception=False)
    @retry(times=1)
    @step
    def again(self):
        self.attempt = current.retry_count
        if current.retry_count == 0:
            self.first = True
        sys.exit("enough")
        self.next(self.unkept)

    @catch(var="unkept_problem", print_exception=False)
    @step
    def unkept(self):
        self.kept = [1]
        self.given = threading.Lock()
        self.next(self.many)

    @step
    def many(self):
        self.next(self.nodes, num_parallel=2)

    @catch(var="node_problem", print_exception=False)
    @parallel
    @step
    def nodes(self):
        self.node = current.parallel.node_index
        current.parallel.barrier()
        if self.node == 1:
            raise KeyError("node")
        threading.Event().wait()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.nodes_found = [getattr(each, "node", None) for each in inputs]
        self.merge_artifacts(inputs, exclude=["node", "node_problem"])
        self.next(self.end)

    @step
    def end(self):
        print(
            "partial:", self.found, self.problem.type, self.problem.exception, "|", hasattr(self, "lock"), self.attempt, hasattr(self, "first"), self.again_problem.code,
            "|", self.kept, hasattr(self, "given"), self.unkept_problem.code, "|", self.nodes_found)
        self.last = 7
        raise RuntimeError("the end fails too")


if __name__ == "__main__":
    PartialFlow()
