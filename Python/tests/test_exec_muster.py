import contextlib
import io
import os
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401
from muster.arguments import flags, pairs, texts
from muster import muster_command
from muster.command_line import grammar, verbs
from muster.command_line.grammar import Refused
from muster.command_line.line import Line
from muster.command_line.translation import translate
from muster.commands import help
from muster.commands.performing import perform_line


class CommandTests(unittest.TestCase):
    def test_the_newest_build_around_the_package_is_taken(self):
        with tempfile.TemporaryDirectory() as root:
            builds = {}
            for configuration, built in (("release", 1), ("debug", 2)):
                folder = os.path.join(root, ".build", configuration)
                os.makedirs(folder)
                builds[configuration] = os.path.join(folder, "muster")
                with open(builds[configuration], "w"):
                    os.chmod(builds[configuration], 0o755)
                os.utime(builds[configuration], (built, built))
            with mock.patch.object(muster_command, "PACKAGE", os.path.join(root, "Python", "muster", "")), \
                    mock.patch("sys.executable", os.path.join(root, "bin", "python")), mock.patch.dict(os.environ):
                os.environ.pop("MUSTER_COMMAND", None)
                self.assertEqual(muster_command.command(), builds["debug"])
                os.utime(builds["release"], (3, 3))
                self.assertEqual(muster_command.command(), builds["release"])
                os.chmod(builds["release"], 0o644)
                self.assertEqual(muster_command.command(), builds["debug"])


