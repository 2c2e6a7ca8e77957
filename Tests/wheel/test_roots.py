"""The wheel, installed with pip in roots that hold nothing but a Python, runs a flow: `make test-wheel`."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import zipfile

import roots

HERE = pathlib.Path(__file__).resolve().parent
VERSION = (HERE.parent.parent / "Python/muster/VERSION").read_text().strip()
EXPECTED = "total 14 places [0, 1]"
# From a flow's own verbs to those that read what is stored.
TOUR = f"""
muster --version | grep -x "muster {VERSION}"
muster-agent --version | grep -x "muster-agent {VERSION}"
muster run flow.py --count 4
muster logs RootFlow/latest/end | grep -F "{EXPECTED}"
muster dump RootFlow/latest/end | grep total
muster status
"""
CLIENT = """
python3 flow.py run --count 4
python3 -c "from metaflow import Flow, namespace; namespace(None); print(Flow('RootFlow').latest_run.data.total)" | grep -x 14
"""


@unittest.skipUnless(os.geteuid() == 0, "only root can make and enter roots")
class RootTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        named = os.environ.get("MUSTER_TEST_WHEEL")
        wheels = [pathlib.Path(named)] if named else sorted((HERE.parent.parent / ".build/wheel").glob("*.whl"))
        assert len(wheels) == 1, f"one wheel has to be there, and there are {wheels}: run `make wheel`"
        cls.wheel = wheels[0]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            made = [pool.submit(roots.debian, suite) for suite in roots.DEBIAN] + [pool.submit(roots.musl)]
            cls.roots = dict(zip([*roots.DEBIAN, "musl"], [each.result() for each in made]))

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.work.chmod(0o777)
        shutil.copy(HERE / "flow.py", self.work)

    def run_in(self, root, script, **options):
        machine = roots.Machine(self.roots[root], self.wheel.parent, self.work)
        code, text = machine.run(script, **options)
        self.assertEqual(code, 0, text)
        return text

    def install(self, python="python3"):
        return f"{python} -m venv /work/venv\n/work/venv/bin/pip install --quiet /wheel/{self.wheel.name}\n"

    def test_debian_11_as_root_for_all_users(self):
        self.run_in("bullseye", f"pip install --quiet /wheel/{self.wheel.name}\n" + TOUR + CLIENT)

    def test_debian_11_as_a_user_with_a_read_only_home_and_an_environment_that_is_not_activated(self):
        script = self.install() + "! touch ~/x 2>/dev/null\n/work/venv/bin/muster run flow.py --count 4\n"
        self.assertIn(EXPECTED, self.run_in("bullseye", script, user="user"))

    def test_debian_12_as_root(self):
        self.run_in("bookworm", self.install() + "export PATH=/work/venv/bin:$PATH\n" + TOUR + CLIENT)

    def test_debian_12_as_a_user_with_a_read_only_home(self):
        self.run_in(
            "bookworm", self.install() + "! touch ~/x 2>/dev/null\nexport PATH=/work/venv/bin:$PATH\n" + TOUR + CLIENT,
            user="user")

    def test_a_system_with_musl(self):
        for user in ("root", "user"):
            with self.subTest(user=user):
                shutil.rmtree(self.work / "venv", ignore_errors=True)
                shutil.rmtree(self.work / ".muster", ignore_errors=True)
                self.run_in(
                    "musl", self.install("/opt/python/bin/python3") + "export PATH=/work/venv/bin:$PATH\n" + TOUR, user=user,
                    variables={"LD_PRELOAD": "/lib/libz.so.1"})

    def test_uvx_runs_a_flow_from_the_wheel(self):
        for name in ("uv", "uvx"):
            shutil.copy(pathlib.Path(roots.uv()).with_name(name), self.work)
        text = self.run_in(
            "bookworm", f"uvx --offline --quiet --from /wheel/{self.wheel.name} muster run flow.py --count 4", user="user",
            variables={"PATH": "/work:/usr/bin:/bin", "UV_CACHE_DIR": "/work/cache", "UV_TOOL_DIR": "/work/tools"})
        self.assertIn(EXPECTED, text)

    def test_nothing_in_it_is_linked_dynamically(self):
        with zipfile.ZipFile(self.wheel) as archive:
            archive.extractall(self.work / "wheel")
        programs = list((self.work / "wheel").glob("*.data/scripts/*"))
        self.assertEqual(sorted(each.name for each in programs), ["muster", "muster-agent"])
        for program in programs:
            told = subprocess.run(["ldd", program], capture_output=True, text=True)
            self.assertIn("not a dynamic executable", told.stdout + told.stderr)


if __name__ == "__main__":
    unittest.main()
