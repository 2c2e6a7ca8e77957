import unittest

import support  # noqa: F401
from muster.arguments import flags, pairs, texts
from muster.handover import Refused, translate


class HandoverTests(unittest.TestCase):
    """Arguments as Metaflow has them, and what `muster` gets for them."""

    def test_every_verb_becomes_the_command_s_own(self):
        program = ["--program", "/f.py"]
        cases = {
            "run --alpha 0.5 --max-workers 4": ["run", *program, "--alpha", "0.5", "--max-workers", "4"],
            "--quiet --no-pylint --datastore=local --metadata local run": ["run", *program],
            "--with retry --config c c.json --environment pypi run --tag x": [
                "run", *program, "--with", "retry", "--flow-option=--config", "--flow-option=c", "--flow-option=c.json",
                "--flow-option=--environment", "--flow-option=pypi", "--tag", "x"],
            "--production --branch b check": [
                "check", *program, "--flow-option=--production", "--flow-option=--branch", "--flow-option=b"],
            "--datastore-root /s resume train --origin-run-id 12": [
                "resume", *program, "train", "--origin-run-id", "12", "--store", "/s"],
            "show": ["show", *program], "output-dot": ["show", *program, "--dot"], "output-raw": ["show", *program, "--json"],
            "logs show 12/train/3 --stderr": ["logs", "Flow/12/train/3", "--stderr"],
            "logs show 12/train --both": ["logs", "Flow/12/train"],
            "dump 12/train/3 --private": ["dump", "Flow/12/train/3", "--private"],
            "tag add --run-id 12 a": ["tag", *program, "add", "--run-id", "12", "a"],
            "card view train": ["card", "view", "Flow/latest/train"],
            "card get 12/train/3 out.html": ["card", "get", "Flow/12/train/3", "out.html"],
            "package list": ["package", *program, "list"],
            "--help": ["--help"], "": ["--help"], "version": ["--version"],
        }
        for words, expected in cases.items():
            with self.subTest(words):
                self.assertEqual(translate(words.split(), "Flow", "/f.py"), expected)

    def test_what_has_no_counterpart_is_named_with_what_there_is(self):
        cases = {
            "--metadata service run": "--metadata service is not supported; Muster knows --metadata local",
            "--datastore s3 run": "Muster knows --datastore local", "argo-workflows create": "there is no verb 'argo-workflows'",
            "--foo run": "--foo is not supported before the verb", "--with": "--with needs a value", "logs scrub 1": "logs cannot be scrubbed",
        }
        for words, expected in cases.items():
            with self.subTest(words), self.assertRaises(Refused) as raised:
                translate(words.split(), "Flow", "/f.py")
            self.assertIn(expected, str(raised.exception))


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
