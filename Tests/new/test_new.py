"""Flows that `muster new` makes, each in an empty folder, built and run: `make test-new`.

`make test` takes `BuildTests` alone, which install no framework.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests/wheel"))
import cache  # noqa: E402

FRAMEWORKS = [None, "torchrun", "deepspeed", "mpi", "ray", "tensorflow"]
# The last line that a flow prints says that it has found what it should.
ENDS = {
    "python": {
        None: "5 samples in FirstFlow, the best slope is 2.00", "torchrun": "the slope is 3.0", "deepspeed": "the slope is 3.0",
        "mpi": "2 ranks found 3.141593", "ray": "2 nodes, the sum of squares is 2470",
        "tensorflow": "2 workers, the slope is 3.0"},
    "swift": {
        None: "5 samples in FirstFlow, the best slope is", "torchrun": "trained on 2 nodes:", "deepspeed": "numbers of optimizer state",
        "mpi": "nodes and one rank agree", "ray": "best: hidden", "tensorflow": "workers;"},
}


class NewCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.command = pathlib.Path(os.environ.get("MUSTER_TEST_COMMAND") or ROOT / ".build/release/muster")

    def check(self, *words, cwd=None):
        done = subprocess.run([*words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        return done.stdout

    def make(self, language, framework, *more):
        """Makes a flow in a new `self.folder`."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "first"
        chosen = ["--with", framework] if framework else []
        self.check(self.command, "new", self.folder, f"--{language}", *chosen, *more)

    def build(self):
        """Builds the package in a folder that all these builds share, and returns its program.

        The first build there compiles swift-syntax and Muster, for 140 s on two cores; each other takes 8 s.
        """
        toolchain = self.check("swift", "--version")
        packages = re.findall(r"\.package\(url: .*", (ROOT / "Package.swift").read_text())
        scratch = cache.kept("swift", (toolchain, packages), lambda folder: None)
        words = ["swift", "build", "--static-swift-stdlib", "--package-path", self.folder, "--scratch-path", scratch]
        told = self.check(*words)
        self.assertEqual(re.findall(r".*warning:.*", told), [], told[-4000:])
        return pathlib.Path(self.check(*words, "--show-bin-path").strip()) / "FirstFlow"

    def run_swift(self, framework):
        self.make("swift", framework)
        self.assertIn(ENDS["swift"][framework], self.check(self.command, "run", self.build(), cwd=self.folder))


class BuildTests(NewCase):
    def test_each_flow_in_swift_builds_without_a_warning_and_is_static(self):
        for framework in FRAMEWORKS:
            with self.subTest(framework=framework):
                self.make("swift", framework)
                told = subprocess.run(["ldd", self.build()], capture_output=True, text=True)
                self.assertIn("not a dynamic executable", told.stdout + told.stderr)

    def test_a_flow_in_swift_without_a_framework_runs(self):
        self.run_swift(None)


class RunTests(NewCase):
    def test_each_flow_in_python_runs(self):
        for framework in FRAMEWORKS:
            with self.subTest(framework=framework):
                self.make("python", framework)
                self.assertIn(ENDS["python"][framework], self.check(self.command, "run", "flow.py", cwd=self.folder))

    def test_each_flow_in_swift_runs(self):
        for framework in FRAMEWORKS[1:]:
            with self.subTest(framework=framework):
                self.run_swift(framework)

    def test_a_package_that_names_a_repository_and_a_version_builds(self):
        version = (ROOT / "Python/muster/VERSION").read_text().strip()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        repository = pathlib.Path(folder.name) / "muster.git"
        self.check("git", "clone", "--quiet", "--bare", ROOT, repository)
        self.check("git", "-C", repository, "tag", "--force", version)
        self.make("swift", None, "--muster", repository.as_uri())
        self.assertIn("FirstFlow", self.check(self.build(), "describe"))


if __name__ == "__main__":
    unittest.main()
