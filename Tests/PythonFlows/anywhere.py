from metaflow import FlowSpec, catch, step


class AnywhereFlow(FlowSpec):
    """@catch on steps that branch, join and end."""

    @catch(var="first")
    @step
    def start(self):
        self.before = 1
        if self.before:
            raise ValueError("at the start")
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @catch(var="joining")
    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @catch(var="last")
    @step
    def end(self):
        print("anywhere:", self.before, self.joining, self.first.type, self.first.exception)
        self.after = 2
        raise RuntimeError("at the end")


if __name__ == "__main__":
    AnywhereFlow()