class ExecMusterTests(unittest.TestCase):
    """Metaflow's arguments, and those that `muster` gets for them."""

    def test_every_verb_that_is_not_done_here_becomes_the_command_s_own(self):
        program = ["--program", "/f.py"]
        cases = {
            "run --alpha 0.5 --max-workers 4": ["run", *program, "--alpha", "0.5", "--max-workers", "4"],
            "--quiet --no-pylint --datastore=local --metadata local run": ["run", *program],
            "--with retry --config c c.json --environment pypi run --tag x": [
                "run", *program, "--with", "retry", "--flow-option=--config", "--flow-option=c", "--flow-option=c.json",
                "--flow-option=--environment", "--flow-option=pypi", "--tag", "x"],
            "--production --branch b check": [
                "check", *program, "--flow-option=--production", "--flow-option=--branch", "--flow-option=b"],
            "--datastore s3 --datastore-root s3://b/p run": ["run", *program, "--store", "s3://b/p"],
            "--datastore-root /s resume train --origin-run-id 12": [
                "resume", *program, "train", "--origin-run-id", "12", "--store", "/s"],
            "show": ["show", *program], "output-dot": ["show", "--dot", *program], "output-raw --json": ["show", "--json", *program],
            "logs 12/train/3 --node 1 --attempt 0": ["logs", "Flow/12/train/3", "--node", "1", "--attempt", "0"],
            "logs show --both 12/train --follow": ["logs", "Flow/12/train", "--follow"],
            "dump --max-value-size 100 12/train/3 --json": ["dump", "--max-value-size", "100", "Flow/12/train/3", "--json"],
            "dump Flow/latest/train/3 --json": ["dump", "Flow/latest/train/3", "--json"],
            "--with retry tag list --json 12": ["tag", "list", *program, "--with", "retry", "--json", "12"],
            "package --timeout 3 list --json": ["package", "list", *program, "--json"],
            "run --namespace= --alpha=a= --": ["run", *program, "--namespace", "", "--alpha=a=", "--"],
            "status 12": ["status", *program, "12"], "": ["check", *program],
        }
        for words, expected in cases.items():
            with self.subTest(words):
                self.assertTrue(Line(words.split()).is_native)
                self.assertEqual(translate(words.split(), "Flow", "/f.py"), expected)

    def test_variables_give_options_that_the_line_does_not(self):
        variables = {
            "METAFLOW_RUN_MAX_WORKERS": "3", "METAFLOW_RUN_TAGS": "a b", "METAFLOW_RESUME_TAGS": "c",
            "METAFLOW_DEFAULT_DECOSPECS": "retry"}
        with mock.patch.dict(os.environ, variables):
            self.assertEqual(
                translate(["run"], "F", "/f.py")[3:], ["--tag=a", "--tag=b", "--max-workers=3", "--with=retry"])
            self.assertEqual(
                translate("run --max-workers 4 --tag x".split(), "F", "/f.py")[3:],
                ["--with=retry", "--max-workers", "4", "--tag", "x"])
            self.assertEqual(translate(["resume"], "F", "/f.py")[3:], ["--tag=c", "--with=retry"])
        variables = {"METAFLOW_DATASTORE_ROOT": "/s", "METAFLOW_DECOSPECS": "retry catch", "METAFLOW_ENVIRONMENT": "pypi"}
        with mock.patch.dict(os.environ, variables):
            self.assertEqual(translate("--environment local --datastore-root=/t run".split(), "F", "/f.py")[3:], [
                "--flow-option=--environment", "--flow-option=local", "--with", "retry", "--with", "catch", "--store", "/t"])
            self.assertEqual(translate(["list"], "F", "/f.py")[-2:], ["--store", "/s"])
        with mock.patch.dict(os.environ, {"METAFLOW_METADATA": "service"}), self.assertRaises(Refused):
            translate(["run"], "F", "/f.py")
        with mock.patch.dict(os.environ, {"METAFLOW_QUIET": "1"}):
            self.assertEqual((Line(["show"]).front.is_quiet, Line(["--not-quiet", "show"]).front.is_quiet), (True, False))
        with mock.patch.dict(os.environ, {"METAFLOW_DUMP_MAX_VALUE_SIZE": "7", "METAFLOW_DUMP_PRIVATE": "true"}):
            given = Line(["dump", "1/a"]).given
            self.assertEqual((given.max_value_size, given.private), (7, True))

    def test_what_has_no_counterpart_is_named_with_what_there_is(self):
        cases = {
            "--metadata service run": "--metadata service is not supported: runs are recorded in a store on this machine; Muster knows --metadata local",
            "--datastore azure run": "Muster knows --datastore local and s3",
            "--datastore s3 run": "--datastore s3 needs a bucket",
            "--datastore s3 --datastore-root /s run": "--datastore s3 needs a bucket", "--environment uv run": "start the flow with `uv run`",
            "--environment condo run": "there are local, conda, pypi", "--mode spin run": "there is no spin",
            "argo-workflows create": "Muster deploys no flows", "spin start": "`resume STEP --origin-run-id RUN`",
            "card server": "there is no server of cards", "init": "a run needs no such call",
            "statsu": "there is no verb 'statsu'; did you mean status?", "tag replaec": "did you mean tag replace?",
            "--foo run": "--foo is not supported before the verb", "--with": "--with needs a value", "--config c": "a name and a value",
            "--no-pylint=1 run": "--no-pylint takes no value", "output-raw --dot": "output-raw has no option --dot",
        }
        for words, expected in cases.items():
            with self.subTest(words), self.assertRaises(Refused) as raised:
                translate(words.split(), "Flow", "/f.py")
            self.assertIn(expected, str(raised.exception))


