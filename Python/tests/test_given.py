import contextlib
import json
import os
import sqlite3
import unittest
from unittest import mock

from support import Workshop, flow

START = "@step\ndef start(self):\n    {}\n    self.next(self.end)\n"


# The end of the message about a package of @conda that cannot be installed.
FROM_PYPI = (
    "@conda takes packages from PyPI, under PyPI's names (conda's pytorch is torch): take the name or version that PyPI "
    "has; install what is no Python package (compilers, CUDA) on the machine and leave it out; or make the environment "
    "with conda yourself, and start the flow with its python and --environment local")


class ParameterTests(unittest.TestCase):
    def parameters(self, lines):
        with Workshop(flow(lines + "\n" + START.format("pass"))) as workshop:
            return {each["name"]: each for each in workshop.describe()["parameters"]}

    def refusal(self, line):
        with Workshop(flow(line + "\n" + START.format("pass"))) as workshop:
            done = workshop.call("describe")
            self.assertEqual(done.returncode, 1)
            return done.stderr

    def test_the_type_is_the_default_s_or_the_one_that_is_named(self):
        found = self.parameters(
            "a = Parameter('a', default=1)\nb = Parameter('b', default=1.0, help='A number.')\nc = Parameter('c', default=True)\n"
            "d = Parameter('d', default='x')\ne = Parameter('e', type=JSONType, default='[1]')\nf = Parameter('f', type=float)\n"
            "g = Parameter('g', required=True)\nh = Parameter('h', default={'x': 1})\ni = Parameter('i', default='a,b', separator=',')\n"
            "j = IncludeFile('j', default='x.txt')\nk = Parameter('k', type=int, default=lambda: 7)\n"
            "l = Parameter('l', type=str, default=lambda context: context.flow_name)\n"
            "m = Parameter('long_name', default=1)\nn = Parameter('n', default=2, required=True)")
        kinds = {name: next(iter(each["kind"])) for name, each in found.items()}
        self.assertEqual(kinds, {
            "a": "int", "b": "double", "c": "bool", "d": "string", "e": "json", "f": "double", "g": "string", "h": "json",
            "i": "string", "j": "file", "k": "int", "l": "string", "long_name": "int", "n": "int"})
        self.assertEqual(
            {name: each["defaultValue"] for name, each in found.items() if "defaultValue" in each},
            {"a": "1", "b": "1.0", "c": "true", "d": "x", "e": "[1]", "f": None, "h": '{"x": 1}', "i": "a,b", "j": "x.txt",
             "k": "7", "l": "TestFlow", "long_name": "1", "n": "2"})
        self.assertEqual(
            {name: each["artifact"] for name, each in found.items() if "artifact" in each},
            {"i": {"name": "i", "separator": ","}, "j": {"name": "j", "encoding": "utf-8"}, "long_name": {"name": "m"}})
        self.assertEqual((found["b"]["help"], found["b"]["location"]), ("A number.", {"file": "flow.py", "line": 6}))

    def test_a_wrong_parameter_is_named_with_its_line(self):
        for line, expected in {
            "a = Parameter('a', defautl=1)": "flow.py:5: Parameter 'a' has no option 'defautl'",
            "a = Parameter('a', type=set)": "has the type <class 'set'>",
            "a = Parameter('a', default='x', type=int)": "the default 'x' of Parameter 'a' is no int",
            "a = Parameter('a', default=1, separator=',')": "has a separator, so its type has to be str",
            "a = Parameter('a', default=object)": "of Parameter 'a' is no string: it is no text",
        }.items():
            with self.subTest(line):
                self.assertIn(expected, self.refusal(line))

    def test_values_arrive_as_their_type_and_cannot_be_set(self):
        body = (
            "rate = Parameter('learning_rate', default=1.0)\nnames = Parameter('names', default='a', separator=',')\n"
            + START.format("self.seen = (self.rate, type(self.rate).__name__, self.names)"))
        with Workshop(flow(body)) as workshop:
            outcome = workshop.step("start", parameters={"learning_rate": "2", "names": "x,y"})
            self.assertEqual(outcome.value("seen"), (2.0, "float", ["x", "y"]))
        with Workshop(flow("a = Parameter('a', default=1)\n" + START.format("setattr(self, 'a', 2)"))) as workshop:
            self.assertIn("self.a is a parameter and cannot be set", workshop.step("start", parameters={"a": "1"}).error)

    def test_defaults_and_texts_of_every_type_arrive_as_under_metaflow(self):
        cases = [
            ("type=int, default='5'", "5", None), ("type=bool, default='false'", "False", None), ("type=str, default=5", "5", None),
            ("type=int, default=5.7", "5", None), ("type=float, default=3", "3.0", None), ("default=(1, 2)", "(1, 2)", None),
            ("default={1: 2}", "{1: 2}", None), ("type=JSONType, default={1: (2,)}", "{1: (2,)}", None),
            ("default=[1.0, 2]", "[1.0, 2]", None), ("default=10 ** 30", str(10 ** 30), None), ("default=True", "True", None),
            ("type=JSONType, default='{\"b\": 1.0, \"a\": NaN}'", "{'b': 1.0, 'a': nan}", None),
            ("default=2, required=True", "2", None), ("type=float, default='nan'", "nan", None), ("type=bool, default='t'", "True", None),
            ("default=float('inf')", "inf", None), ("default=-0.0", "-0.0", None), ("default='', separator=','", "''", None),
            ("type=str, default=lambda context: context.ds_type", "'local'", None), ("default=None, type=JSONType", "None", None),
            ("default=1.0", "inf", "1e400"), ("default=1.0", "0.1", "0.10"), ("default=1.0", "-0.0", "-0.0"),
            ("default=1", "123456789012345678901234567890", "123456789012345678901234567890"),
            ("type=JSONType", "{'b': 1.0, 'a': [-0.0, inf, 123456789012345678901]}", '{"b": 1.0, "a": [-0.0, Infinity, 123456789012345678901]}'),
            ("type=JSONType", "'a'", '"a"'), ("type=JSONType", "None", "null"), ("default='x'", "'1.0'", "1.0"),
        ]
        for options, expected, given in cases:
            body = f"a = Parameter('a', {options})\n" + START.format("self.seen = repr(self.a)")
            with self.subTest(options, given=given), Workshop(flow(body)) as workshop:
                text = workshop.describe()["parameters"][0].get("defaultValue") if given is None else given
                self.assertEqual(workshop.step("start", parameters={"a": text}).value("seen"), expected)

    def test_a_default_that_no_text_can_say_is_refused_with_its_place(self):
        for options in ("default=float('nan'), type=int", "default='\\ud800'", "type=JSONType, default='[1'", "type=bool, default='maybe'"):
            with self.subTest(options):
                self.assertIn("flow.py:5: the default", self.refusal(f"a = Parameter('a', {options})"))

    def test_a_file_s_parser_makes_what_steps_see(self):
        body = (
            "a = IncludeFile('a', False, True, 'latin-1', 'Words.', words, default='a.txt')\n"
            "b = IncludeFile('b', default='b.txt', parser='json.loads')\nc = IncludeFile('c', parser=words)\n"
            + START.format("self.seen = (self.a, self.b, self.c)"))
        source = flow(body).replace("class TestFlow", "def words(text):\n    return text.split()\n\n\nclass TestFlow")
        with Workshop(source) as workshop:
            self.assertEqual(workshop.describe()["parameters"][0]["help"], "Words.")

            def given(b):
                for name, content in (("a", b"caf\xe9 two"), ("b", b)):
                    workshop.agent.files[name] = os.path.join(workshop.folder, name)
                    with open(workshop.agent.files[name], "wb") as file:
                        file.write(content)
                parameters = {name: json.dumps({"digest": name, "size": 1, "encoding": "data"}) for name in "ab"}
                return workshop.step("start", parameters={**parameters, "c": None})
            self.assertEqual(given(b"[1]").value("seen"), (["café", "two"], [1], None))
            self.assertIn("flow.py:10: the file of 'b' cannot be parsed: JSONDecodeError", given(b"[1").error)

    def test_setting_a_parameter_where_it_may_be_caught_raises_there_and_then(self):
        body = (
            "b = Parameter('b', default=1)\n@step\ndef start(self):\n    try:\n        self.b = 2\n"
            "    except AttributeError as error:\n        self.said = str(error)\n    if self.b == 2:\n        self.b = 3\n"
            "    self.next(self.end)\n")
        with Workshop(flow(body)) as workshop:
            manifest = workshop.describe()
            self.assertEqual((manifest["problems"], "b" in manifest["artifacts"]), ([], False))
            outcome = workshop.step("start", parameters={"b": "1"})
            self.assertIn("is a parameter and cannot be set", outcome.value("said"))
            self.assertNotIn("b", outcome.references)

    def test_setting_a_parameter_is_seen_in_the_source(self):
        with Workshop(flow("a = Parameter('a', default=1)\n" + START.format("self.a = 2"))) as workshop:
            self.assertEqual(workshop.problems(), ["8: step start sets self.a, which is a parameter; keep its value in another name"])


