"""A process ends with its threads joined and all exit functions called, though its modules are not destroyed."""

import os
import subprocess
import sys
import unittest

from support import PACKAGE, Workshop, flow

STEP = """
    @step
    def start(self):
        self.ran = True
        self.next(self.end)
    """


class EndingTests(unittest.TestCase):
    def test_exit_functions_run_after_the_threads_and_their_output_is_complete(self):
        lines = (
            "import atexit, threading, time\n"
            "atexit.register(lambda: print('exit function', end=''))\n"
            "threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()\n")
        with Workshop(lines + flow(STEP)) as workshop:
            outcome = workshop.step("start")
        self.assertEqual((outcome.code, outcome.output), (0, "thread\nexit function"), outcome.errors)

    def test_modules_are_not_destroyed(self):
        lines = "import sys\nclass Noisy:\n    def __del__(self): sys.stderr.write('destroyed')\nnoisy = Noisy()\n"
        with Workshop(lines + flow(STEP)) as workshop:
            # Without a site, whose modules may have exit functions.
            done = subprocess.run(
                [sys.executable, "-S", PACKAGE, workshop.file, "describe"], capture_output=True, text=True, cwd=workshop.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_exit_functions_of_the_site_run_too(self):
        with Workshop(flow(STEP)) as workshop:
            with open(os.path.join(workshop.folder, "sitecustomize.py"), "w") as file:
                file.write("import atexit, sys\natexit.register(lambda: sys.stderr.write('site ends'))\n")
            done = workshop.call("describe", environment={"PYTHONPATH": workshop.folder})
        self.assertEqual((done.returncode, done.stderr), (0, "site ends"))

    def test_a_step_runs_once_though_the_module_catches_its_end(self):
        source = flow("""
            @step
            def start(self):
                print('once')
                raise ValueError('failed')
            """)
        source = source.replace("    TestFlow()\n", "    try:\n        TestFlow()\n    except SystemExit:\n        print('caught')\n")
        with Workshop(source) as workshop:
            outcome = workshop.step("start")
        self.assertEqual((outcome.code, outcome.output), (1, "once\ncaught\n"), outcome.errors)


if __name__ == "__main__":
    unittest.main()
