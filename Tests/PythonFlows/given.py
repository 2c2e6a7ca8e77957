from metaflow import Config, FlowSpec, IncludeFile, JSONType, Parameter, config_expr, current, environment, project, step, resources


def tomorrow(context):
    return f"{context.flow_name}-{context.parameter_name}"


@project(name=config_expr("settings.project"))
class GivenFlow(FlowSpec):
    """Everything that a user can give to a run."""

    settings = Config("settings", default="settings.json")
    count = Parameter("count", default=3, type=int)
    rate = Parameter("learning_rate", default=1.0)
    wide = Parameter("wide", default=False)
    names = Parameter("names", default="a,b", separator=",")
    shape = Parameter("shape", type=JSONType, default='{"layers": [1, 2]}')
    made = Parameter("made", type=str, default=tomorrow)
    label = Parameter("label", default=None)
    text = IncludeFile("text", default="note.txt", help="A note.")
    raw = IncludeFile("raw", required=False, is_text=False)

    @environment(vars={"COLOUR": config_expr("settings.colour")})
    @resources(cpu=settings.cpu)
    @step
    def start(self):
        import os
        self.seen = [
            self.count, self.rate, self.wide, self.names, self.shape, self.made, self.label, self.text.strip(),
            self.raw, os.environ["COLOUR"], self.settings.nested.deep, current.project_name]
        self.tags = sorted(current.tags)
        self.next(self.end)

    @step
    def end(self):
        print("given:", self.seen, self.tags, type(self.rate).__name__)


if __name__ == "__main__":
    GivenFlow()
