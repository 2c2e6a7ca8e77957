"""The verb `serve`: every step is a child made by fork, in which the flow's module runs as in a fresh interpreter.

Only the libraries that the module imports first are loaded here, once for all steps (see `preload`), and only those that
leave nothing that a fresh interpreter would have otherwise (see `divisible`). Where something else is found, the program
begins anew and leaves that import to the children.

While a step runs, the child for the next one is made beside it, and waits: a child pays for every page that it touches
first, which is most of what a short step takes.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import sys

from . import divisible, farewell, program, rehearsal
from .captured import Captured
from .launch import launch
from .origins import Installation

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# When garbage is collected while libraries are loaded: with thousands of objects that all stay, the usual thresholds cost a
# fifth of the time that their imports take.
UNHURRIED = (100_000, 50, 50)

_connection = None


def run(path, words, again):
    """Answers one request after the other until the end of the input. Never returns.

    - words: What the verb was given; see ``_Loading``.
    - again: The words that start this program, up to the verb.
    """
    global _connection
    _connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    loading = _Loading(path, words, again)
    reason = loading.perform()
    libc = _libc()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = _Server(loading, libc)
    ending = _Ending()
    rehearsal.rehearse()
    # What is there now stays: a child that looked for garbage among it would copy every page it lies on.
    gc.freeze()
    if gc.get_threshold() == UNHURRIED:
        gc.set_threshold(*loading.thresholds)
    reason = reason or server.prepare()
    if not reason:
        _answer({"loaded": {}})
    with _connection.makefile("rb") as requests:
        while not ending.is_asked:
            line = requests.readline()
            if not line:
                break
            with ending:
                because = reason or loading.reason_now(json.loads(line))
                _answer({"refused": {"reason": because}} if because else server.run(line))
    server.end()
    # What a library has registered for the end belongs to the steps, and to take every module apart takes a while.
    os._exit(0)


class _Loading:
    """The libraries that the children find loaded, and the flow's module as it is compiled.

    Where one of them may not be shared, the program is replaced by one that stops before it (`--at-most N`).
    """

    def __init__(self, path, words, again):
        self.path, self.again = path, again
        self.folder, self.environment = os.getcwd(), dict(os.environb)
        self.limit = int(words[1]) if words[:1] == ["--at-most"] else None
        self.captured = Captured()
        self.thresholds = None
        self.source = self.code = self.preload = self.watch = self.seen = self.installation = None
        # The module that runs as the program: libraries may ask for it while they are loaded.
        self.main = program.main_module(path)

    def perform(self):
        """Returns why no step can be served; None where it can."""
        # Loaded here once for all children; a step without a server loads them too.
        from . import arguments, artifacts, failures, frameworks, graph, inputs, items, running, state, task  # noqa: F401
        import ast
        import faulthandler  # noqa: F401
        self.thresholds = gc.get_threshold()
        gc.set_threshold(*UNHURRIED)
        self.seen, self.installation = _signature(self.path), Installation()
        try:
            self.source = _content(self.path)
            tree = ast.parse(self.source, self.path)
            self.code = compile(tree, self.path, "exec", dont_inherit=True)
        except (OSError, SyntaxError, ValueError) as error:
            return f"the flow's file cannot be read: {error}"
        with self.captured:
            reason = self._load(tree)
        return self._reconsidered(reason, self.preload.count)

    def _load(self, tree):
        from .preload import Preload
        self.watch = divisible.Watch()
        self.preload = Preload(tree, self.path, self.limit, self._look)
        try:
            self.preload.run()
        except _Guilty as guilty:
            return str(guilty)
        except BaseException as error:
            # The step's own import says so where people see it.
            return f"an import ended in {type(error).__name__}: {error}"
        finally:
            self.watch.end()
        divisible.forget_temporary_folder()
        # A child looks for itself which modules there are: an earlier step may have written some.
        sys.path_importer_cache.clear()
        return None

    def _look(self):
        reason = self.watch.reason_against(self.preload.count)
        if reason:
            raise _Guilty(reason)

    def reason_after_fork(self):
        """Why what has been loaded cannot be shared, as far as that is seen once this process has been divided."""
        if divisible.has_one_thread():
            return None
        return self._reconsidered("a library has started threads", self.watch.first_with_threads())

    def _reconsidered(self, reason, guilty):
        """Begins anew without the guilty import and those after it. Returns the reason where that is no way out."""
        if reason and (self.limit is None or guilty < self.limit):
            self._begin_anew(["--at-most", str(guilty)])
        return reason

    def _begin_anew(self, words):
        sys.stdout.flush()
        sys.stderr.flush()
        # What a library has started goes with what was loaded; the next one starts it where it is wanted.
        for process in farewell.children() or []:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.dup2(_connection.fileno(), 0)
        # A library can have changed them.
        os.chdir(self.folder)
        os.execve(sys.executable, [sys.executable, *self.again, "serve", *words], self.environment)

    def reason_now(self, request):
        """Why this step cannot be served though others were: something that was read has changed, or is elsewhere."""
        if "MUSTER_FLOW_FOLDER" in request["environment"]:
            return "the step has a copy of the flow of its own"
        signature = _signature(self.path)
        if signature != self.seen and not self._is_same_file(signature):
            return "the flow's file has changed"
        return "an installed package has changed" if self.installation.has_changed() else None

    def _is_same_file(self, signature):
        """Whether the flow's file is only another copy of what it was."""
        try:
            is_same = _content(self.path) == self.source
        except OSError:
            return False
        self.seen = signature if is_same else self.seen
        return is_same


