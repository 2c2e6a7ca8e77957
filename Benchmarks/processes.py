"""Finds processes of a run by the mark in their environment, MUSTER_SCOPE."""

import os
import pathlib
import signal


class Process:
    """One live process with MUSTER_SCOPE."""

    def __init__(self, pid, parent, name, state, words, variables, started):
        self.pid, self.parent, self.name, self.state = pid, parent, name, state
        self.words, self.variables, self.started = words, variables, started

    def send(self, number):
        """Sends a signal to this very process, even if its id is used again. Returns False if it has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            # Checked after the descriptor was opened, which from then on stands for this process alone.
            if read_stat(pathlib.Path(f"/proc/{self.pid}"))[2] != self.started:
                return False
            signal.pidfd_send_signal(descriptor, number)
            return True
        except OSError:
            return False
        finally:
            os.close(descriptor)


def read_stat(folder):
    """Returns a process's state, its parent, and its start in clock ticks."""
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[1]), fields[19]


def processes():
    """Returns every live process with MUSTER_SCOPE."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            block = (folder / "environ").read_bytes()
            if b"MUSTER_SCOPE=" not in block:
                continue
            state, parent, started = read_stat(folder)
            name = (folder / "comm").read_text().strip()
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        except OSError:
            continue
        variables = dict(entry.split("=", 1) for entry in block.decode(errors="replace").split("\0") if "=" in entry)
        if state not in "ZX" and words and "MUSTER_SCOPE" in variables:
            found.append(Process(int(folder.name), parent, name, state, words, variables, started))
    return found


def marked(prefix):
    """Returns those whose scope begins with `prefix`."""
    return [process for process in processes() if process.variables["MUSTER_SCOPE"].startswith(prefix)]


def scoped():
    """Returns the id, the program's name and the variables of every live process with MUSTER_SCOPE."""
    return [(process.pid, process.name, process.variables) for process in processes()]


def peak_memory(pid):
    """Returns the largest resident size of the process so far, in MiB; None if it has ended."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None
