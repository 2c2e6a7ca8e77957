import unittest

from support import Workshop, flow

MADE = '''
from metaflow import *

@user_step_decorator
def told(step_name, flow, inputs, attributes):
    flow.trail = [f"{step_name} begins {attributes} {None if inputs is None else len(inputs)}"]
    yield
    flow.trail = flow.trail + ["ends"]

@user_step_decorator
def swallowing(step_name, flow, inputs):
    try:
        yield
    except Exception as error:
        flow.swallowed = repr(error)

@user_step_decorator
def skipping(step_name, flow, inputs, attributes):
    yield attributes.get("next", USER_SKIP_STEP)

@user_step_decorator
def silent(step_name, flow, inputs):
    if False:
        yield

@user_step_decorator
def replacing(step_name, flow, inputs):
    def other(flow, inputs=None):
        flow.replaced = True
        return True
    yield other

class Outer(UserStepDecorator):
    def pre_step(self, step_name, flow, inputs=None):
        flow.order = ["outer begins"]
    def post_step(self, step_name, flow, exception=None):
        flow.order = flow.order + [f"outer ends {exception!r}"]
        return exception

class Inner(UserStepDecorator):
    def pre_step(self, step_name, flow, inputs=None):
        flow.order = flow.order + ["inner begins"]
    def post_step(self, step_name, flow, exception=None):
        flow.order = flow.order + [f"inner ends {exception!r}"]
        return KeyError("another") if exception else None

class Skip(UserStepDecorator):
    def pre_step(self, step_name, flow, inputs=None):
        self.skip_step = True
'''


def made(body, decorators=""):
    return MADE + flow(body).replace("from metaflow import *\n", "").replace("class TestFlow", f"{decorators}\nclass TestFlow")


class AroundStepsTests(unittest.TestCase):
    """Decorators that run around a step's body behave as under Metaflow."""

    def step(self, decorators, line="self.next(self.end)", **more):
        workshop = Workshop(made(f"{decorators}\n@step\ndef start(self):\n    self.ran = True\n    self.items = [1, 2]\n    {line}"))
        self.addCleanup(workshop.__exit__)
        return workshop.step("start", **more)

    def test_a_generator_runs_before_and_after_the_body(self):
        outcome = self.step("@told(by='me')")
        self.assertEqual(outcome.transition, {"step": {"to": "end"}})
        self.assertEqual(outcome.value("trail"), ["start begins {'by': 'me'} None", "ends"])
        self.assertTrue(outcome.value("ran"))

    def test_a_join_gives_its_inputs(self):
        body = "@step\ndef start(self): self.next(self.end)\n@told\n@step\ndef join(self, inputs): self.next(self.end)"
        with Workshop(made(body)) as workshop:
            start = workshop.step("start")
            self.assertEqual(workshop.step("join", inputs=[start, start]).value("trail")[0], "join begins {} 2")

    def test_the_outermost_begins_first_and_ends_last_and_each_may_raise_another_exception(self):
        outcome = self.step("@Outer\n@Inner", "raise ValueError('x')")
        self.assertIn("KeyError: 'another'", outcome.error)
        self.assertEqual(outcome.value("order"), [
            "outer begins", "inner begins", "inner ends ValueError('x')", "outer ends KeyError('another')"])

    def test_an_exception_that_is_kept_lets_the_step_go_on_as_its_source_says(self):
        outcome = self.step("@swallowing", "raise ValueError('x')\n    self.next(self.end, foreach='items')")
        self.assertEqual(outcome.transition, {"foreach": {"to": "end", "count": 2}})
        self.assertEqual(outcome.value("swallowed"), "ValueError('x')")

    def test_a_step_is_skipped_by_a_dict_by_saying_nothing_and_by_skip_step(self):
        for decorator in ("@skipping", "@silent", "@Skip"):
            outcome = self.step(decorator)
            self.assertEqual(outcome.transition, {"step": {"to": "end"}})
            self.assertNotIn("ran", outcome.references)

    def test_what_self_next_is_given_can_be_changed(self):
        body = "@skipping(next={'foreach': 'few'})\n@step\ndef start(self):\n    self.next(self.end, foreach='items')"
        with Workshop(made(body).replace("class TestFlow(FlowSpec):", "class TestFlow(FlowSpec):\n    few = [7, 8, 9]")) as workshop:
            self.assertEqual(workshop.step("start").transition, {"foreach": {"to": "end", "count": 3}})

    def test_a_function_stands_in_for_the_body(self):
        outcome = self.step("@replacing")
        self.assertEqual(outcome.transition, {"step": {"to": "end"}})
        self.assertNotIn("ran", outcome.references)
        self.assertTrue(outcome.value("replaced"))

    def test_a_skipped_choice_is_made_where_the_source_shows_its_cases(self):
        outcome = self.step("@replacing", "self.next({True: self.end}, condition='replaced')")
        self.assertEqual(outcome.transition, {"step": {"to": "end"}})
        outcome = self.step("@replacing", "self.next({len(''): self.end}, condition='replaced')")
        self.assertIn("whose choice its source does not show", outcome.error)

    def test_a_wrong_use_is_said_with_its_line(self):
        for decorator, message in {
                "@told(3)": "@__main__.told: it takes no arguments without a name",
                "@Outer(by=1)": "it is used with arguments and has no method init(self, …)"}.items():
            with self.subTest(decorator):
                outcome = self.step(decorator)
                self.assertEqual(outcome.code, 1)
                self.assertRegex(outcome.errors, r"^flow\.py:\d+: ")
                self.assertIn(message, outcome.errors)
                self.assertNotIn("Traceback", outcome.errors)


