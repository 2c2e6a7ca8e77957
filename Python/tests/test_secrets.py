import os
import unittest
from unittest import mock

from support import Workshop, flow

START = "@step\ndef start(self):\n    {}\n    self.next(self.end)\n"


def inline(**variables):
    return f"{{'type': 'inline', 'options': {{'env_vars': {variables!r}}}}}"


class SecretsTests(unittest.TestCase):
    def workshop(self, sources, line="self.seen = os.environ['TOKEN']", options=""):
        return Workshop(flow(f"@secrets(sources={sources}{options})\n" + START.format(line)))

    def test_inline_ones_are_variables_of_the_step(self):
        with self.workshop(f"[{inline(TOKEN='x', OTHER=1)}]", "self.seen = [os.environ[each] for each in ('TOKEN', 'OTHER')]") as workshop:
            self.assertEqual(workshop.step("start").value("seen"), ["x", "1"])

    def test_a_file_s_lines_are_too_and_none_of_it_is_told_when_it_is_wrong(self):
        with self.workshop("[{'type': 'file', 'options': {'path': '~/here.env'}}]") as workshop:
            path = os.path.join(workshop.folder, "here.env")
            with mock.patch.dict(os.environ, {"HOME": workshop.folder}):
                self.assertIn(f"flow.py:5: @secrets: {path} cannot be read: No such file", workshop.step("start").error)
                with open(path, "w") as file:
                    file.write("# what we need\n\nTOKEN='a=b c'\nOTHER=x\n")
                self.assertEqual(workshop.step("start").value("seen"), "a=b c")
                with open(path, "a") as file:
                    file.write("hunter2\n")
                outcome = workshop.step("start")
        self.assertIn(f"line 5 of {path} is not of the form NAME=value", outcome.error)
        self.assertNotIn("hunter2", outcome.error + outcome.errors)

    def test_a_source_that_is_not_here_is_refused_before_the_run_with_what_is(self):
        for source, name in (
                ("'aws-secrets-manager.token'", "aws-secrets-manager"), ("{'type': 'gcp-secret-manager', 'id': 'x'}", "gcp-secret-manager"),
                ("{'type': 'az-key-vault', 'id': 'x'}", "az-key-vault"), ("'inline'", "inline")):
            with self.workshop(f"[{source}]") as workshop:
                self.assertIn(
                    f"flow.py:5: @secrets: the source '{name}' is not supported; this machine has the sources {{'type': 'inline'",
                    workshop.call("describe").stderr)

    def test_a_source_that_is_wrongly_written_is_refused_before_the_run(self):
        for sources, message in (
                ("{'type': 'inline'}", "sources has to be a list"), ("[{'type': 'inline'}]", "an inline source is written {"),
                ("[{'type': 'file', 'options': {'path': 'here.env'}}]", "the path is absolute or begins with ~"),
                ("[{'type': 'file', 'options': {'path': __file__}}]", "lies in the folder of the flow, which is packed into the store"),
                ("[{'type': 'inline', 'options': {'env_vars': {'A-B': 1}}}]", "'A-B' is no name for a variable"),
                (f"[{inline(METAFLOW_USER='x')}]", "METAFLOW_USER is Muster's own")):
            with self.workshop(sources) as workshop:
                self.assertIn(message, workshop.call("describe").stderr)

    def test_what_is_set_already_or_twice_is_refused_unless_it_is_meant(self):
        with mock.patch.dict(os.environ, {"TOKEN": "outer"}):
            with self.workshop(f"[{inline(TOKEN='x')}]") as workshop:
                outcome = workshop.step("start")
                self.assertEqual(outcome.result["error"]["code"], "step.environment")
                self.assertIn("TOKEN is set already; write allow_override=True", outcome.error)
            with self.workshop(f"[{inline(TOKEN='x')}]", options=", allow_override=True") as workshop:
                self.assertEqual(workshop.step("start").value("seen"), "x")
        with self.workshop(f"[{inline(TOKEN='x')}, {inline(TOKEN='y')}]") as workshop:
            self.assertIn("two sources set TOKEN", workshop.step("start").error)


if __name__ == "__main__":
    unittest.main()
