"""The verb `serve`: the flow's module is run once, and every step is a child made by fork.

A child has to see what a fresh interpreter would see after the module has run. Where that cannot be had, the program
refuses, and the agent starts an interpreter for each step: threads and open files do not survive a fork as they were,
and random numbers that began before it would be the same in every child.
"""

import json
import os
import signal
import socket
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_connection = None
_files = frozenset()
_random = None
#: NumPy's global numbers are from the system's randomness: each child has to have its own.
_draws_anew = False


def prepare():
    """Before the flow's module runs: takes the agent's socket off standard input, and notes what there is."""
    global _connection, _files, _random
    import random
    _connection = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    # Loaded here once for all children; a step without a server loads them too.
    from . import arguments, artifacts, failures, frameworks, graph, inputs, running, state, task  # noqa: F401
    _random = random.getstate()
    _files = frozenset(_open_files())


def run(flow):
    """Answers one request after the other until the end of the input. Returns the exit code."""
    global _draws_anew
    import gc
    from .constants import fix
    from .program import begin_step
    begin_step()
    fix(flow)
    parent = os.getpid()
    libc = _libc()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ending = _Ending()
    reason = _reason()
    numpy = _numpy()
    _draws_anew = numpy is not None and _is_fresh(numpy)
    # What is alive now stays: a child that collected it would copy every page it lies on.
    gc.collect()
    gc.freeze()
    if not reason:
        _answer({"loaded": {}})
    with _connection.makefile("rb") as requests:
        while not ending.is_asked:
            line = requests.readline()
            if not line:
                break
            request = json.loads(line)
            with ending:
                _answer({"refused": {"reason": reason}} if reason else _serve(flow, request, parent, libc))
    return 0


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


def _serve(flow, request, parent, libc):
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        child = os.fork()
    except OSError as error:
        return {"refused": {"reason": f"fork: {error.strerror}"}}
    if child:
        return _wait(child)
    from .program import leave
    code = 1
    try:
        _become_step(request, parent, libc)
        from . import task
        code = task.run(flow, request["step"], request["folder"])
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        leave(code)


def _become_step(request, parent, libc):
    """Makes the child what the agent makes of a step's process that it starts itself."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setsid()
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    os.close(_connection.fileno())
    os.chdir(request["workFolder"])
    os.environ.update(request["environment"])
    if _draws_anew:
        sys.modules["numpy"].random.seed()


def _wait(child):
    _, status = os.waitpid(child, 0)
    is_last = True
    # Whoever the step left behind has come to this process: the dead are of no interest.
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        is_last = False
    except ChildProcessError:
        pass
    if os.WIFSIGNALED(status):
        return {"signaled": {"signal": os.WTERMSIG(status), "isLast": is_last}}
    return {"exited": {"code": os.WEXITSTATUS(status), "isLast": is_last}}


# Whether this process may be divided


def _reason():
    """Why this process cannot be divided; None where it can."""
    import random
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
    if _threads_after_fork() > 1:
        return "the flow's module has started threads"
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


def _threads_after_fork():
    """The threads of this process once it has been divided on trial.

    A library that knows of fork, such as OpenBLAS, ends its threads before one and starts them again when it needs
    them, on both sides. Those that are left are somebody's who does not.
    """
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    # A thread that has been waited for can be listed for a moment more.
    for _ in range(100):
        count = len(os.listdir("/proc/self/task"))
        if count == 1:
            break
        time.sleep(0.005)
    return count


def _numpy():
    """NumPy, where the flow's module has loaded it with its random numbers."""
    numpy = sys.modules.get("numpy")
    return numpy if hasattr(numpy, "random") else None


def _is_fresh(numpy):
    """Whether NumPy's global numbers are as its import made them: from the system's randomness, and none drawn."""
    _, key, position, *_ = numpy.random.get_state()
    return int(position) == 623 and int(key[0]) == 0x80000000


def _is_seeded(numpy):
    """Whether they are as `numpy.random.seed(N)` leaves them: then every interpreter has the same."""
    state = numpy.random.get_state()
    try:
        again = numpy.random.RandomState(int(state[1][0])).get_state()
    except ValueError:
        return False
    return all((each == other).all() if hasattr(each, "all") else each == other for each, other in zip(state, again))


def _libc():
    import ctypes
    return ctypes.CDLL(None, use_errno=True)
