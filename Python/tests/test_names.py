import os
import subprocess
import sys
import unittest

from support import PACKAGE, Workshop, flow

IMPORTS = """
import metaflow.client.core
import metaflow.plugins.datatools.s3.s3
from metaflow import metaflow_current, metaflow_version, parallel_imap_unordered, parallel_map, profile, S3
from metaflow.exception import (
    ExternalCommandFailed, MetaflowException, MetaflowNotFound, MissingInMergeArtifactsException,
    UnhandledInMergeArtifactsException)
from metaflow.plugins.pypi.parsers import requirements_txt_parser
from metaflow.plugins.timeout_decorator import TimeoutException
from metaflow.user_configs.config_parameters import ConfigValue
"""
START = "@step\ndef start(self):\n    self.seen = {}\n    self.next(self.end)\n"


class NameTests(unittest.TestCase):
    def seen(self, expression, body=START):
        with Workshop("import metaflow\n" + IMPORTS + flow(body.format(expression))) as workshop:
            outcome = workshop.step("start")
            return outcome.value("seen") if outcome.code == 0 else outcome.error

    def test_names_and_modules_are_found_where_metaflow_has_them(self):
        self.assertEqual(
            self.seen(
                "(metaflow_current.current is current, metaflow.client.core.Run is metaflow.Run, metaflow.parameters.Parameter is Parameter, "
                "metaflow.metaflow_config.DEFAULT_DATASTORE, issubclass(MetaflowNotFound, metaflow.exception.MetaflowException), "
                "isinstance(ExternalCommandFailed('x'), MetaflowException), metaflow_version.get_version().split('+')[0] == metaflow.__version__)"),
            (True, True, True, "local", True, True, True))

    def test_a_name_that_a_module_does_not_have_is_named_with_the_module(self):
        done = subprocess.run(
            [sys.executable, "-c", "import metaflow\nfrom metaflow.multicore_utils import parallel_mop"], capture_output=True,
            text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join([os.path.join(PACKAGE, "shim"), os.path.dirname(PACKAGE)])})
        self.assertIn("Muster, which provides metaflow.multicore_utils here, has no 'parallel_mop'; did you mean parallel_map?", done.stderr)

    def test_s3_and_its_errors_are_found_where_metaflow_has_them(self):
        self.assertEqual(
            self.seen("(S3.__name__, metaflow.plugins.datatools.s3.S3 is S3, issubclass("
                      "metaflow.plugins.datatools.s3.s3.MetaflowS3NotFound, metaflow.exception.MetaflowException))"),
            ("S3", True, True))
        self.assertIn("name a place in METAFLOW_DATATOOLS_S3ROOT", self.seen("S3(run=self)"))

    def test_a_function_is_called_in_processes_of_its_own_and_results_keep_their_order(self):
        self.assertEqual(
            self.seen("(parallel_map(lambda x: (x * 2, os.getpid() == SELF), range(20), max_parallel=3), "
                      "sorted(parallel_imap_unordered(lambda x: 'y' * x, [300000, 1])) == ['y', 'y' * 300000], parallel_map(abs, []))",
                      "SELF = 0\n" + START.replace("self.seen", "global SELF\n    SELF = os.getpid()\n    self.seen")),
            ([(2 * each, False) for each in range(20)], True, []))

    def test_a_function_that_fails_or_dies_is_told_and_no_process_is_left(self):
        for function, said in (("lambda x: 1 / x", "has failed for value 1"), ("lambda x: x or os.kill(os.getpid(), 9)", "was ended by signal 9")):
            body = START.replace("self.seen = {}", f"self.seen = parallel_map({function}, [1, 0])")
            with self.subTest(said), Workshop(IMPORTS + flow(body)) as workshop:
                outcome = workshop.step("start")
                self.assertIn(said, outcome.error)
                self.assertNotIn("multicore.py", outcome.errors)

    def test_events_are_named_in_the_project_and_published_nowhere(self):
        head = "@project(name='demo', branch='b')\n@trigger(event=namespaced_event_name('ready'))\nclass TestFlow"
        body = START.replace("self.seen = {}", (
            "from metaflow.integrations import ArgoEvent\n    event = ArgoEvent(namespaced_event_name('done'), payload={'a': 'b'})\n"
            "    event.add_to_payload('c', 1).safe_publish()\n    event.publish()\n    self.seen = (event.name, event.payload)"))
        with Workshop(flow(body).replace("class TestFlow", head)) as workshop:
            trigger = next(each for each in workshop.describe()["decorators"] if each["name"] == "trigger")
            self.assertEqual(trigger["options"]["event"], "mfns.demo.test.b.ready")
            outcome = workshop.step("start")
            self.assertEqual(outcome.value("seen"), ("mfns.demo.test.b.done", {"a": "b", "c": "1"}))
            self.assertEqual(outcome.errors, "the event mfns.demo.test.b.done is not published: there is no service for events here\n")

    def test_a_part_is_profiled(self):
        body = (
            "@step\ndef start(self):\n    self.seen = {}\n    for each in range(2):\n        with profile('part', stats_dict=self.seen):\n"
            "            import time; time.sleep(0.01)\n    with profile('told'):\n        pass\n    self.next(self.end)\n")
        with Workshop(IMPORTS + flow(body)) as workshop:
            outcome = workshop.step("start")
            self.assertGreaterEqual(outcome.value("seen")["part"], 20)
            self.assertIn("PROFILE: told completed in", outcome.output)


class ParserTests(unittest.TestCase):
    def test_lists_of_packages_are_read_as_pypi_and_conda_take_them(self):
        from muster.flow.parsers import conda_environment_yml_parser, requirements_txt_parser
        self.assertEqual(
            requirements_txt_parser("a==1\npython>=3.9,<4\nb[x,y]>=2 # c\n\n# d\nlib @ git+https://x/y\nc\nd ~= 2.1\n"),
            {"packages": {"a": "1", "b[x,y]": ">=2", "lib@git+https://x/y": "", "c": "", "d": "~=2.1"}, "python": "<4,>=3.9"})
        self.assertEqual(
            conda_environment_yml_parser("name: x\nchannels:\n  - a\ndependencies:\n  - python=3.9\n  - numpy=1.2 # k\n  - b>=2\n"),
            {"packages": {"numpy": "1.2", "b": ">=2"}, "python": "3.9"})

    @unittest.skipIf(sys.version_info < (3, 11), "tomllib")
    def test_a_project_s_dependencies_are_read(self):
        from muster.flow.parsers import pyproject_toml_parser
        self.assertEqual(
            pyproject_toml_parser('[project]\nrequires-python = ">=3.9"\ndependencies = ["a==1", "b[c] ~= 2.1"]\n'),
            {"packages": {"a": "1", "b[c]": "~=2.1"}, "python": ">=3.9"})

    def test_what_cannot_be_read_is_named(self):
        from muster.flow.parsers import ParserValueError, conda_environment_yml_parser, requirements_txt_parser
        for parser, text, said in (
                (requirements_txt_parser, "a==1; sys_platform == 'linux'", "counts in some places only"),
                (requirements_txt_parser, "-r other.txt", "'-r other.txt' is no requirement"),
                (requirements_txt_parser, "python==3.9\npython==3.10", "the version of Python is there already"),
                (conda_environment_yml_parser, "dependencies:\n  - pip:\n", "'pip:' in environment.yml")):
            with self.subTest(text), self.assertRaisesRegex(ParserValueError, said.replace("(", r"\(")):
                parser(text)


if __name__ == "__main__":
    unittest.main()
