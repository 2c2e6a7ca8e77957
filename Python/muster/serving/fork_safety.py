"""Judges whether this process can be forked safely after libraries were loaded.

A child has to behave like a fresh interpreter that has loaded the same libraries. Threads do not survive a fork, and
open files are shared. Random numbers that a library has drawn, a time or the path of a temporary folder that it stores
would be the same in every child. The flow's own module is not judged: it runs in the child.
"""

import contextlib
import os
import sys
import time

from ..source.origins import Origins, file_of
from .entropy import Entropy, GlobalNumbers

# Variables that differ between the tasks of one server: a value that a library has read is right for the first task
# alone.
_TASKS_OWN = ("MUSTER_", "MF_PARALLEL_", "TMPDIR", "CUDA_VISIBLE_DEVICES")


class Watch:
    """A snapshot of the process before libraries are loaded, for a comparison after each import."""

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
        """Removes the hooks that notice random numbers."""
        self.entropy.end()
        self.numbers.end()

    def reason_against(self, number):
        """Returns the reason if the import of this number makes a fork unsafe, else None."""
        for thread in _threads():
            self.threads.setdefault(thread, number)
        new = {name: sys.modules[name] for name in sys.modules.keys() - self.modules}
        self.modules.update(new)
        # A second name that `multiprocessing` gives to `__main__`.
        new.pop("__mp_main__", None)
        return (self._opened() or self._started() or self._drawn() or self._around() or self._own_modules(new)
                or self._stored(new))

    def first_with_threads(self):
        """Returns the number of the first import that has started a thread which still runs."""
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

    def _own_modules(self, modules):
        """A library may import a module of the flow's: by a configured name, or one that shadows the library's own."""
        for module in modules.values():
            file = file_of(module)
            if isinstance(file, str) and not self.origins.is_installed(file):
                return f"a library has loaded {file}"
        return None

    def _stored(self, modules):
        moments = {float, *_loaded("datetime", "datetime")}
        holders = {dict, str, *_loaded("pathlib", "PosixPath", "PurePosixPath")} if self.temporary is not None else set()
        for name, module in modules.items():
            if not self.origins.is_standard(str(file_of(module) or "")) and (
                    value := self._stored_in(module, moments, holders)):
                return f"{name} stores {value}, which differs in every process"
        return None

    def _stored_in(self, module, moments, holders):
        """Returns the name of a module's variable that holds a time or the task's temporary folder, else None.

        moments: types of times. holders: types of values that may hold a path.
        """
        try:
            values = list(object.__getattribute__(module, "__dict__").items())
        except AttributeError:
            return None
        return next((
            name for name, value in values
            if type(value) in moments and self._is_recent(value)
            or type(value) in holders and self._holds_temporary_folder(value)), None)

    def _is_recent(self, moment):
        with contextlib.suppress(OverflowError, ValueError, OSError):
            return self.began <= (moment if type(moment) is float else moment.timestamp()) <= time.time()

    def _holds_temporary_folder(self, value):
        return value.get("TMPDIR") == self.temporary if type(value) is dict else self.temporary in str(value)


def _loaded(module, *names):
    """Types of a module that a library has imported; no value has such a type as long as none has."""
    found = [getattr(sys.modules.get(module), name, None) for name in names]
    return [each for each in found if isinstance(each, type)]


def _tasks_variables():
    return {name: value for name, value in os.environ.items() if name.startswith(_TASKS_OWN)}


def _listing(folder):
    try:
        return sorted(os.listdir(folder)) if folder else None
    except OSError:
        return None


def _open_files():
    """Yields the targets of open descriptors above 2. /dev/null and devices of random numbers hold no state."""
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
    """True if this process has one thread right after a fork.

    A library that handles fork, such as OpenBLAS, ends its threads before one, and starts them when it needs them
    again. Threads that are left belong to a library that does not.
    """
    # The kernel can list a joined thread for a moment longer.
    for _ in range(30):
        if not may_have_threads():
            return True
        time.sleep(0.005)
    return False


def forget_temporary_folder():
    """Resets the temporary folder that Python has looked up: every task has its own."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None and tempfile.tempdir is not None:
        known, tempfile.tempdir = tempfile.tempdir, None
        tempfile.tempdir = None if tempfile.gettempdir() == known else known


def reseed():
    """In a child: seeds global random numbers again, as a fresh interpreter does. `random` does so itself after a fork."""
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
    torch = sys.modules.get("torch")
    if torch is not None:
        # For the CPU alone: on GPUs every process begins with the same seed.
        torch.default_generator.seed()
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        processes.current_process().authkey = os.urandom(32)