class ConfigTests(unittest.TestCase):
    BODY = (
        "settings = Config('settings', default='settings.json')\n\n@resources(cpu=settings.cpu)\n"
        "@environment(vars={'A': config_expr('settings.name')})\n" + START.format("self.seen = self.settings.name"))

    def test_decorators_and_steps_see_the_same_config_wherever_it_came_from(self):
        with Workshop(flow(self.BODY), settings_json='{"cpu": 2, "name": "file"}') as workshop:
            for front, name in (((), "file"), (("--config-value", "settings", '{"cpu": 2, "name": "given"}'), "given")):
                manifest = workshop.describe(*front)
                settings = manifest["steps"][0]["settings"]
                self.assertEqual((settings["resources"]["cpu"], settings["environment"]), (2, {"A": name}))
                kept = manifest["program"][3:]
                self.assertEqual(json.loads(kept[kept.index("settings") + 1])["name"], name)
                self.assertEqual(workshop.step("start", front=kept).value("seen"), name)

    def test_a_long_config_is_whole_in_every_step_and_one_that_is_too_long_is_refused(self):
        body = "c = Config('c', default='c.json')\n" + START.format("self.seen = self.c")
        content = {"ä" * 10: "ä" * 200_000, "x": 1.0}
        with Workshop(flow(body), c_json=json.dumps(content, ensure_ascii=False)) as workshop:
            front = workshop.describe()["program"][3:]
            self.assertEqual(workshop.step("start", front=front).value("seen"), content)
        with Workshop(flow(body), c_json=json.dumps("x" * 1_600_000)) as workshop:
            self.assertIn("the flow's configs have 16", workshop.call("describe").stderr)

    def test_a_config_that_is_not_there_says_how_to_give_it(self):
        with Workshop(flow(self.BODY)) as workshop:
            self.assertIn("give another file with --config settings FILE", workshop.call("describe").stderr)

    def test_a_default_can_be_a_function_and_a_parser_makes_of_a_text_what_it_likes(self):
        body = (
            "a = Config('a', default_value=lambda context: {'flow': context.flow_name, 'config': context.parameter_name})\n"
            "b = Config('b', default=lambda context: context.parameter_name + '.txt', parser=words, plain=True)\n"
            "c = Config('c', default_value='[1]', plain=True)\n"
            "d = Config('d', default_value='x=1', parser='lines.read')\n"
            "p = Parameter('p', type=str, default=lambda context: context.configs.a.flow + context.configs.d.x)\n"
            + START.format("self.seen = (self.a, self.b, self.c, self.d.x)"))
        source = flow(body).replace("class TestFlow", "def words(text):\n    return text.split()\n\n\nclass TestFlow")
        lines = "def read(text):\n    return dict(each.split('=') for each in text.split())\n"
        with Workshop(source, b_txt="one two", lines_py=lines) as workshop:
            manifest = workshop.describe()
            self.assertEqual(manifest["parameters"][0]["defaultValue"], "TestFlow1")
            outcome = workshop.step("start", front=manifest["program"][3:])
            self.assertEqual(
                outcome.value("seen"), ({"flow": "TestFlow", "config": "a"}, ["one", "two"], "[1]", "1"))

    def test_an_expression_has_what_its_module_has_and_can_be_written_as_a_path(self):
        head = "import json\n\n\ndef double(value):\n    return value * 2\n\n\n@project(**config_expr('c').project)\nclass TestFlow"
        body = (
            "c = Config('c', default_value={'n': 2, 'key': 'n', 'project': {'name': 'demo'}, 'list': [{'x': 4}], 'vars': {'D': 'd'}})\n"
            "@environment(vars={'A': config_expr('double(max(c.n, 1))'), 'B': config_expr('json.dumps(c.list)'), "
            "'C': config_expr('c')[config_expr('c').key]})\n@retry(times=config_expr('c').list[0].x)\n"
            + START.format("pass") + "@environment(vars=config_expr('c').vars)\n@step\ndef other(self):\n    self.next(self.end)\n")
        body = body.replace("self.next(self.end)", "self.next(self.other)", 1)
        with Workshop(flow(body).replace("class TestFlow", head)) as workshop:
            manifest = workshop.describe()
            start, other = (each["settings"] for each in manifest["steps"][:2])
            self.assertEqual(start["environment"], {"A": "4", "B": '[{"x": 4}]', "C": "2"})
            self.assertEqual((start["retry"]["times"], other["environment"]), (4, {"D": "d"}))
            self.assertEqual(manifest["decorators"][0]["options"]["name"], "demo")

    def test_an_expression_that_cannot_be_evaluated_is_named_with_its_line(self):
        body = "c = Config('c', default_value={})\n@retry(times=config_expr('c').times)\n" + START.format("pass")
        with Workshop(flow(body)) as workshop:
            self.assertIn("flow.py:6: config_expr('c').times: AttributeError", workshop.call("describe").stderr)

    def test_configs_come_from_variables_and_the_command_line_wins(self):
        with Workshop(flow(self.BODY), other_json='{"cpu": 3, "name": "other"}') as workshop:
            def name(*front, **environment):
                done = workshop.call("describe", front=front, environment=environment)
                self.assertEqual(done.returncode, 0, done.stderr)
                return json.loads(done.stdout)["steps"][0]["settings"]["environment"]["A"]
            value = '{"settings": {"cpu": 1, "name": "value"}}'
            self.assertEqual(name(METAFLOW_FLOW_CONFIG='{"settings": "other.json"}'), "other")
            self.assertEqual(name(METAFLOW_FLOW_CONFIG_VALUE=value), "value")
            given = ("--config-value", "settings", '{"cpu": 1, "name": "given"}')
            self.assertEqual(name(*given, METAFLOW_FLOW_CONFIG_VALUE=value), "given")

    def test_steps_see_what_was_settled_whatever_variables_say_by_then(self):
        body = "c = Config('c')\nd = Config('d', default_value={'x': 1})\n" + START.format("self.seen = (self.c, self.d)")
        with Workshop(flow(body), c_json="{}") as workshop, mock.patch.dict(os.environ, {"METAFLOW_FLOW_CONFIG": '{"c": "c.json"}'}):
            front = workshop.describe("--config", "d", "c.json")["program"][3:]
            self.assertEqual(workshop.step("start", front=front).value("seen"), (None, {}))

    RESUMED = (
        "c = Config('c', required=True)\nd = Config('d', default_value={'x': 1})\n"
        "p = Parameter('p', type=int, default=c.x + d.x)\n" + START.format("pass"))

    def resumed(self, workshop, run, *front):
        """The variable that `muster` sets when it resumes a run: the newest, or the given one."""
        return workshop.call("describe", front=front, environment={"MUSTER_RESUMES": run})

    def keep_run(self, workshop, run, *front):
        """Stores the run."""
        os.makedirs(workshop.store, exist_ok=True)
        with contextlib.closing(sqlite3.connect(os.path.join(workshop.store, "muster.db"))) as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, flow TEXT, run TEXT, created REAL, record BLOB, finished REAL, verdict TEXT)")
            manifest = workshop.describe(*front)
            record = json.dumps({"manifest": manifest, "program": manifest["program"]}).encode()
            database.execute("INSERT INTO runs (flow, run, created, record) VALUES ('TestFlow', ?, ?, ?)", (run, int(run), record))
            database.commit()

    def test_a_run_that_is_resumed_has_the_configs_of_the_run_that_it_goes_on_from(self):
        inherited = flow(self.RESUMED).replace("class TestFlow(FlowSpec)", "class Base(FlowSpec)").replace(
            "if __name__", "class TestFlow(Base):\n    e = Config('e', default_value='{}')\n\nif __name__").replace("Config('c', required=True)", "Config('c', default_value={'x': 0})")
        for source in (flow(self.RESUMED), inherited):
            with Workshop(source) as workshop:
                for run, x in (("7", 3), ("8", 5)):
                    self.keep_run(workshop, run, "--config-value", "c", f'{{"x": {x}}}', "--config-value", "d", '{"x": 4}')
                for run, total in (("", "9"), ("7", "7"), ("TestFlow/7", "7")):
                    done = self.resumed(workshop, run)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(json.loads(done.stdout)["parameters"][0]["defaultValue"], total)

    def test_configs_are_not_given_to_a_run_that_is_resumed(self):
        with Workshop(flow(self.RESUMED)) as workshop:
            self.keep_run(workshop, "7", "--config-value", "c", '{"x": 3}')
            done = self.resumed(workshop, "7", "--config-value", "c", '{"x": 5}')
            self.assertIn("a run that is resumed has the configs of the run that it continues", done.stderr)

    def test_a_config_that_the_flow_does_not_have_or_that_is_given_twice_is_refused(self):
        with Workshop(flow(self.BODY), settings_json='{"cpu": 2, "name": "file"}') as workshop:
            value = ("--config-value", "settings", "{}")
            for words, environment, said in (
                    (("--config-value", "setings", "{}"), {}, "has no config of this name; did you mean settings?"),
                    ((), {"METAFLOW_FLOW_CONFIG": '{"x": "y"}'}, "the flow has no config of this name"),
                    ((), {"METAFLOW_FLOW_CONFIG": "settings.json"}, "METAFLOW_FLOW_CONFIG has to be JSON"),
                    ((*value, "--config", "settings", "settings.json"), {}, "with --config and with --config-value; keep one")):
                with self.subTest(said):
                    done = workshop.call("describe", front=words, environment=environment)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(said, done.stderr)

    def test_a_config_cannot_be_changed(self):
        with Workshop(flow("c = Config('c', default_value={'x': 1})\n" + START.format("self.c['x'] = 2"))) as workshop:
            self.assertIn("a config cannot be changed", workshop.step("start").error)


