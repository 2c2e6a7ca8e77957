"""The processes that move objects for this one: `muster-agent s3`, one request at a time each.

A process is started at first use, kept for the next request, and ends with this one. A thread that asks while all are
busy gets one of its own; so does the child of a fork.
"""

import atexit
import contextlib
import json
import os
import subprocess
import threading

from .errors import MISSING, MetaflowS3Exception, failure

# Items of one request: a line must not become too long.
_BATCH = 10_000


class _Pool:
    """Helpers of this process, by the variables of AWS that they were started with."""

    def __init__(self):
        self.lock = threading.Lock()
        self.idle = {}
        self.all = set()

    @contextlib.contextmanager
    def helper(self, variables):
        """Lends a helper. One whose request was interrupted is ended."""
        key = tuple(sorted((name, value) for name, value in variables.items() if _counts(name)))
        with self.lock:
            idle = self.idle.setdefault(key, [])
            helper = idle.pop() if idle else None
            if helper is not None and not helper.is_running:
                self.all.discard(helper)
                helper.end()
                helper = None
        if helper is None:
            helper = Helper(variables)
            with self.lock:
                self.all.add(helper)
        try:
            yield helper
        except BaseException:
            with self.lock:
                self.all.discard(helper)
            helper.end()
            raise
        with self.lock:
            self.idle[key].append(helper)

    def end(self):
        with self.lock:
            helpers, self.idle, self.all = list(self.all), {}, set()
        for helper in helpers:
            helper.end()

    def forget(self):
        """In the child of a fork: the helpers are the parent's."""
        for helper in self.all:
            helper.forget()
        self.__init__()


def _counts(name):
    return name.startswith("AWS_") or name in ("HOME", "SSL_CERT_FILE", "MUSTER_ASSUME_ROLE")


_pool = _Pool()
atexit.register(_pool.end)
os.register_at_fork(after_in_child=_pool.forget)


def ask(variables, verb, items, **options):
    """Returns the answers, each with the `index` of its item, in the order in which they came.

    Raises the first failure, after which nothing else is begun. A missing object is none with `all=False`.
    """
    answers = []
    for start in range(0, len(items), _BATCH):
        with _pool.helper(variables) as helper:
            batch = helper.ask({"do": verb, "items": items[start:start + _BATCH], **options})
        for answer in batch:
            if "error" in answer and (answer["code"] != MISSING or options.get("all", True)):
                raise failure(answer)
            answer["index"] += start
        answers += batch
    return answers


class Helper:
    """One process."""

    def __init__(self, variables):
        command = _command()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables, bufsize=0,
                # Ctrl-C at a terminal is for the program, which may go on.
                start_new_session=True)
        except OSError as error:
            raise MetaflowS3Exception(f"{command[0]}, which moves objects of S3, cannot be started: {error}") from None
        self._answers = open(self._process.stdout.fileno(), "rb", closefd=False)

    @property
    def is_running(self):
        return self._process.poll() is None

    def ask(self, request):
        """The answers to one request; the last one has no `index`, and is among them if it says why there are no others."""
        line = memoryview(json.dumps(request).encode() + b"\n")
        try:
            while line:
                line = line[self._process.stdin.write(line):]
        except OSError:
            raise self._lost() from None
        answers = []
        while True:
            line = self._answers.readline()
            if not line:
                raise self._lost()
            answer = json.loads(line)
            if "error" in answer or not answer.get("done"):
                answers.append(answer)
            if answer.get("done"):
                return answers

    def end(self):
        """The helper ends with its input, and gives up what it does when nobody reads."""
        process = self._process
        for stream in (process.stdin, self._answers, process.stdout):
            stream.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stderr.close()

    def forget(self):
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            stream.close()
        # Not this process's child: nobody here waits for it.
        self._process.returncode = 0

    def _lost(self):
        text = self._process.stderr.read().decode(errors="replace").strip()
        self._process.wait()
        return MetaflowS3Exception(
            "the program that moves objects of S3 has ended: " + (text or f"exit code {self._process.returncode}"))


def _command():
    """The agent's program in a step, otherwise `muster`."""
    agent = os.environ.get("MUSTER_NODE_AGENT")
    if agent:
        return [agent, "s3"]
    from ..muster_command import required_command
    return [required_command(), "s3"]
