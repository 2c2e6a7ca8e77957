import json
import os
import pickle

from metaflow import (
    Config, FlowSpec, Parameter, config_expr, current, environment, parallel_map, project, requirements_txt_parser, retry, step, timeout)
from metaflow.exception import MissingInMergeArtifactsException, UnhandledInMergeArtifactsException


def double(value):
    return value * 2


def pairs(text):
    return dict(each.split("=") for each in text.split())


@project(name=config_expr("settings").project.name, branch="there")
class LanguageFlow(FlowSpec):
    """Parts of Metaflow's language that have to mean the same under Muster."""

    settings = Config("settings", default_value={"project": {"name": "demo"}, "width": 2, "rows": [{"x": 4}], "retry": {"times": 4}, "vars": {"D": "d"}})
    made = Config("made", default_value=lambda context: {"flow": context.flow_name, "config": context.parameter_name})
    read = Config("read", default_value="a=1 b=2", parser=pairs)
    text = Config("text", default_value="[1]", plain=True)
    branch = Parameter("branch_there", type=str, default=lambda context: f"{current.project_name} {current.branch_name} {context.configs.made.flow}")
    count = Parameter("count", type=int, default=config_expr("settings.width + 1"))

    @environment(vars={"A": config_expr("double(max(settings.width, 1))"), "B": config_expr("json.dumps(settings.rows)")})
    @retry(times=config_expr("settings").retry.times, minutes_between_retries=0)
    @step
    def start(self):
        self.variables = (os.environ["A"], json.loads(os.environ["B"]))
        self.configs = (dict(self.made), self.read.b, self.text, self.settings.project.to_dict())
        self.project = (current.project_name, current.branch_name, current.project_flow_name, current.is_user_branch)
        self.graph = (self._graph.sorted_nodes, current.graph["graph_structure"], self._graph["gather"].in_funcs)
        try:
            self.count = 7
        except AttributeError:
            self.refused = True
        self.tags = isinstance(current.tags, set)
        self.rows = ["a", "b"]
        self.next(self.row, foreach="rows")

    @environment(vars=settings.vars)
    @step
    def row(self):
        self.variables = (self.variables, os.environ["D"])
        self.place = (self._current_step, [tuple(each) for each in self._foreach_stack])
        self.next(self.left, self.right)

    @timeout(seconds=1)
    @step
    def left(self):
        import time
        try:
            time.sleep(30)
        except Exception as error:
            self.interrupted = type(error).__name__
        self._side = 1
        self.next(self.gather)

    @step
    def right(self):
        self.way = "on"
        self.next(self.turn)

    @step
    def turn(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.refusals = []
        for options in ({}, {"include": ["nowhere"]}):
            try:
                self.merge_artifacts(inputs, **options)
            except (MissingInMergeArtifactsException, UnhandledInMergeArtifactsException) as error:
                self.refusals.append(error.artifact_names)
        self.merge_artifacts(inputs, exclude=["way"])
        self.sides = sorted((each._current_step, each.input, each.index) for each in inputs)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = [(each.input, each.index, each.place, each._side) for each in inputs]
        self.merge_artifacts(inputs, exclude=["place", "sides"])
        self.next(self.end)

    @step
    def end(self):
        task, run = pickle.loads(pickle.dumps((current.task, current.run)))
        factor = 3
        self.found = (
            task.pathspec == current.pathspec, run.id == current.run_id, parallel_map(lambda x: x * factor, [1, 2]),
            requirements_txt_parser("a==1\nb>=2")["packages"])
        print("language:", self.places, self.branch, self.count)


if __name__ == "__main__":
    LanguageFlow()