class DecoratorTests(unittest.TestCase):
    def test_catch_on_every_step_leaves_out_those_whose_body_alone_says_how_the_flow_goes_on(self):
        body = (
            "@step\ndef start(self):\n    self.items = [1]\n    self.next(self.work, foreach='items')\n"
            "@step\ndef work(self):\n    self.next(self.join)\n"
            "@step\ndef join(self, inputs):\n    self.way = 1\n    self.next(self.choose)\n"
            "@step\ndef choose(self):\n    self.way = 1\n    self.next({1: self.fork, 2: self.end}, condition='way')\n"
            "@step\ndef fork(self):\n    self.next(self.left, self.right)\n@step\ndef left(self):\n    self.next(self.last)\n"
            "@step\ndef right(self):\n    self.next(self.last)\n@step\ndef last(self, inputs):\n    self.next(self.end)\n")
        with Workshop(flow(body)) as workshop:
            manifest = workshop.describe("--with", "catch")
            guarded = [each["name"] for each in manifest["steps"] if "catchInto" in each["settings"]]
            self.assertEqual(guarded, ["work", "join", "fork", "left", "right", "last", "end"])
            self.assertEqual(manifest["notes"], [
                "--with catch: it has no effect on start, choose, whose transition only the body can decide"])

    def step(self, decorators, front=(), head=""):
        body = f"{decorators}\n@step\ndef start(self): self.next(self.end)\n"
        with Workshop(flow(body).replace("class TestFlow", f"{head}\nclass TestFlow")) as workshop:
            manifest = workshop.describe(*front)
            return manifest, manifest["steps"][0]

    def settings(self, decorators, **options):
        return self.step(decorators, **options)[1]["settings"]

    def test_each_decorator_says_what_it_asks_for(self):
        resources = {"cpu": 1, "gpu": 0, "memory": 0}
        cases = {
            "@resources": {"resources": resources},
            "@resources(cpu='2', gpu=1, memory=4000)": {"resources": {"cpu": 2, "gpu": 1, "memory": 4000 << 20}},
            "@resources(cpu=2)\n@batch(cpu=1, memory=100)": {
                "resources": {"cpu": 2, "gpu": 0, "memory": 0}, "elsewhere": {"cpu": 1, "gpu": 0, "memory": 100 << 20},
                "place": {"name": "batch", "options": {}}},
            "@batch(gpu=1, image='x:1', queue='q', host_volumes=['/data'], efa=None)": {
                "elsewhere": {"cpu": 1, "gpu": 1, "memory": 0},
                "place": {"name": "batch", "options": {"image": "x:1", "queue": "q", "host_volumes": ["/data"]}}},
            "@kubernetes(cpu='0.5')": {"elsewhere": resources, "place": {"name": "kubernetes", "options": {}}},
            "@kubernetes(memory=100, image='x:1', secrets=['s'], compute_pool='p', hostname_resolution_timeout=10)": {
                "elsewhere": {"cpu": 1, "gpu": 0, "memory": 100 << 20},
                "place": {"name": "kubernetes", "options": {"image": "x:1", "secrets": ["s"]}}},
            "@slurm": {"place": {"name": "slurm", "options": {}}},
            "@slurm(partition='gpu', setup=['module load a'], exclusive=True)": {
                "place": {"name": "slurm", "options": {"partition": "gpu", "setup": ["module load a"], "exclusive": True}}},
            "@slurm(address='login', cpus_per_task=4, memory='8GB', run_time_limit=60)": {
                "elsewhere": {"cpu": 4, "gpu": 0, "memory": 8 << 30},
                "place": {"name": "slurm", "options": {"run_time_limit": 60}}},
            "@slurm(memory=100)": {
                "elsewhere": {"cpu": 1, "gpu": 0, "memory": 100 << 20}, "place": {"name": "slurm", "options": {}}},
            "@retry": {"retry": {"times": 3, "minutesBetween": 0}},
            "@retry(times=1, minutes_between_retries=0.5)": {"retry": {"times": 1, "minutesBetween": 0.5}},
            "@catch(var='failure')": {"catchInto": "failure"},
            "@catch": {"catchInto": "_caught"},
            "@timeout(seconds=30, minutes=1)": {"timeout": 90, "timeoutPatience": 10},
            "@environment(vars={'A': 1})": {"environment": {"A": "1"}},
            "@pypi(packages={'numpy': '2.0', 'torch': '>=2', 'x': ''}, python='3.11')":
                {"python": {"packages": ["numpy==2.0", "torch>=2", "x"], "python": "3.11"}},
            "@conda(packages={'a': '1'}, libraries={'b': '2'})": {"python": {"packages": ["a==1", "b==2"], "origin": FROM_PYPI}},
            "@parallel": {"isGang": True},
            "@torchrun(nproc_per_node=4)": {"isGang": True, "framework": {"name": "torchrun", "options": {"processesPerNode": 4}}},
        }
        plain = self.settings("")
        for decorators, expected in cases.items():
            with self.subTest(decorators):
                self.assertEqual(self.settings(decorators), {**plain, **expected})

    def test_options_are_recorded_with_metaflow_s_defaults(self):
        _, step = self.step("@retry\n@card(id='x')")
        self.assertEqual([each["name"] for each in step["decorators"]], ["retry", "card"])
        self.assertEqual(step["decorators"][0]["options"], {"times": 3, "minutes_between_retries": 2})
        self.assertEqual(step["decorators"][1]["options"]["timeout"], 45)

    def test_what_has_no_meaning_here_is_recorded(self):
        manifest, _ = self.step("@kubernetes(cpu=2, image='x', disk='1')", head="@schedule(daily=True)\n@trigger(event='e')")
        self.assertEqual([each["name"] for each in manifest["decorators"]], ["schedule", "trigger"])
        self.assertFalse(manifest.get("notes"))

    def test_what_slurm_does_not_need_is_noted_and_slurm_can_be_given_for_a_whole_run(self):
        manifest, step = self.step("@slurm(partition='gpu', time='1:00:00', address='login', cleanup=True)")
        self.assertEqual(
            manifest["notes"], ["@slurm: address, cleanup have no effect: sbatch is called directly"])
        _, step = self.step("", front=("--with", "slurm:partition=gpu,exclusive=true,queue_deadline=5"))
        self.assertEqual(step["settings"]["place"], {
            "name": "slurm", "options": {"partition": "gpu", "exclusive": True, "queue_deadline": 5}})

    def test_decorators_of_the_command_line_go_where_they_are_not_yet(self):
        self.assertEqual(
            self.settings("@retry(times=9)", front=("--with", "retry:times=2", "--with", "timeout:seconds=5"))["retry"]["times"], 9)
        settings = self.settings("", front=("--with", "retry:times=2,minutes_between_retries=0", "--with", 'environment:vars={"a":"b,c"}'))
        self.assertEqual((settings["retry"]["times"], settings["environment"]), (2, {"a": "b,c"}))

    def test_a_wrong_use_is_named_with_its_line(self):
        cases = {
            "@retry(tims=2)\n@step\ndef start(self): pass": "flow.py:5: @retry has no option 'tims'; did you mean times?",
            "@retry(2)\n@step\ndef start(self): pass": "flow.py:5: @retry: options are given by name",
            "@step\n@retry\ndef start(self): pass": "@retry: start is no step yet; write @retry above @step",
            "@retry\n@retry\n@step\ndef start(self): pass": "@retry: step start has it twice",
            "@schedule\n@step\ndef start(self): pass": "@schedule: it decorates flows, not steps",
            "@timeout\n@step\ndef start(self): pass": "@timeout: it needs seconds, minutes or hours",
            "@slurm(partiton='gpu')\n@step\ndef start(self): pass": "@slurm has no option 'partiton'; did you mean partition?",
            "@slurm(memory='8 apples')\n@step\ndef start(self): pass": "@slurm: memory has to be a number, not '8 apples'",
            "@slurm(time=5, run_time_limit=5)\n@step\ndef start(self): pass": "@slurm: time and run_time_limit say the same",
            "@resources(cpu='many')\n@step\ndef start(self): pass": "@resources: cpu has to be a number, not 'many'",
        }
        for body, expected in cases.items():
            with self.subTest(body), Workshop(flow(body)) as workshop:
                self.assertIn(expected, workshop.call("describe").stderr)

    def test_a_decorator_that_nobody_knows_is_named(self):
        with Workshop("from metaflow import FlowSpec, kubernets\n") as workshop:
            self.assertIn(
                "Muster, which provides metaflow here, has no 'kubernets'; did you mean kubernetes?",
                workshop.call("describe").stderr)
        with Workshop(flow(START.format("pass"))) as workshop:
            self.assertIn("there is no decorator @rety; did you mean retry?", workshop.call("describe", front=("--with", "rety")).stderr)


if __name__ == "__main__":
    unittest.main()
