"""A child of `serve` that has done its step says so before it ends: to take a process apart takes the system longer than
many a step, and the next step need not wait for that.

Only where nobody could tell: a step that leaves a thread, a process or an open file behind, or has used much memory, ends
first.
"""

import os
import resource
import select

#: KiB. What more memory a step has used is given back before the next one may ask for it.
LITTLE = 64 << 10


def is_supported():
    """Whether this system can wait for a child's end and for its word at once, and lists a process's children."""
    return hasattr(os, "pidfd_open") and children() is not None


class EarlyExitNotice:
    """The child's side: made when its step begins."""

    def __init__(self, writing):
        self.writing = writing
        self.process = os.getpid()
        self.files = _open_files()
        self.memory = _memory()

    def send(self, code):
        """Right before the process ends with this code."""
        if self._may_be_sent():
            os.write(self.writing, bytes([code & 0xFF]))

    def _may_be_sent(self):
        # What the step has forked may come here as well.
        return (
            os.getpid() == self.process and len(os.listdir("/proc/self/task")) == 1 and _open_files() == self.files
            and _memory() - self.memory <= LITTLE and children() == [])


def wait_for_notice(reading, process):
    """In the server: waits for the notice. Returns the exit code; None if the child has ended without one."""
    try:
        # What the child left behind may hold the other end of the pipe open: the child's own end is waited for as well.
        end = os.pidfd_open(process)
    except OSError:
        return None
    try:
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        poll.register(end, select.POLLIN)
        if reading not in dict(poll.poll()):
            return None
        code = os.read(reading, 1)
        return code[0] if code else None
    finally:
        os.close(end)


def children():
    """The processes that this one has to wait for; None where the system does not list them."""
    process = os.getpid()
    try:
        with open(f"/proc/self/task/{process}/children") as file:
            return [int(each) for each in file.read().split()]
    except OSError:
        return None


def _open_files():
    return frozenset(os.listdir("/proc/self/fd"))


def _memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