class GrammarTests(unittest.TestCase):
    """Options take the values that belong to them, and nothing else is an argument."""

    def read(self, text):
        return Line(text.split()).given

    def test_a_value_is_never_an_argument(self):
        given = self.read("dump --max-value-size 100 12/train --private --no-private --include a,b")
        self.assertEqual((given.arguments, given.max_value_size, given.private, given.include), (["12/train"], 100, False, "a,b"))
        given = self.read("logs show 12/train/3 --attempt 0 --stderr")
        self.assertEqual((given.arguments, given.attempt, given.stderr, given.stdout, given.both), (["12/train/3"], 0, True, False, True))
        given = self.read("tag replace --add a --remove=b --add c --run-id 12")
        self.assertEqual((given.add, given.remove, given.run_id), (["a", "c"], ["b"], "12"))
        self.assertEqual(self.read("tag add --run-id 12 -- --odd").arguments, ["--odd"])
        self.assertEqual(self.read("card list").arguments, [])

    def test_what_does_not_fit_is_said_in_a_sentence(self):
        cases = {
            "dump": "dump needs RUN/STEP or RUN/STEP/TASK after it", "dump a b": "the argument 'b' is one too many",
            "dump a --max-value-size": "--max-value-size needs a value after it",
            "dump a --max-value-size many": "--max-value-size is 'many', and has to be a whole number",
            "dump a --privat": "dump has no option --privat; did you mean --private?",
            "dump a --private=yes": "--private takes no value", "card get": "card get needs STEP, RUN/STEP or RUN/STEP/TASK",
            "tag list --fast": "it has --run-id, --all, --my-runs, --hide-system-tags, --group-by-tag, --group-by-run",
        }
        for words, expected in cases.items():
            with self.subTest(words), self.assertRaises(Refused) as raised:
                self.read(words)
            self.assertIn(expected, str(raised.exception))

    def test_places_of_arguments(self):
        options = [grammar.value("--node", "K"), grammar.flag("--json")]
        self.assertEqual(grammar.without_options("--node 1 a --json b --node=2 c".split(), options), [2, 4, 6])


class HelpTests(unittest.TestCase):
    class Sample:
        """A flow with a documentation."""

    def shown(self, *words):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(perform_line(Line(words), self.Sample, "/here/flow.py"), 0)
        return output.getvalue()

    def test_the_flow_and_every_verb_are_on_one_page_of_ordinary_width(self):
        for words in (["--help"], ["-h"], ["help"], ["--no-pylint", "--help"]):
            page = self.shown(*words)
            self.assertIn("Usage: python flow.py", page)
            self.assertIn("Sample: A flow with a documentation.", page)
            for verb in verbs.VERBS:
                self.assertIn(f"\n  {verb.name}", page)
            self.assertLessEqual(max(map(len, page.splitlines())), help.WIDTH)

    def test_each_verb_shows_its_options_and_each_group_its_verbs(self):
        page = self.shown("dump", "1/a", "--help")
        for text in ("python flow.py dump PATH [OPTION …]", "--private / --no-private", "--max-value-size N", "`muster dump --help`"):
            self.assertIn(text, page)
        for words, text in ((("tag", "list", "--help"), "--flat"), (("package",), "--timeout"), (("output-raw", "--help"), "--json"), (("check", "--help"), "--warnings")):
            self.assertIn(text, self.shown(*words))
        for words in (["tag"], ["tag", "--help"]):
            self.assertIn("tag replace", self.shown(*words))


class ArgumentTests(unittest.TestCase):
    def test_dicts_become_flags_and_lists_stay(self):
        self.assertEqual(flags({"a": 1, "b": "", "c": None, "--d": "x y", "e": "--f"}), ["--a", "1", "--b", "--c", "--d", "x y", "--e", "--f"])
        self.assertEqual(flags(["-x", 1, ""]), ["-x", "1", ""])
        self.assertEqual((flags(None), flags({}), texts(None)), ([], [], []))

    def test_a_list_of_pairs_alternates_and_one_of_flags_does_not(self):
        self.assertEqual(pairs(["a", 1, "b", ""]), ["--a", "1", "--b"])
        self.assertEqual(pairs(["--a", "b", "c"]), ["--a", "b", "c"])
        with self.assertRaisesRegex(ValueError, "ends with the name b"):
            pairs(["a", 1, "b"])

    def test_a_text_is_no_list_of_arguments(self):
        with self.assertRaises(TypeError):
            texts("-n 2")


if __name__ == "__main__":
    unittest.main()
