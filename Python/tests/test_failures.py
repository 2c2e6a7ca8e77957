import time
import unittest

from support import Workshop, flow


class FailedBodyTests(unittest.TestCase):
    def failed(self, body, end="self.next(self.end)"):
        source = f"@step\ndef start(self):\n    self.given, self.changed = 'given', [1]\n    self.next(self.work)\n@step\ndef work(self):\n{body}\n    {end}\n"
        with Workshop(flow(source)) as workshop:
            start = workshop.step("start")
            outcome = workshop.step("work", [start])
            self.assertNotEqual(outcome.code, 0)
            self.assertNotIn("transition", outcome.result)
            values = {name: outcome.value(name) for name in outcome.references}
            return values, outcome

    def test_what_it_had_set_is_kept_whatever_ends_it(self):
        ends = {
            "raise ValueError('halfway')": "ValueError: halfway", "import sys; sys.exit(3)": "sys.exit(3)",
            "raise KeyboardInterrupt": "KeyboardInterrupt", "self.next(self.nowhere)": "nowhere", "self.missing": "missing",
        }
        for line, message in ends.items():
            with self.subTest(line):
                values, outcome = self.failed(f"    self.found = 41\n    self.changed.append(2)\n    {line}")
                self.assertEqual(values, {"given": "given", "changed": [1, 2], "found": 41})
                self.assertEqual(list(outcome.result["unchanged"]), ["given"])
                self.assertIn(message, outcome.error)

    def test_a_body_can_catch_that_its_time_is_up_and_go_on(self):
        body = (
            "@timeout(seconds=1)\n@step\ndef start(self):\n    import time\n    try:\n        time.sleep(30)\n"
            "    except Exception as error:\n        self.seen = type(error).__name__\n    self.next(self.end)\n")
        with Workshop(flow(body)) as workshop:
            outcome = workshop.step("start", deadline=time.time() + 0.3)
            self.assertEqual((outcome.code, outcome.value("seen")), (0, "TimeoutException"))

    def test_a_caught_failure_is_printed_unless_catch_says_otherwise_and_is_kept_either_way(self):
        for decorators, attempt, is_printed in (
                ("@catch", 0, True), ("@catch(print_exception=False)", 0, False),
                ("@catch(print_exception=False)\n@retry(times=1)", 0, True), ("@retry(times=1)\n@catch(print_exception=False)", 1, False)):
            body = f"{decorators}\n@step\ndef start(self):\n    raise ValueError('halfway')\n    self.next(self.end)\n"
            with self.subTest(decorators, attempt=attempt), Workshop(flow(body)) as workshop:
                outcome = workshop.step("start", attempt=attempt)
                self.assertEqual("ValueError: halfway" in outcome.errors, is_printed)
                self.assertIn("ValueError: halfway", outcome.result["error"]["exception"]["trace"])

    def test_what_cannot_be_kept_hides_neither_the_failure_nor_the_rest(self):
        values, outcome = self.failed("    import threading\n    self.lock = threading.Lock()\n    self.found = 41\n    raise ValueError('halfway')")
        self.assertEqual(values, {"given": "given", "changed": [1], "found": 41})
        self.assertIn("ValueError: halfway", outcome.error)
        self.assertIn("artifact self.lock of step work cannot be pickled", outcome.errors)

    def test_a_body_that_fails_by_what_cannot_be_kept_keeps_the_rest(self):
        values, outcome = self.failed("    import threading\n    self.changed.append(threading.Lock())\n    self.found = 41")
        self.assertEqual(values, {"given": "given", "found": 41})
        self.assertIn("artifact self.changed of step work cannot be pickled", outcome.error)
        self.assertEqual(outcome.errors.count("cannot be pickled"), 1)

    def test_an_exception_is_told_with_its_class_its_words_and_its_trace(self):
        for line, kind, text in (
            ("raise ValueError('no')", "builtins.ValueError", "no"),
            ("import json; json.loads('')", "json.decoder.JSONDecodeError", "Expecting value: line 1 column 1 (char 0)"),
            ("from metaflow.exception import MetaflowException; raise type('Own', (MetaflowException,), {'code': 7})('words')", "__main__.Own", "words"),
            ("from metaflow.exception import MetaflowException; raise MetaflowException('words', lineno=3)", "metaflow.exception.MetaflowException", "line 3: words"),
            ("raise ValueError('\\udc80')", "builtins.ValueError", "\\udc80"),
        ):
            with self.subTest(line), Workshop(flow(f"@step\ndef start(self):\n    {line}\n    self.next(self.end)\n")) as workshop:
                error = workshop.step("start").result["error"]
                self.assertEqual((error["code"], error["exception"]["type"], error["exception"]["text"]), ("step.error", kind, text))
                self.assertIn('File "flow.py", line', error["exception"]["trace"])

    def test_a_body_whose_time_is_up_is_interrupted_and_keeps_what_it_had_set(self):
        body = "@timeout(seconds=1)\n@step\ndef start(self):\n    self.found = 41\n    {}\n    self.next(self.end)\n"
        for line in ("import time; time.sleep(60)", "while True: pass", "import threading; threading.Event().wait()"):
            with self.subTest(line), Workshop(flow(body.format(line))) as workshop:
                outcome = workshop.step("start", deadline=time.time() + 1)
                error = outcome.result["error"]
                self.assertEqual((error["code"], error["message"]), ("task.timeout", "the step took longer than its timeout of 1 s"))
                self.assertEqual(error["exception"]["type"], "metaflow.plugins.timeout_decorator.TimeoutException")
                self.assertEqual(outcome.value("found"), 41)
        with Workshop(flow(body.format("pass"))) as workshop:
            self.assertEqual(workshop.step("start", deadline=time.time() + 600).value("found"), 41)
            self.assertEqual(workshop.describe()["steps"][0]["settings"]["timeout"], 1)

    def test_a_process_that_the_body_forked_leaves_nothing(self):
        values, outcome = self.failed(
            "    self.found = 41\n    if os.fork() == 0:\n        self.found = 42\n        raise ValueError('child')\n"
            "    os.wait()\n    raise ValueError('parent')")
        self.assertEqual(values["found"], 41)
        self.assertIn("ValueError: parent", outcome.error)


if __name__ == "__main__":
    unittest.main()
