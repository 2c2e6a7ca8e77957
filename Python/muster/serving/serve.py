"""The verb `serve`: runs every step in a child made by fork, in which the flow's module runs as in a fresh interpreter.

The server loads only the libraries that the module imports first (see `muster.source.preload`), once for all steps, and
only those that a fork carries over unchanged (see `fork_safety`). If an import turns out to be unsafe, the server
replaces itself by exec with one that stops before that import, and leaves the rest to the children.

A step in a process of its own takes 45 ms of processor time, a served one 7 (Benchmarks: python-foreach). With NumPy
and pandas loaded once, it is 10 ms instead of 630 (Benchmarks: python-imports).

While a step runs, the server forks the child for the next one, which takes its page faults and waits: this saves 4 ms
of 11 of a served step (Benchmarks: python-foreach).
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys

from ..launch import launch
from ..program import ending, module
from . import early_exit, fork_safety, prefault
from .loading import Loading

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_connection = None


def run(path, words, again):
    """Answers one request after the other until the end of the input. Never returns.

    words, again: see ``Loading``.
    """
    global _connection
    _connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    loading = Loading(path, words, again, _connection)
    reason = loading.perform()
    libc = ctypes.CDLL(None, use_errno=True)
    # Processes that a step leaves behind become this process's children, so that it sees whether there are any.
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = _Server(loading, libc)
    termination = _Termination()
    loading.freeze()
    reason = reason or server.prepare()
    if not reason:
        _answer({"loaded": {}})
    with _connection.makefile("rb") as requests:
        while not termination.is_requested:
            line = requests.readline()
            if not line:
                break
            with termination:
                refusal = reason or loading.reason_now(json.loads(line))
                _answer({"refused": {"reason": refusal}} if refusal else server.run(line))
    server.end()
    # Without exit functions: those that libraries have registered run in the steps.
    os._exit(0)


def _answer(answer):
    _connection.sendall(json.dumps(answer).encode() + b"\n")


class _Termination:
    """SIGTERM makes the running step the last one; without a running step it ends the server at once."""

    def __init__(self):
        self.is_requested = False
        self.is_busy = False
        signal.signal(signal.SIGTERM, self._request)

    def _request(self, *_):
        self.is_requested = True
        if not self.is_busy:
            os._exit(0)

    def __enter__(self):
        self.is_busy = True

    def __exit__(self, *_):
        self.is_busy = False


class _Server:
    """Runs one step after the other, each in a child that is forked ahead if the system lists a process's children."""

    def __init__(self, loading, libc):
        self.loading, self.libc = loading, libc
        self.process = os.getpid()
        # A handler that a library has set is meant for the steps.
        self.sigterm = signal.getsignal(signal.SIGTERM)
        # Without the list of children, a spare child could not be told from a process that a step has left behind.
        self.keeps_spare = early_exit.children() is not None
        self.spare = None
        self.takes_notices = early_exit.is_supported()
        # Children that have sent their early exit notice and have not ended yet.
        self.ending = set()

    def prepare(self):
        """Forks for the first time. Returns the reason if steps cannot be served, else None."""
        try:
            self.spare = _Child(self)
        except OSError as error:
            return f"fork: {error.strerror}"
        reason = self.loading.reason_after_fork()
        if reason or not self.keeps_spare:
            self._dismiss_spare()
        return reason

    def run(self, line):
        """Runs the step of a request. Returns the answer."""
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
            # If it fails, the next step forks its own child, and reports the error.
            with contextlib.suppress(OSError):
                self.spare = _Child(self, running)

    def _wait(self, child):
        code = child.wait_for_notice()
        if code is not None:
            self.ending.add(child.process)
            return {"exited": {"code": code, "isLast": self._has_left_nothing()}}
        _, status = os.waitpid(child.process, 0)
        is_last = self._has_left_nothing()
        if os.WIFSIGNALED(status):
            return {"signaled": {"signal": os.WTERMSIG(status), "isLast": is_last}}
        return {"exited": {"code": os.WEXITSTATUS(status), "isLast": is_last}}

    def _has_left_nothing(self):
        """Reaps children that have ended. Returns whether only known ones are left: this process is a subreaper, so
        those that a step left behind are its children.
        """
        try:
            while ended := os.waitpid(-1, os.WNOHANG)[0]:
                self.ending.discard(ended)
        except ChildProcessError:
            return True
        spare = {self.spare.process} if self.spare is not None else set()
        return self.keeps_spare and self.ending | spare >= set(early_exit.children())


class _Child:
    """A forked child, which waits for the request that names its step. running: the child that runs at the moment."""

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
            _run_child(server, reading, writing)
        _close(reading, writing)

    def begin(self, line):
        """Sends the request. Returns false if the child has ended before."""
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
        """Returns the exit code of the child's early exit notice; None if the child has ended without one."""
        if self.notice is None:
            return None
        code = early_exit.wait_for_notice(self.notice, self.process)
        _close(self.notice)
        return code

    def dismiss(self):
        _close(self.requests, self.notice)
        # A child that was killed may have been reaped already.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.process, 0)


def _close(*descriptors):
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def _run_child(server, requests, writing):
    """Waits for the request, runs its step and ends the process."""
    code = 1
    try:
        _separate(server)
        prefault.prefault()
        with open(requests, "rb") as source:
            line = source.readline()
        if not line:
            os._exit(0)
        if writing is not None:
            ending.call_before(early_exit.EarlyExitNotice(writing).send)
        code = _run_step(server.loading, json.loads(line))
    except BaseException:
        import traceback
        traceback.print_exc()
    ending.end(code)


def _run_step(loading, request):
    """Continues as the verb `step` does, from the point where the flow's module is run."""
    os.chdir(request["workFolder"])
    os.environ.update(request["environment"])
    loading.captured.show()
    launch.verb = ["step", request["step"], "--folder", request["folder"]]
    return module.perform(loading.main, loading.code)


def _separate(server):
    """Gives the child the state of a step's process that the agent starts itself: signals, session, random numbers."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL if server.sigterm is None else server.sigterm)
    os.setsid()
    server.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server.process:
        os._exit(1)
    os.close(_connection.fileno())
    fork_safety.reseed()
