"""Whether this process may be divided: whether a child made by fork is what a fresh interpreter would be after the
flow's module has run.

Threads and open files do not survive a fork as they were, and random numbers that began before it would be the same in
every child.
"""

import os
import random
import sys
import time

# Where NumPy's global numbers stand when its import, or a seed from the system, has just made them: the first word of the
# Mersenne twister's key, and the position in it.
_FIRST, _POSITION = 0x80000000, 623

_files = frozenset()
_random = None


def remember():
    """Before the flow's module runs: what there is already is not the module's."""
    global _files, _random
    _random = random.getstate()
    _files = frozenset(_open_files())


def reason_against():
    """Why this process cannot be divided, as far as that is seen without doing it; None where nothing is."""
    opened = sorted(set(_open_files()) - _files)
    if opened:
        return f"the flow's module has opened {', '.join(opened[:3])}"
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return "the flow's module has started processes"
    except ChildProcessError:
        pass
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "the flow's module has begun to use CUDA"
    if random.getstate() != _random:
        return "the flow's module has seeded or drawn random numbers"
    numpy = _numpy()
    if numpy is not None and not _is_fresh(numpy) and not _is_seeded(numpy):
        return "the flow's module has drawn random numbers with NumPy"
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


def has_one_thread():
    """Whether this process, which has just been divided, has one thread.

    A library that knows of fork, such as OpenBLAS, ends its threads before one and starts them again when it needs
    them, on both sides. Those that are left are somebody's who does not.
    """
    # A thread that has been waited for can be listed for a moment more.
    for _ in range(100):
        if len(os.listdir("/proc/self/task")) == 1:
            return True
        time.sleep(0.005)
    return False


def _numpy():
    """NumPy, where the flow's module has loaded it with its random numbers."""
    numpy = sys.modules.get("numpy")
    return numpy if hasattr(numpy, "random") else None


def has_fresh_numpy():
    """Whether NumPy's global numbers are from the system's randomness: then each child has to have its own."""
    numpy = _numpy()
    return numpy is not None and _is_fresh(numpy)


def draw_anew():
    """Gives this process global numbers of NumPy's from the system's randomness, as its import does. `numpy.random.seed()`
    would do the same, and take twice as long in a process that was just divided."""
    numpy = _numpy()
    key = numpy.frombuffer(bytearray(os.urandom(4 * 624)), dtype=numpy.uint32)
    key[0] = _FIRST
    numpy.random.set_state(("MT19937", key, _POSITION))


def _is_fresh(numpy):
    """Whether NumPy's global numbers are as its import made them: from the system's randomness, and none drawn."""
    _, key, position, *_ = numpy.random.get_state()
    return int(position) == _POSITION and int(key[0]) == _FIRST


def _is_seeded(numpy):
    """Whether they are as `numpy.random.seed(N)` leaves them: then every interpreter has the same."""
    state = numpy.random.get_state()
    try:
        again = numpy.random.RandomState(int(state[1][0])).get_state()
    except ValueError:
        return False
    return all((each == other).all() if hasattr(each, "all") else each == other for each, other in zip(state, again))