MUTATORS = '''
class Step(StepMutator):
    def init(self, *words, **more):
        self.given = (words, more)
    def pre_mutate(self, step):
        step.add_decorator("retry:times=2")
        step.add_decorator(environment, deco_kwargs={"vars": {"GIVEN": str(self.given)}}, duplicates=step.OVERRIDE)
    def mutate(self, step):
        print(step.has_decorator("retry"), [each[0] for each in step.decorator_specs])

class Whole(FlowMutator):
    def pre_mutate(self, flow):
        print(list(flow.configs), [name for name, _ in flow.parameters], flow.cfg.word)
        flow.add_parameter("more", Parameter("more", default=5))
        flow.remove_parameter("fewer")
        flow.add_decorator(project, deco_kwargs={"name": "demo"})
        flow.add_decorator("Second")
        flow.start.add_decorator("told", deco_kwargs={"by": "flow"})

class Second(FlowMutator):
    def pre_mutate(self, flow):
        print("second", flow.has_decorator("project"))
    def mutate(self, flow):
        flow.end.add_decorator(retry, deco_kwargs={"times": 1})
'''

BODY = '''
cfg = Config("cfg", default_value={"word": "w"})
fewer = Parameter("fewer", default=1)
@Step(1, config_expr("cfg.word"), z=2)
@environment(vars={"OLD": "1"})
@step
def start(self):
    self.seen = (os.environ.get("GIVEN"), self.more, current.project_name)
    self.next(self.end)
'''


