import base64
import email
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

from support import ROOT

FLOW = """
from metaflow import FlowSpec, step
import metaflow.cards

class WheelFlow(FlowSpec):
    @step
    def start(self): self.next(self.end)
    @step
    def end(self): pass

if __name__ == '__main__':
    WheelFlow()
"""


sys.path.insert(0, os.path.join(ROOT, "build_backend"))
with open(os.path.join(ROOT, "muster", "VERSION")) as file:
    VERSION = file.read().strip()


class WheelTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("muster", "muster-agent"):
            with open(os.path.join(self.folder, name), "w") as file:
                file.write("#!/bin/sh\necho \"$0\" \"$@\"\n")
            os.chmod(file.name, 0o755)
        self.build()
        self.wheel = os.path.join(self.folder, self.name)

    def build(self):
        """Builds a wheel with the programs that the folder holds."""
        import backend
        with mock.patch.dict(os.environ, {"MUSTER_BUILD_FOLDER": self.folder}):
            self.name = backend.build_wheel(self.folder)

    def test_the_wheel_holds_the_package_the_programs_and_their_digests(self):
        with zipfile.ZipFile(self.wheel) as wheel:
            names = wheel.namelist()
            for name in (
                    "muster/__main__.py", "muster/VERSION", "muster/shim/metaflow/__init__.py",
                    f"muster-{VERSION}.data/scripts/muster-agent", f"muster-{VERSION}.dist-info/licenses/LICENSE"):
                self.assertIn(name, names)
            self.assertFalse([name for name in names if "__pycache__" in name or "tests" in name])
            record = wheel.read(f"muster-{VERSION}.dist-info/RECORD").decode().splitlines()
            self.assertEqual({line.split(",")[0] for line in record}, {*names})
            name, digest, size = record[0].split(",")
            data = wheel.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            self.assertEqual((digest, size), (f"sha256={expected}", str(len(data))))

    def test_the_metadata_is_complete_and_has_the_version_of_the_package(self):
        import muster
        with zipfile.ZipFile(self.wheel) as wheel:
            fields = email.message_from_bytes(wheel.read(f"muster-{VERSION}.dist-info/METADATA"))
            tags = email.message_from_bytes(wheel.read(f"muster-{VERSION}.dist-info/WHEEL")).get_all("Tag")
        self.assertEqual((fields["Name"], fields["Version"], muster.__version__), ("muster", VERSION, VERSION))
        self.assertEqual((fields["License"], fields["Requires-Python"]), ("Apache-2.0", ">=3.9"))
        self.assertIn("Operating System :: POSIX :: Linux", fields.get_all("Classifier"))
        self.assertTrue(fields.get_payload().startswith("# Muster\n"))
        self.assertEqual(self.name, f"muster-{VERSION}-py3-none-{'.'.join(tag.split('-')[2] for tag in tags)}.whl")

    def test_the_same_sources_and_programs_give_the_same_bytes(self):
        with open(self.wheel, "rb") as file:
            first = file.read()
        self.build()
        with open(self.wheel, "rb") as file:
            self.assertEqual(file.read(), first)

    @unittest.skipUnless(sys.platform == "linux", "ELF")
    def test_a_program_that_is_linked_dynamically_is_refused(self):
        shutil.copy(os.path.realpath(sys.executable), os.path.join(self.folder, "muster"))
        with self.assertRaisesRegex(SystemExit, "muster is linked dynamically and would not start on other systems"):
            self.build()

    def run_installed(self, program, *words, **variables):
        """Runs a file with an interpreter that has the wheel installed."""
        site = os.path.join(self.folder, "site")
        with zipfile.ZipFile(self.wheel) as wheel:
            wheel.extractall(site)
        with open(os.path.join(self.folder, "start.py"), "w") as file:
            file.write(f"import site; site.addsitedir({site!r})\n" + program)
        return subprocess.run(
            [sys.executable, file.name, *words], capture_output=True, text=True, env={**os.environ, **variables},
            cwd=self.folder)

    def test_a_flow_s_own_file_finds_metaflow_and_hands_its_verbs_over(self):
        command = os.path.join(self.folder, "muster")
        done = self.run_installed(FLOW, "run", "--x", "1", MUSTER_COMMAND=command)
        flow = os.path.join(self.folder, "start.py")
        called = [f"--called-as={each}" for each in (sys.executable, flow)]
        self.assertEqual(done.stdout.split(), [command, "run", *called, "--program", flow, "--x", "1"], done.stderr)

    READER = """
import os
from metaflow import Flow, Runner, namespace
from metaflow.client import Run
from metaflow.exception import MetaflowNotFound
import metaflow
namespace(None)
try:
    Flow('WheelFlow')
except MetaflowNotFound as error:
    print(error, os.path.basename(os.path.dirname(os.path.dirname(metaflow.__file__))))
"""

    @unittest.skipIf(__import__("importlib.util").util.find_spec("metaflow"), "a real Metaflow is installed")
    def test_a_program_that_reads_runs_finds_it_too(self):
        done = self.run_installed(self.READER, MUSTER_STORE=os.path.join(self.folder, "store"))
        self.assertEqual(done.stdout.strip(), f"there is no flow 'WheelFlow' in {self.folder}/store shim", done.stderr)

    def test_a_real_metaflow_is_found_instead(self):
        os.mkdir(os.path.join(self.folder, "metaflow"))
        with open(os.path.join(self.folder, "metaflow", "__init__.py"), "w") as file:
            file.write("FlowSpec = 'the real one'\n")
        done = self.run_installed("from metaflow import FlowSpec; print(FlowSpec)\n")
        self.assertEqual(done.stdout.strip(), "the real one", done.stderr)


if __name__ == "__main__":
    unittest.main()
