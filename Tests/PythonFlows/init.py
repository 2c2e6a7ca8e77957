from metaflow import FlowSpec, Parameter, step


class InitFlow(FlowSpec):
    """The flow's own constructor runs in every step, and the attributes that it sets first are the step's artifacts."""

    SIZE = 1
    given = Parameter("given", default=3)

    def __init__(self, *args, **kwargs):
        self.marker = "made by init"
        self.called = repr((args, kwargs))
        self.SIZE = 5
        super().__init__(*args, **kwargs)
        self.after = "a clone"

    @step
    def start(self):
        print("start sees", self.marker, self.called, hasattr(self, "after"), self.SIZE, self.given)
        self.marker = "changed by start"
        self.next(self.a, self.b)

    @step
    def a(self):
        print("a sees", self.marker)
        self.marker = "changed by a"
        self.next(self.join)

    @step
    def b(self):
        print("b sees", self.marker)
        self.next(self.join)

    @step
    def join(self, inputs):
        print("join sees", self.marker, sorted((each.marker, each.called, each.after) for each in inputs))
        self.next(self.end)

    @step
    def end(self):
        print("end sees", self.marker)


if __name__ == "__main__":
    InitFlow()