class MutatorTests(unittest.TestCase):
    def workshop(self, mutators=MUTATORS, body=BODY, decorators="@Whole"):
        source = made(body, decorators).replace("class Outer", mutators + "\nclass Outer", 1).replace("from metaflow", "import os\nfrom metaflow", 1)
        workshop = Workshop(source)
        self.addCleanup(workshop.__exit__)
        return workshop

    def test_mutators_change_decorators_parameters_and_the_flow(self):
        workshop = self.workshop()
        done = workshop.call("describe")
        self.assertEqual(done.stderr.splitlines(), [
            "[('cfg', {'word': 'w'})] ['fewer'] w", "second True", "True ['retry', 'environment', 'told', 'Step']"])
        manifest = workshop.describe()
        self.assertEqual([each["name"] for each in manifest["parameters"]], ["more"])
        self.assertEqual([each["name"] for each in manifest["decorators"]], ["project", "Whole", "Second"])
        start, end = manifest["steps"]
        self.assertEqual(start["settings"]["retry"]["times"], 2)
        self.assertEqual(start["settings"]["environment"], {"GIVEN": "((1, 'w'), {'z': 2})"})
        self.assertEqual(end["settings"]["retry"], {"times": 1, "minutesBetween": 0})
        front = manifest["program"][3:]
        outcome = workshop.step("start", parameters={"more": "6"}, front=front)
        self.assertEqual(outcome.value("seen")[1:], (6, "demo"))
        self.assertEqual(outcome.value("trail")[0], "start begins {'by': 'flow'} None")

    def test_mutators_of_a_base_come_first_and_those_nearest_to_the_class_next(self):
        mutators = "class Say(FlowMutator):\n    def init(self, word): self.word = word\n    def pre_mutate(self, flow): print(self.word)\n"
        body = "@step\ndef start(self): self.next(self.end)"
        workshop = self.workshop(mutators + "@Say(1)\nclass Base(FlowSpec): pass\n", body, "@Say(3)\n@Say(2)")
        with open(workshop.file) as file:
            source = file.read()
        with open(workshop.file, "w") as file:
            file.write(source.replace("class TestFlow(FlowSpec)", "class TestFlow(Base)"))
        self.assertEqual(workshop.call("describe").stderr, "1\n2\n3\n")

    def test_one_class_can_be_a_mutator_and_run_around_its_step(self):
        mutators = """
class Both(StepMutator, UserStepDecorator):
    def init(self, *words, **more): self.given = (words, more)
    def pre_mutate(self, step): print([each[0] for each in step.decorator_specs])
    def pre_step(self, step_name, flow, inputs=None): flow.both = self.given
"""
        workshop = self.workshop(mutators, "@Both(1, b=2)\n@step\ndef start(self): self.next(self.end)", "")
        self.assertEqual(workshop.call("describe").stderr, "['Both']\n")
        self.assertEqual(workshop.step("start").value("both"), ((1,), {"b": 2}))

    def test_with_brings_a_users_decorator_to_every_step_that_lacks_it(self):
        workshop = self.workshop("", "@told(by='source')\n@step\ndef start(self): self.next(self.end)", "")
        front = ["--with", "told:by=command"]
        names = {each["name"]: each["decorators"] for each in workshop.describe(*front)["steps"]}
        self.assertEqual(names["start"], [{"name": "told", "options": {"by": "source"}}])
        self.assertEqual(names["end"], [{"name": "told", "options": {"by": "command"}}])

    def test_what_is_too_late_twice_or_unknown_is_refused_in_one_line(self):
        cases = {
            "mutate: flow.add_parameter('x', Parameter('x'))":
                "adding the parameter 'x' is for the method pre_mutate, and not for mutate (__main__.Wrong)",
            "pre_mutate: flow.add_decorator('projec')": "there is no decorator @projec; did you mean project?",
            "pre_mutate: flow.add_parameter('start', Parameter('x'))": "has 'start' already",
            "pre_mutate: flow.start.add_decorator('retry', duplicates=flow.ERROR)": "step start has the decorator @retry already",
            "pre_mutate: flow.start.add_decorator(project)": "add_decorator takes a decorator of the same kind",
            "pre_mutate: flow.remove_decorator('Wrong')": "Wrong is a mutator, which cannot be removed",
        }
        for case, message in cases.items():
            with self.subTest(case):
                method, _, line = case.partition(": ")
                workshop = self.workshop(
                    f"class Wrong(FlowMutator):\n    def {method}(self, flow): {line}\n",
                    "@retry\n@step\ndef start(self): self.next(self.end)", "@Wrong")
                done = workshop.call("describe")
                self.assertEqual(done.returncode, 1)
                self.assertIn(message, done.stderr)
                self.assertNotIn("muster/", done.stderr)

    def test_decorators_are_found_by_name_and_arguments_and_removed(self):
        mutators = '''
class Change(StepMutator):
    def pre_mutate(self, step):
        print(step.get_decorator_specs("retry"), step.remove_decorator("retry", [], {"times": 1}), step.remove_decorator("told"))
        (_, _, arguments, options), = step.get_decorator_specs("retry")
        print(step.remove_decorator("retry", arguments, options), step.remove_decorator("retry"))
        step.add_decorator("retry", deco_kwargs=options)
'''
        body = "@Change\n@told\n@retry(times=2)\n@step\ndef start(self): self.next(self.end)"
        workshop = self.workshop(mutators, body, "")
        lines = workshop.call("describe").stderr.splitlines()
        self.assertTrue(lines[0].endswith("{'times': 2, 'minutes_between_retries': 2})] False True"), lines)
        self.assertEqual(lines[1], "True False")
        start = workshop.describe()["steps"][0]
        # Metaflow's default of two minutes, which is not written.
        self.assertEqual(start["settings"]["retry"], {"times": 2, "minutesBetween": 0})
        self.assertEqual([each["name"] for each in start["decorators"]], ["retry", "Change"])


if __name__ == "__main__":
    unittest.main()
