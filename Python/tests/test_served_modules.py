"""The modules of a served step are in the state that a fresh interpreter would have."""

import os
import sys
import unittest
from importlib.util import find_spec

from support import Workshop, flow
from test_serve import Server

# Expressions whose value differs at every evaluation, in every process.
FRESH = {
    "random": "random.Random().random()", "uuid": "uuid.uuid4().hex", "secrets": "secrets.token_hex()",
    "time": "time.time()", "datetime": "datetime.datetime.now().isoformat()", "tempfile": "tempfile.mkdtemp()",
}
STEP = """
    @step
    def start(self):
        self.value, self.pid = VALUE, os.getpid()
        self.next(self.end)
    """


def with_lines(body, *lines):
    """Returns a flow whose module has these lines before its class."""
    return flow(body).replace("import os\n", "\n".join(("import os", *lines, "")), 1)


def served(source, count=2, environment=None, installed=None, together=True, **files):
    """Runs the step `start` several times in one server. Returns the outcomes.

    installed: sources of modules in a folder of installed distributions, by name. together: true for steps in one
    folder.
    """
    with Workshop(source, **files) as workshop:
        place = os.path.join(workshop.folder, "lib", "site-packages")
        os.makedirs(place)
        for name, text in (installed or {}).items():
            with open(os.path.join(place, f"{name}.py"), "w") as file:
                file.write(text)
        temporary = os.path.join(workshop.folder, "temporary")
        os.mkdir(temporary)
        environment = {"PYTHONPATH": place, "COUNT": os.path.join(workshop.folder, "count"), "TMPDIR": temporary,
                       **(environment or {})}
        with Server(workshop, environment) as server:
            outcomes = []
            for number in range(count):
                own = os.path.join(workshop.folder, f"temporary-{number}")
                os.mkdir(own)
                answer, values, folder = server.ask(
                    "start", {"TMPDIR": own}, work_folder=workshop.folder if together else None)
                assert answer.get("exited", {}).get("code") == 0, answer
                outcomes.append({**values, "temporary": own})
        count = 0
        if os.path.exists(environment["COUNT"]):
            count = os.path.getsize(environment["COUNT"])
        return outcomes, count


