"""A flow's file that is started as a script: `python flow.py VERB …`."""

import os
import subprocess
import sys
import unittest

from support import PACKAGE, ROOT, Workshop, flow

CONFIGURED = """
    settings = Config("settings", required=True)
    alpha = Parameter("alpha", default=settings.alpha)
    @step
    def start(self): self.next(self.end)
    """
# A fake `muster`: prints its arguments and variables.
ECHO = '#!/bin/sh\nfor word in "$@"; do echo "$word"; done\nenv | grep ^METAFLOW_RUN_\nexit 0\n'


class ScriptTests(unittest.TestCase):
    def run_script(self, workshop, *words, **variables):
        command = os.path.join(workshop.folder, "muster")
        with open(command, "w") as file:
            file.write(ECHO)
        os.chmod(command, 0o755)
        return subprocess.run(
            [sys.executable, workshop.file, *words], capture_output=True, text=True, cwd=workshop.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, os.path.join(PACKAGE, "shim")]),
                 "MUSTER_COMMAND": command, "MUSTER_STORE": workshop.store, **variables})

    def test_a_config_that_is_given_before_the_verb_is_there_when_the_flow_is_read(self):
        with Workshop(flow(CONFIGURED), settings_json='{"alpha": 3}') as workshop:
            for words in (["--config", "settings", "settings.json"], ["--no-pylint", "--config-value", "settings", '{"alpha": 3}']):
                done = self.run_script(workshop, *words, "run")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(f"--flow-option={words[-1]}", done.stdout.split("\n"))
            missing = self.run_script(workshop, "run")
            self.assertEqual(missing.returncode, 1)
            self.assertRegex(missing.stderr, r"^flow.py:\d+: the config 'settings' is required; .*\n$")

    def test_variables_that_the_flow_s_file_sets_count_however_it_is_started(self):
        body = "    @step\n    def start(self): self.next(self.end)\n"
        source = flow(body).lstrip().replace("class ", "import os\nos.environ['METAFLOW_RUN_ALPHA'] = '5'\nclass ", 1)
        with Workshop(source) as workshop:
            self.assertIn("METAFLOW_RUN_ALPHA=5", self.run_script(workshop, "run").stdout.split())
            self.assertEqual(workshop.describe()["variables"], {"METAFLOW_RUN_ALPHA": "5"})
        with Workshop(flow(body)) as workshop:
            self.assertNotIn("variables", workshop.describe())
            done = workshop.call("describe", environment={"METAFLOW_RUN_BETA": "1"})
            self.assertNotIn("variables", done.stdout)

    def test_what_is_wrong_is_told_in_a_line_with_the_code_that_says_what_it_is(self):
        with Workshop(flow("    @step\n    def start(self): self.next(self.end)\n")) as workshop:
            for words, code, says in (
                    (["dump", "1/start"], 3, "there is no run TestFlow/1"), (["dump"], 2, "dump needs RUN/STEP"),
                    (["--wit", "retry", "run"], 2, "did you mean --with"), (["spin", "start"], 2, "there is no spin"),
                    (["card", "list"], 3, "there is no flow 'TestFlow'")):
                done = self.run_script(workshop, *words)
                self.assertEqual(done.returncode, code, done)
                self.assertRegex(done.stderr.splitlines()[-1], f"^flow.py: .*{says}")
                self.assertEqual(done.stdout, "")
            os.mkdir(workshop.store)
            with open(os.path.join(workshop.store, "muster.db"), "w") as file:
                file.write("rubbish" * 1000)
            damaged = self.run_script(workshop, "tag", "list")
            self.assertEqual(damaged.returncode, 4)
            self.assertRegex(damaged.stderr, "flow.py: the store's database cannot be read or written: .*\n$")
            self.assertIn("Usage: python flow.py", self.run_script(workshop, "--help").stdout)
            full = subprocess.run(
                f"{sys.executable} {workshop.file} --help >/dev/full", shell=True, capture_output=True, text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, os.path.join(PACKAGE, "shim")])})
            self.assertEqual((full.returncode, full.stderr), (5, "flow.py: standard output: No space left on device\n"))


if __name__ == "__main__":
    unittest.main()
