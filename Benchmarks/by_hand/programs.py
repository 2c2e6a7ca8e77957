"""Starts programs by hand, as a user without Muster would, and reads their output."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

from harness import Unmeasured

FIRST = re.compile(r"first-collective (\d+\.\d+) of (\d+)")


def address(node):
    """Returns a node's own loopback address."""
    return f"127.0.0.{2 + node}"


def free_port(node):
    with socket.socket() as listener:
        listener.bind((address(node), 0))
        return listener.getsockname()[1]


class Programs:
    """The programs of one measurement. Those that still run at the end of the scope are killed."""

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment
        self.processes, self.threads = [], []
        self.lines, self.changed = [], threading.Condition()

    def __enter__(self):
        self.started = time.time()
        return self

    def __exit__(self, *_):
        self.stop(self.processes)

    def start(self, command, **variables):
        """Starts a program in a process group of its own. Its lines are collected in their order."""
        process = subprocess.Popen(
            [str(word) for word in command], cwd=self.folder, env={**self.environment, **variables},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            start_new_session=True)
        self.processes.append(process)
        thread = threading.Thread(target=self.read, args=(process.stdout,), daemon=True)
        thread.start()
        self.threads.append(thread)
        return process

    def read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.rstrip())
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, text, seconds=300):
        """Returns the first line that matches the pattern. Raises if a program fails before that."""
        pattern, end = re.compile(text), time.monotonic() + seconds
        with self.changed:
            while True:
                found = next(filter(None, map(pattern.search, self.lines)), None)
                if found:
                    return found
                if any(process.poll() for process in self.processes) or time.monotonic() > end:
                    raise Unmeasured(f"nothing printed '{text}':\n{self.tail()}")
                self.changed.wait(0.1)

    def first_collective(self, nodes):
        """Returns seconds from the start of the first program to the first collective of all nodes, by the probe's own
        clock.
        """
        found = self.wait_for(FIRST.pattern)
        if int(found.group(2)) != nodes:
            raise Unmeasured(f"{found.group(2)} took part in place of {nodes}:\n{self.tail()}")
        return float(found.group(1)) - self.started

    def finish(self, processes, seconds=120):
        """Waits for programs that end by themselves. They have to succeed."""
        end = time.monotonic() + seconds
        for process in processes:
            try:
                code = process.wait(max(0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise Unmeasured(f"{' '.join(process.args[:6])} … did not end:\n{self.tail()}") from None
            if code != 0:
                raise Unmeasured(f"{' '.join(process.args[:6])} … ended with {code}:\n{self.tail()}")

    def stop(self, processes, seconds=20):
        running = [process for process in processes if process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        end = time.monotonic() + seconds
        for process in running:
            try:
                process.wait(max(0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for thread in self.threads:
            thread.join(5)

    def tail(self):
        return "\n".join(self.lines[-15:])
