"""Judges whether this process can be forked safely: a child has to be able to do all that a fresh interpreter would do.

The flow's own module runs in the child. What is judged here is what the libraries have left that were loaded before:
threads and open files do not survive a fork as they were, and random numbers that were taken from the system, a moment or a
temporary folder that one keeps would be the same in every child.
"""

import contextlib
import datetime
import os
import pathlib
import sys
import time

from .entropy import Entropy, GlobalNumbers
from .origins import Origins, file_of

# Variables that differ between the tasks of one server: what a library has read of them holds for the first task alone.
_TASKS_OWN = ("MUSTER_", "MF_PARALLEL_", "TMPDIR", "CUDA_VISIBLE_DEVICES")


class Watch:
    """A snapshot of the process before libraries are loaded, to compare it with afterwards."""

    def __init__(self):
        self.modules = set(sys.modules)
        self.origins = Origins()
        # The number of the import at whose end each thread was seen first.
        self.threads = {}
        self.files = frozenset(_open_files())
        self.variables = _tasks_variables()
        self.temporary = os.environ.get("TMPDIR")
        self.left = _listing(self.temporary)
        self.folder = os.getcwd()
        self.began = time.time()
        self.entropy = Entropy()
        self.numbers = GlobalNumbers()

    def end(self):
        """Takes back what was put in place to watch."""
        self.entropy.end()
        self.numbers.end()

    def reason_against(self, number):
        """Why what the import of this number has loaded cannot be shared, as far as that is seen without a fork."""
        for thread in _threads():
            self.threads.setdefault(thread, number)
        new = {name: sys.modules[name] for name in sys.modules.keys() - self.modules}
        self.modules.update(new)
        # `multiprocessing` calls the program by another name as well.
        new.pop("__mp_main__", None)
        return self._opened() or self._started() or self._drawn() or self._around() or self._strange(new) or self._held(new)

    def first_with_threads(self):
        """The number of the first import that has left a thread which is still there."""
        return min((self.threads.get(each, 0) for each in _threads() if each != str(os.getpid())), default=0)

    def _opened(self):
        opened = sorted(set(_open_files()) - self.files)
        return f"a library has opened {', '.join(opened[:3])}" if opened else None

    def _started(self):
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            return "a library has started processes"
        except ChildProcessError:
            pass
        torch = sys.modules.get("torch")
        cuda = getattr(torch, "cuda", None)
        return "a library has begun to use CUDA" if cuda is not None and cuda.is_initialized() else None

    def _drawn(self):
        if self.numbers.have_changed():
            return "a library has seeded or drawn random numbers"
        return self.entropy.reason

    def _around(self):
        if _tasks_variables() != self.variables:
            return "a library has changed variables of the task"
        if os.getcwd() != self.folder:
            return "a library has gone to another folder"
        if _listing(self.temporary) != self.left:
            return f"a library has left something in {self.temporary}"
        return None

    def _strange(self, modules):
        """A library can import modules of the flow's, by a name that it was told or that stands before its own."""
        for module in modules.values():
            file = file_of(module)
            if isinstance(file, str) and not self.origins.is_installed(file):
                return f"a library has loaded {file}"
        return None

    def _held(self, modules):
        for name, module in modules.items():
            if not self.origins.is_standard(str(file_of(module) or "")) and (value := self._held_by(module)):
                return f"{name} keeps {value}, which another process would have otherwise"
        return None

    def _held_by(self, module):
        """The name of a value of this task or moment in a module."""
        try:
            values = list(object.__getattribute__(module, "__dict__").items())
        except AttributeError:
            return None
        looked_at = _MOMENTS if self.temporary is None else _LOOKED_AT
        return next((name for name, value in values if type(value) in looked_at and self._is_passing(value)), None)

    def _is_passing(self, value):
        if type(value) is dict:
            return value.get("TMPDIR") == self.temporary
        if type(value) in _TEXTS:
            return self.temporary in str(value)
        with contextlib.suppress(OverflowError, ValueError, OSError):
            return self.began <= (value if type(value) is float else value.timestamp()) <= time.time()


_TEXTS = (str, pathlib.PosixPath, pathlib.PurePosixPath)
_MOMENTS = frozenset((float, datetime.datetime))
_LOOKED_AT = _MOMENTS | {dict, *_TEXTS}


def _tasks_variables():
    return {name: value for name, value in os.environ.items() if name.startswith(_TASKS_OWN)}


def _listing(folder):
    try:
        return sorted(os.listdir(folder)) if folder else None
    except OSError:
        return None


def _open_files():
    """What the descriptors above the standard ones lead to. Devices of randomness and nothing are no state."""
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if int(name) > 2 and target not in ("/dev/null", "/dev/urandom", "/dev/random"):
            yield target


def _threads():
    return os.listdir("/proc/self/task")


def may_have_threads():
    return len(_threads()) > 1


def has_one_thread():
    """Whether this process, which has just been divided, has one thread.

    A library that knows of fork, such as OpenBLAS, ends its threads before one and starts them again when it needs
    them, on both sides. Those that are left are somebody's who does not.
    """
    # A thread that has been waited for can be listed for a moment more.
    for _ in range(30):
        if not may_have_threads():
            return True
        time.sleep(0.005)
    return False


def forget_temporary_folder():
    """Where Python has looked for a temporary folder already: the next task has another one."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None and tempfile.tempdir is not None:
        known, tempfile.tempdir = tempfile.tempdir, None
        tempfile.tempdir = None if tempfile.gettempdir() == known else known


def draw_anew():
    """In a child: what a fresh interpreter takes from the system's randomness, from there again.

    `random` sees to itself.
    """
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        # As good as `seed()`, in half the time.
        key = sys.modules["numpy"].frombuffer(os.urandom(4 * 624), dtype="uint32")
        numpy.set_state(("MT19937", key, 624))
    torch = sys.modules.get("torch")
    if torch is not None:
        # Those of the CPU alone: on GPUs every process begins with the same.
        torch.default_generator.seed()
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        processes.current_process().authkey = os.urandom(32)