@unittest.skipUnless(sys.platform == "linux", "only Linux can have its steps served")
class ModuleTests(unittest.TestCase):
    def test_what_a_module_draws_or_reads_of_its_process_is_every_step_s_own(self):
        cases = dict(FRESH)
        if find_spec("numpy"):
            cases["numpy"] = "numpy.random.default_rng().random()"
        for module, expression in cases.items():
            lines = [f"import {module}", f"VALUE = {expression}"]
            for source, files in (
                    (with_lines(STEP, *lines), {}),
                    (with_lines(STEP, "from beside import VALUE"), {"beside_py": "\n".join(lines)})):
                with self.subTest(expression, beside=bool(files)):
                    outcomes, _ = served(source, **files)
                    self.assertEqual(len({each["value"] for each in outcomes}), 2)
        outcomes, _ = served(with_lines(STEP, "VALUE = os.getpid()"))
        self.assertTrue(all(each["value"] == each["pid"] for each in outcomes))

    def test_global_numbers_are_drawn_anew_and_seeded_ones_are_the_same(self):
        cases = {"import random": "random.random()"}
        if find_spec("numpy"):
            cases["import numpy"] = "float(numpy.random.rand())"
        if find_spec("torch"):
            cases["import torch"] = "torch.rand(1).item()"
        seeds = {"import random": "random.seed(3)", "import numpy": "numpy.random.seed(3)", "import torch": "torch.manual_seed(3)"}
        for line, expression in cases.items():
            seed = seeds[line]
            for before, count in (("", 2), (seed, 1)):
                outcomes, _ = served(with_lines(STEP.replace("VALUE", expression), line, before))
                self.assertEqual(len({each["value"] for each in outcomes}), count, (line, before))

    def test_the_places_that_a_module_makes_are_there_in_every_step(self):
        body = """
    @step
    def start(self):
        open(os.path.join(PLACE, "file"), "w").close()
        self.place = PLACE
        self.next(self.end)
    """
        for line in ('os.makedirs("out", exist_ok=True); PLACE = "out"', "import tempfile; PLACE = tempfile.mkdtemp()",
                     "import tempfile; KEEP = tempfile.TemporaryDirectory(); PLACE = KEEP.name"):
            with self.subTest(line):
                outcomes, _ = served(with_lines(body, line), together=False)
                for each in outcomes:
                    self.assertTrue(each["place"] == "out" or os.path.dirname(each["place"]) == each["temporary"])

    def test_a_module_reads_what_an_earlier_step_has_written(self):
        body = """
    @step
    def start(self):
        self.seen = SEEN, late and late.NUMBER
        for name in ("written", "late.py"):
            with open(os.path.join(os.path.dirname(__file__), name), "w") as file:
                file.write("NUMBER = 4")
        self.next(self.end)
    """
        lines = ['PATH = os.path.join(os.path.dirname(__file__), "written")',
                 "SEEN = os.path.exists(PATH)", "try:\n    import late", "except ImportError:\n    late = None"]
        outcomes, _ = served(with_lines(body, *lines))
        self.assertEqual([each["seen"] for each in outcomes], [(False, None), (True, 4)])

    def test_what_a_module_opens_starts_and_registers_lives_in_every_step(self):
        body = """
    @step
    def start(self):
        self.alive = THREAD.is_alive(), FILE.read(4), PROCESS.poll(), S.getsockname()[1] > 0
        PROCESS.kill()
        self.next(self.end)
    """
        lines = ["import threading, time, socket, subprocess, atexit",
                 "THREAD = threading.Thread(target=time.sleep, args=(60,), daemon=True)", "THREAD.start()",
                 "S = socket.create_server(('127.0.0.1', 0))", "FILE = open(__file__)",
                 "PROCESS = subprocess.Popen(['sleep', '60'])",
                 "atexit.register(lambda: open(os.environ['COUNT'], 'a').write('x'))"]
        outcomes, count = served(with_lines(body, *lines))
        self.assertEqual([each["alive"] for each in outcomes], [(True, "from", None, True)] * 2)
        self.assertEqual(count, 2)

    def test_a_changed_file_of_the_flow_is_left_to_a_fresh_interpreter(self):
        with Workshop(with_lines(STEP, "VALUE = 1")) as workshop, Server(workshop) as server:
            self.assertEqual(server.ask("start")[1]["value"], 1)
            os.utime(workshop.file)
            self.assertEqual(server.ask("start")[1]["value"], 1)
            with open(workshop.file, "a") as file:
                file.write("# changed\n")
            self.assertIn("has changed", server.ask("start")[0]["refused"]["reason"])
            self.assertIn("of its own", server.ask("start", {"MUSTER_FLOW_FOLDER": "/other"})[0]["refused"]["reason"])

    def test_a_package_that_a_step_installs_is_seen_by_the_next(self):
        with Workshop(with_lines(STEP, "VALUE = 1")) as workshop:
            place = os.path.join(workshop.folder, "lib", "site-packages")
            os.makedirs(place)
            with Server(workshop, {"PYTHONPATH": place}) as server:
                self.assertEqual(server.ask("start")[1]["value"], 1)
                os.mkdir(os.path.join(place, "__pycache__"))
                self.assertEqual(server.ask("start")[1]["value"], 1)
                os.mkdir(os.path.join(place, "other-1.0.dist-info"))
                self.assertIn("has changed", server.ask("start")[0]["refused"]["reason"])

    def test_the_program_is_what_it_is_in_a_fresh_interpreter(self):
        body = """
    @step
    def start(self):
        import __main__, pickle, multiprocessing
        self.main = __main__.__name__, __main__.__file__ == sys.argv[0] == __file__, len(sys.argv)
        self.point = pickle.loads(pickle.dumps(Point(1, 2)))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            self.squares = pool.map(square, [2, 3])
        self.key = bytes(multiprocessing.current_process().authkey)
        self.next(self.end)
    """
        lines = ["import dataclasses, sys, multiprocessing", "@dataclasses.dataclass", "class Point:\n    x: int\n    y: int",
                 "def square(x):\n    return x * x"]
        source = with_lines(body, *lines).replace("self.point = pickle", "self.same = Point(1, 2) == pickle")
        outcomes, _ = served(source)
        for each in outcomes:
            self.assertEqual((each["main"], each["same"], each["squares"]), (("__main__", True, 1), True, [4, 9]))
        self.assertEqual(len({each["key"] for each in outcomes}), 2)

    def test_a_module_that_cannot_be_run_says_so_in_the_step(self):
        with Workshop(with_lines(STEP, "import missing_for_sure", "VALUE = 1")) as workshop, Server(workshop) as server:
            self.assertEqual(server.ask("start")[0]["exited"]["code"], 1)


