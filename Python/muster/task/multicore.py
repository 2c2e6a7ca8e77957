"""`parallel_map`: calls a function for many values in several processes, forked from this one."""

import os
import pickle
import selectors
import signal
import sys
from itertools import islice


class MulticoreException(Exception):
    """The function has failed for a value. Its process has printed the traceback."""


def parallel_imap_unordered(func, iterable, max_parallel=None, dir=None):
    """Yields the results in the order in which they are computed.

    func: any function, because processes are forked; its results have to be picklable. max_parallel: the number of
    processes at a time, by default that of the processors. dir: ignored, since no file is written.
    """
    for _, result in _results(func, iterable, max_parallel):
        yield result


def parallel_map(func, iterable, max_parallel=None, dir=None):
    """Returns a list of the results in the order of the values. See ``parallel_imap_unordered``."""
    return [result for _, result in sorted(_results(func, iterable, max_parallel), key=lambda each: each[0])]


def _results(func, iterable, max_parallel):
    """Yields pairs of a value's index and its result."""
    values = enumerate(iterable)
    with selectors.DefaultSelector() as waiting:
        children = {}
        try:
            for place, value in islice(values, max_parallel or _processors()):
                _start(func, place, value, waiting, children)
            while children:
                for key, _ in waiting.select():
                    place, result = _more_of(key, waiting, children)
                    if place is None:
                        continue
                    for following in islice(values, 1):
                        _start(func, *following, waiting, children)
                    yield place, result
        finally:
            for process, (reading, *_) in children.items():
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                os.close(reading)


def _processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(func, place, value, waiting, children):
    # Buffered text would be written by both processes.
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _work(func, value, writing)
    os.close(writing)
    children[process] = (reading, place, [])
    waiting.register(reading, selectors.EVENT_READ, process)


def _work(func, value, writing):
    """Runs the function in the child, and ends it."""
    code = 1
    try:
        with open(writing, "wb") as stream:
            pickle.dump(func(value), stream, protocol=pickle.HIGHEST_PROTOCOL)
        code = 0
    except BaseException as error:
        from .. import tracebacks
        sys.stderr.write(tracebacks.text(error, tracebacks.users_frames(error)))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _more_of(key, waiting, children):
    """Reads a child's output. Returns the index of its value and the result when it has ended, else (None, None)."""
    reading, place, pieces = children[key.data]
    piece = os.read(reading, 1 << 20)
    if piece:
        pieces.append(piece)
        return None, None
    waiting.unregister(reading)
    del children[key.data]
    os.close(reading)
    _, status = os.waitpid(key.data, 0)
    if status:
        raise MulticoreException(
            f"the function of parallel_map has failed for value {place}" if os.WIFEXITED(status) else
            f"the process that ran the function of parallel_map for value {place} was ended by signal {os.WTERMSIG(status)}")
    return place, pickle.loads(b"".join(pieces))
