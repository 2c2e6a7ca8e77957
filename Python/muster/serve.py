"""The verb `serve`: every step is a child made by fork, in which the flow's module runs as in a fresh interpreter.

Only the libraries that the module imports first are loaded here, once for all steps (see `preload`), and only those that
leave nothing that a fresh interpreter would have otherwise (see `fork_safety`). Where something else is found, the program
begins anew and leaves that import to the children.

While a step runs, the child for the next one is made beside it, and waits: a child pays for every page that it touches
first, which is most of what a short step takes.
"""

import contextlib
import json
import os
import signal
import socket
import sys

from . import early_exit, fork_safety, prefault, program
from .launch import launch
from .loading import Loading

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_connection = None


def run(path, words, again):
    """Answers one request after the other until the end of the input. Never returns.

    - words, again: As ``Loading`` takes them.
    """
    global _connection
    _connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    loading = Loading(path, words, again, _connection)
    reason = loading.perform()
    libc = _libc()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = _Server(loading, libc)
    ending = _Ending()
    prefault.prefault()
    loading.settle()
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
        self.keeps_spare = early_exit.children() is not None
        self.spare = None
        self.takes_notices = early_exit.is_supported()
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
        code = child.wait_for_notice()
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
        return self.keeps_spare and self.leaving | spare >= set(early_exit.children())


class _Child:
    """A child made by fork, maybe beside one that runs. It waits for the request that says which step it is to be."""

    def __init__(self, server, running=None):
        sys.stdout.flush()
        sys.stderr.flush()
        reading, self.requests = os.pipe()
        self.notice, writing = os.pipe() if server.takes_notices else (None, None)
        try:
            self.process = os.fork()
        except OSError:
            _close(reading, self.requests, self.notice, writing)
            raise
        if self.process == 0:
            _close(self.requests, self.notice, running and running.notice)
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
            _close(self.notice)
            return False

    def wait_for_notice(self):
        """Waits for the child's early exit notice. Returns its exit code; None if the child ends without one."""
        if self.notice is None:
            return None
        code = early_exit.wait_for_notice(self.notice, self.process)
        _close(self.notice)
        return code

    def dismiss(self):
        _close(self.requests, self.notice)
        # Where it was ended from outside it may have been reaped among what a step left behind.
        with contextlib.suppress(ChildProcessError):
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
        prefault.prefault()
        with open(requests, "rb") as source:
            line = source.readline()
        if not line:
            os._exit(0)
        if writing is not None:
            program.early_exit_notice = early_exit.EarlyExitNotice(writing)
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
    fork_safety.draw_anew()


def _libc():
    import ctypes
    return ctypes.CDLL(None, use_errno=True)