# A library that counts how often it is loaded.
COUNTED = "import os\nopen(os.environ['COUNT'], 'a').write('x')\n"
LIBRARY = """
    @step
    def start(self):
        self.value, self.pid = str(library.VALUE), os.getpid()
        self.next(self.end)
    """


@unittest.skipUnless(sys.platform == "linux", "only Linux can have its steps served")
class LibraryTests(unittest.TestCase):
    def test_a_library_is_loaded_once_for_all_steps(self):
        for line in ("import library", "from library import VALUE; import library", "from beside import library",
                     "import multiprocessing.pool, concurrent.futures, tempfile, uuid, secrets, asyncio, logging, library",
                     "try:\n    import library\nexcept ImportError:\n    library = None"):
            with self.subTest(line):
                outcomes, count = served(
                    with_lines(LIBRARY, line), count=3, installed={"library": COUNTED + "VALUE = 1"},
                    beside_py="'''Helpers.'''\nimport library\n\ndef helps(): pass\n")
                self.assertEqual((count, [each["value"] for each in outcomes]), (1, ["1"] * 3))

    def test_what_a_library_draws_or_reads_of_its_process_is_every_step_s_own(self):
        cases = {**FRESH, "datetime": "datetime.datetime.now()", "os": "os.environ['TMPDIR']",
                 "random, secrets": "secrets.randbits(64), random.SystemRandom().getrandbits(64)"}
        if find_spec("numpy"):
            cases["numpy"] = "numpy.random.default_rng().random()"
        for module, expression in cases.items():
            with self.subTest(expression):
                outcomes, _ = served(
                    with_lines(LIBRARY, "import library"),
                    installed={"library": COUNTED + f"import {module}\nVALUE = {expression}\n"})
                self.assertEqual(len({str(each["value"]) for each in outcomes}), 2)
                if module == "os":
                    self.assertEqual([each["value"] for each in outcomes], [each["temporary"] for each in outcomes])

    def test_a_library_that_may_not_be_shared_is_every_step_s_own_and_those_before_it_are_shared(self):
        cases = {
            "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()": "threading.active_count()",
            "F = open(__file__)": "F.read(6)",
            "import socket; S = socket.create_server(('127.0.0.1', 0))": "S.fileno() > 0",
            "import subprocess; P = subprocess.Popen(['sleep', '1'])": "P.poll()",
            "import random; random.seed(1)": "random.random()",
            "import random; random.random()": "len([random.random()])",
            "import beside": "beside.__name__",
            "import os; os.chdir('/')": "os.getcwd() == '/'",
            "import os; os.environ['MUSTER_TASK'] = 'x'": "os.environ['MUSTER_TASK'] == 'x'",
        }
        if find_spec("numpy"):
            cases["import numpy; numpy.random.seed(1)"] = "float(numpy.random.rand())"
        if find_spec("torch"):
            cases["import torch; torch.manual_seed(1)"] = "torch.rand(1).item()"
        for line, expression in cases.items():
            with self.subTest(line):
                guilty = f"{line}\ndef look(): return str({expression})\n"
                outcomes, count = served(
                    with_lines(LIBRARY.replace("str(library.VALUE)", "(guilty.look(), library.VALUE)"), "import library", "import guilty"),
                    beside_py="", installed={"library": "import os\nVALUE = os.getpid()\n", "guilty": guilty + COUNTED})
                loaded = {each["value"][1] for each in outcomes}
                self.assertEqual(len(loaded), 1)
                self.assertTrue(loaded.isdisjoint(each["pid"] for each in outcomes))
                self.assertEqual(len({each["value"][0] for each in outcomes}), 1)
                # Once by the server, which noticed it, and once in each step.
                self.assertEqual(count, 3)

    def test_what_a_library_that_is_not_shared_has_changed_is_not_there_when_others_are_loaded(self):
        outcomes, _ = served(
            with_lines(LIBRARY, "import library", "import guilty"), installed={
                "library": "import os\nVALUE = os.environ.get('MODE'), os.getcwd()\n",
                "guilty": "import os\nos.environ['MODE'] = 'set'\nos.chdir('/')\nF = open(__file__)\n"})
        self.assertEqual(len({each["value"] for each in outcomes}), 1)
        self.assertTrue(outcomes[0]["value"].startswith("(None, "))
        self.assertNotIn("'/'", outcomes[0]["value"])

    def test_no_library_is_loaded_before_what_could_influence_it(self):
        for line in ("os.environ['MODE'] = 'set'", "import beside", "def set_mode(x=os.environ.update(MODE='set')): pass",
                     "class Sets:\n    os.environ['MODE'] = 'set'"):
            with self.subTest(line):
                outcomes, count = served(
                    with_lines(LIBRARY, line, "import library"), beside_py="import os\nos.environ['MODE'] = 'set'",
                    installed={"library": COUNTED + "VALUE = os.environ.get('MODE')"})
                self.assertEqual((count, [each["value"] for each in outcomes]), (2, ["set", "set"]))

    def test_what_a_library_writes_while_it_is_loaded_is_in_every_step_s_output(self):
        library = COUNTED + "import sys\nVALUE = 1\nprint('to output')\nsys.stderr.write('to errors\\n')\nos.system('echo by a child')\n"
        guilty = "print('guilty')\nF = open(__file__)\n"
        with Workshop(with_lines(LIBRARY, "import library, guilty")) as workshop:
            place = os.path.join(workshop.folder, "lib", "site-packages")
            os.makedirs(place)
            for name, text in (("library", library), ("guilty", guilty)):
                with open(os.path.join(place, f"{name}.py"), "w") as file:
                    file.write(text)
            output = os.path.join(workshop.folder, "output")
            with open(output, "wb") as file:
                environment = {"PYTHONPATH": place, "COUNT": os.path.join(workshop.folder, "count")}
                with Server(workshop, environment, output=file) as server:
                    for _ in range(2):
                        self.assertEqual(server.ask("start")[0]["exited"]["code"], 0)
            with open(output) as file:
                self.assertEqual(sorted(file.read().split("\n")), sorted([
                    "", *["to output", "to errors", "by a child", "guilty"] * 2]))

    def test_libraries_that_many_use_can_be_shared(self):
        for name in ("numpy", "scipy.stats", "sklearn.ensemble", "matplotlib.pyplot", "requests", "rich.console"):
            # scikit-learn loads pandas if it is installed, which loads pyarrow, which starts threads.
            is_there = find_spec(name.split(".")[0]) and not (name.startswith("sklearn") and find_spec("pyarrow"))
            with self.subTest(name):
                if not is_there:
                    self.skipTest(f"{name} is not installed, or pyarrow is")
                _, count = served(
                    with_lines(LIBRARY, f"import {name}\nimport library"), installed={"library": COUNTED + "VALUE = 1"})
                self.assertEqual(count, 1)

    def test_what_a_library_wants_done_at_a_signal_and_at_the_end_is_done(self):
        library = COUNTED + (
            "import atexit, signal\nVALUE = 1\natexit.register(lambda: open(os.environ['COUNT'], 'a').write('y'))\n"
            "signal.signal(signal.SIGTERM, lambda *_: open(os.environ['COUNT'], 'a').write('z'))\n")
        body = LIBRARY.replace("self.value,", "os.kill(os.getpid(), 15); self.value,")
        _, count = served(with_lines(body, "import library"), installed={"library": library})
        self.assertEqual(count, 1 + 2 * 2)


if __name__ == "__main__":
    unittest.main()