def _signature(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _content(path):
    with open(path, "rb") as file:
        return file.read()


class _Guilty(Exception):
    """The last import may not be shared."""


def _answer(answer):
    _connection.sendall(json.dumps(answer).encode() + b"\n")


class _Ending:
    """SIGTERM lets the step that runs now be the last one; where none runs, it ends the program at once."""

    def __init__(self):
        self.is_asked = False
        self.is_busy = False
        signal.signal(signal.SIGTERM, self._asked)

    def _asked(self, *_):
        self.is_asked = True
        if not self.is_busy:
            os._exit(0)

    def __enter__(self):
        self.is_busy = True

    def __exit__(self, *_):
        self.is_busy = False


class _Server:
    """Runs one step after the other, each in a child that was made before it is needed where that can be told apart."""

    def __init__(self, loading, libc):
        self.loading, self.libc = loading, libc
        self.process = os.getpid()
        # What a library wants to be done about it is the step's.
        self.terminated = signal.getsignal(signal.SIGTERM)
        # Without the system's list of them, a spare child cannot be told from what a step has left behind.
        self.keeps_spare = farewell.children() is not None
        self.spare = None
        self.hears = farewell.can_be_heard()
        # Children that have done their step and said so, but have not ended yet.
        self.leaving = set()

    def prepare(self):
        """Divides this process for the first time. Returns why that does not work; None where it does."""
        try:
            self.spare = _Child(self)
        except OSError as error:
            return f"fork: {error.strerror}"
        reason = self.loading.reason_after_fork()
        if reason or not self.keeps_spare:
            self._dismiss_spare()
        return reason

    def run(self, line):
        """The answer to a request, once its step has ended."""
        try:
            child = self._begin(line)
        except OSError as error:
            return {"refused": {"reason": f"fork: {error.strerror}"}}
        self._make_spare(child)
        return self._wait(child)

    def end(self):
        if self.spare is not None:
            self._dismiss_spare()

    def _dismiss_spare(self):
        self.spare.dismiss()
        self.spare = None

    def _begin(self, line):
        spare, self.spare = self.spare, None
        if spare is None or not spare.begin(line):
            spare = _Child(self)
            spare.begin(line)
        return spare

    def _make_spare(self, running):
        if self.keeps_spare:
            # The next step makes its own child, and says what kept this one from it.
            with contextlib.suppress(OSError):
                self.spare = _Child(self, running)

    def _wait(self, child):
        code = child.hear()
        if code is not None:
            self.leaving.add(child.process)
            return {"exited": {"code": code, "isLast": self._leaves_nothing()}}
        _, status = os.waitpid(child.process, 0)
        is_last = self._leaves_nothing()
        if os.WIFSIGNALED(status):
            return {"signaled": {"signal": os.WTERMSIG(status), "isLast": is_last}}
        return {"exited": {"code": os.WEXITSTATUS(status), "isLast": is_last}}

    def _leaves_nothing(self):
        """Whoever the step left behind has come to this process: the dead are of no interest."""
        try:
            while ended := os.waitpid(-1, os.WNOHANG)[0]:
                self.leaving.discard(ended)
        except ChildProcessError:
            return True
        spare = {self.spare.process} if self.spare is not None else set()
        return self.keeps_spare and self.leaving | spare >= set(farewell.children())


class _Child:
    """A child made by fork, maybe beside one that runs. It waits for the request that says which step it is to be."""

    def __init__(self, server, running=None):
        sys.stdout.flush()
        sys.stderr.flush()
        reading, self.requests = os.pipe()
        self.farewell, writing = os.pipe() if server.hears else (None, None)
        try:
            self.process = os.fork()
        except OSError:
            _close(reading, self.requests, self.farewell, writing)
            raise
        if self.process == 0:
            _close(self.requests, self.farewell, running and running.farewell)
            _become_child(server, reading, writing)
        _close(reading, writing)

    def begin(self, line):
        """Returns false when the child has gone, and with it whatever it could have begun."""
        try:
            with open(self.requests, "wb", buffering=0) as requests:
                # A pipe takes less than the longest request at once.
                while line:
                    line = line[requests.write(line):]
            return True
        except BrokenPipeError:
            _close(self.farewell)
            return False

    def hear(self):
        """The code that the child says it ends with; None when it ends without a word."""
        if self.farewell is None:
            return None
        code = farewell.hear(self.farewell, self.process)
        _close(self.farewell)
        return code

    def dismiss(self):
        _close(self.requests, self.farewell)
        os.waitpid(self.process, 0)


def _close(*descriptors):
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def _become_child(server, requests, writing):
    """Never returns."""
    code = 1
    try:
        _leave_server(server)
        rehearsal.rehearse()
        with open(requests, "rb") as source:
            line = source.readline()
        if not line:
            os._exit(0)
        if writing is not None:
            program.farewell = farewell.Farewell(writing)
        code = _run_step(server.loading, json.loads(line))
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        program.leave(code)


def _run_step(loading, request):
    """Goes on as the verb `step` does from where the flow's module is to run."""
    os.chdir(request["workFolder"])
    os.environ.update(request["environment"])
    loading.captured.show()
    launch.verb = ["step", request["step"], "--folder", request["folder"]]
    return program.perform(loading.main, loading.code)


def _leave_server(server):
    """Makes the child what the agent makes of a step's process that it starts itself."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL if server.terminated is None else server.terminated)
    os.setsid()
    server.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server.process:
        os._exit(1)
    os.close(_connection.fileno())
    divisible.draw_anew()


def _libc():
    import ctypes
    return ctypes.CDLL(None, use_errno=True)
