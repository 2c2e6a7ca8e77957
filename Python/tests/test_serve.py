import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

from support import PACKAGE, ROOT, Workshop, flow

BODY = """
    os.environ["SET"] = "by the module"
    @step
    def start(self):
        self.pid, self.parent, self.folder = os.getpid(), os.getppid(), os.getcwd()
        self.environment = dict(os.environ)
        self.session = os.getsid(0)
        import random
        self.number = random.random()
        print('said', current.task_id)
        self.next(self.middle)
    @step
    def middle(self):
        os.kill(os.getpid(), 9)
        self.next(self.end)
    """


def children(process):
    with open(f"/proc/{process}/task/{process}/children") as file:
        return [int(each) for each in file.read().split()]


def has_ended(process):
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


class Server:
    """The verb `serve` of a workshop's flow."""

    def __init__(self, workshop, environment=None, output=subprocess.DEVNULL):
        self.workshop = workshop
        self.socket, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, PACKAGE, workshop.file, "serve"], stdin=theirs, stdout=output, cwd=workshop.folder,
            stderr=output, env={**os.environ, **(environment or {})})
        theirs.close()
        self.answers = self.socket.makefile("r")
        self.is_loaded = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.answers.close()
        self.process.kill()
        self.process.wait()

    def waiting(self):
        """Returns the server's children that have not ended, and gives those that are ending some time."""
        end = time.monotonic() + 20
        while len(waiting := [each for each in children(self.process.pid) if not has_ended(each)]) > 1:
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        return waiting

    def ask(self, step, environment=None, work_folder=None):
        """Has one step run. Returns the answer and the result."""
        self.workshop.count += 1
        folder = os.path.join(self.workshop.folder, f"served-{self.workshop.count}")
        os.mkdir(folder)
        task = self.workshop.task(folder, step, (), (), 1, 0, {}, 0)
        with open(os.path.join(folder, "task.json"), "w") as file:
            json.dump(task, file)
        request = {"step": step, "folder": folder, "workFolder": work_folder or folder, "environment": environment or {}}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self.answers.readline())
        if answer == {"loaded": {}} and not self.is_loaded:
            self.is_loaded = True
            answer = json.loads(self.answers.readline())
        path = os.path.join(folder, "result.json")
        if not os.path.exists(path):
            return answer, None, folder
        from muster import artifacts
        with open(path) as file:
            result = json.load(file)
        values = {name: artifacts.read(os.path.join(folder, each["path"])) for name, each in result["artifacts"].items()}
        return answer, values, folder


@unittest.skipUnless(sys.platform == "linux", "only Linux can have its steps served")
class ServeTests(unittest.TestCase):
    def test_every_step_is_a_process_of_its_own_that_sees_its_own_task(self):
        with Workshop(flow(BODY)) as workshop, Server(workshop) as server:
            seen = []
            for number in range(2):
                answer, values, folder = server.ask("start", {"MARK": str(number)})
                self.assertEqual(answer, {"exited": {"code": 0, "isLast": True}})
                self.assertEqual(values["parent"], server.process.pid)
                self.assertEqual(values["session"], values["pid"])
                self.assertEqual(values["folder"], folder)
                given = {**os.environ, "SET": "by the module", "MARK": str(number)}
                self.assertEqual({**values["environment"], "LC_CTYPE": ""}, {**given, "LC_CTYPE": ""})
                seen.append((values["pid"], values["number"]))
            self.assertEqual(len({pid for pid, _ in seen}), 2)
            self.assertEqual(len({number for _, number in seen}), 2)

    def test_a_signal_that_ends_a_step_is_told_and_the_next_one_runs(self):
        with Workshop(flow(BODY)) as workshop, Server(workshop) as server:
            self.assertEqual(server.ask("middle")[0], {"signaled": {"signal": 9, "isLast": True}})
            self.assertEqual(server.ask("start")[0], {"exited": {"code": 0, "isLast": True}})

    def test_a_process_that_is_left_behind_is_told(self):
        body = "@step\ndef start(self):\n    if os.fork() == 0:\n        import time; time.sleep(2)\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop, Server(workshop) as server:
            self.assertEqual(server.ask("start")[0], {"exited": {"code": 0, "isLast": False}})

    def test_the_child_that_waits_is_nobody_s_leaving_and_can_be_lost(self):
        with Workshop(flow(BODY)) as workshop, Server(workshop) as server:
            for _ in range(3):
                self.assertEqual(server.ask("start")[0], {"exited": {"code": 0, "isLast": True}})
                waiting = server.waiting()
                self.assertEqual(len(waiting), 1)
                os.kill(waiting[0], signal.SIGKILL)
                while not has_ended(waiting[0]):
                    time.sleep(0.01)
            server.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(server.process.wait(10), 0)

    def test_a_daemon_that_left_its_parent_is_told(self):
        body = """
    @step
    def start(self):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                import time; time.sleep(2)
            os._exit(0)
        os.wait()
        self.next(self.end)
    """
        with Workshop(flow(body)) as workshop, Server(workshop) as server:
            self.assertEqual(server.ask("start")[0], {"exited": {"code": 0, "isLast": False}})

    def test_a_step_is_over_when_it_is_killed_though_another_process_holds_what_it_held(self):
        body = """
    @step
    def start(self):
        if os.fork() == 0:
            import time; time.sleep(30); os._exit(0)
        os.kill(os.getpid(), 9)
        self.next(self.end)
    """
        with Workshop(flow(body)) as workshop, Server(workshop) as server:
            began = time.monotonic()
            self.assertEqual(server.ask("start")[0], {"signaled": {"signal": 9, "isLast": False}})
            self.assertLess(time.monotonic() - began, 25)

    def test_a_port_that_a_step_leaves_open_is_free_for_the_next(self):
        body = """
    @step
    def start(self):
        import socket
        type(self).listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
        type(self).much = bytearray(256 << 20)
        self.next(self.end)
    """
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = str(held.getsockname()[1])
        with Workshop(flow(body)) as workshop, Server(workshop) as server:
            for _ in range(10):
                self.assertEqual(
                    server.ask("start", {"PORT": port})[0], {"exited": {"code": 0, "isLast": True}})

    def test_the_dummy_step_runs_to_its_end(self):
        done = subprocess.run(
            [sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1]); from muster.serving import prefault; prefault.perform()",
             ROOT], stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_garbage_is_collected_as_ever_while_the_module_runs_and_after(self):
        body = "@step\ndef start(self):\n    self.thresholds = gc.get_threshold()\n    self.next(self.end)\n"
        for own, expected in (("", gc.get_threshold()), ("gc.set_threshold(5, 6, 7)", (5, 6, 7))):
            source = flow(body).replace("import os\n", f"import gc, os\n{own}\n", 1)
            with Workshop(source) as workshop, Server(workshop) as server:
                self.assertEqual(server.ask("start")[1]["thresholds"], expected)

    def test_the_end_of_the_input_and_sigterm_end_the_program(self):
        with Workshop(flow(BODY)) as workshop, Server(workshop) as server:
            server.ask("start")
            server.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(server.process.wait(60), 0)
        with Workshop(flow(BODY)) as workshop, Server(workshop) as server:
            server.ask("start")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
