"""A user without an entry in /etc/passwd, as in many containers, and without HOME can do everything."""

import json
import os
import subprocess
import sys
import unittest

from support import PACKAGE, Workshop, flow

# Simulates such a user: their interpreter finds no entry and no name.
PROGRAM = """
import os, pwd
def getpwuid(uid): raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = getpwuid
os.getuid = lambda: 54321
"""


class UnknownUserTests(unittest.TestCase):
    def run_as_unknown_user(self, workshop, *words):
        place = os.path.join(workshop.folder, "unknown_user")
        os.mkdir(place)
        with open(os.path.join(place, "sitecustomize.py"), "w") as file:
            file.write(PROGRAM)
        return subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, cwd=workshop.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": place})

    def test_a_default_that_is_a_function_and_a_project_are_described(self):
        source = flow("""
            p = Parameter('p', default=lambda context: context.user_name)
            @secrets(sources=[{'type': 'file', 'options': {'path': '/nowhere'}}])
            @step
            def start(self):
                self.next(self.end)
            """).replace("class TestFlow", "@project(name='a')\nclass TestFlow")
        with Workshop(source) as workshop:
            done = self.run_as_unknown_user(workshop, PACKAGE, workshop.file, "describe")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["parameters"][0]["defaultValue"], "54321")

    def test_the_namespace_is_the_number_s(self):
        with Workshop(flow("")) as workshop:
            root = os.path.dirname(PACKAGE)
            script = f"import sys; sys.path.insert(0, {root!r}); from muster import get_namespace; print(get_namespace())"
            done = self.run_as_unknown_user(workshop, "-c", script)
            self.assertEqual(done.stdout, "user:54321\n", done.stderr)

    def test_a_secret_in_a_home_that_is_not_known_is_told(self):
        source = flow("""
            @secrets(sources=[{'type': 'file', 'options': {'path': '~nobody_of_this_name/secrets'}}])
            @step
            def start(self):
                self.next(self.end)
            """)
        with Workshop(source) as workshop:
            self.assertIn("names a home folder that is not known here", workshop.step("start").error)


if __name__ == "__main__":
    unittest.main()
