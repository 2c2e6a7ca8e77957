"""Four nodes to their first all-reduce: a whole run of a flow, and four torchruns started by hand.

Both sides run the same script with the same Python; the clock runs from the start of the first process until the last
of the four ranks has printed the sum.
"""

import json
import re
import signal
import socket
import subprocess
import threading
import time

from harness import Unmeasured, alternate, ratio

LIMIT = 0.7
NODES = 4
SUM = re.compile(rb"rank (\d) of 4: sum 6\b")


def measure(bench):
    flow = bench.flow("TorchFlow")
    script = bench.root / "Tests" / "FlowFixtures" / "Scripts" / "allreduce.py"
    muster_side(bench, flow)  # makes the Python environment of both sides
    python = torch_python(bench)
    muster, raw = alternate(
        5, ("muster", lambda: muster_side(bench, flow)), ("4x torchrun", lambda: raw_side(bench, python, script)))
    return ratio(muster, raw, LIMIT)


def torch_python(bench):
    """Returns the interpreter that Muster made for the flow."""
    for marker in sorted((bench.cache / "muster" / "environments").glob("*/muster.json")):
        if any(package.startswith("torch") for package in json.loads(marker.read_text())["packages"]):
            return marker.parent / "bin" / "python"
    raise Unmeasured("Muster made no Python environment with torch")


class FirstSums:
    """Reads programs' output until every rank has printed its sum."""

    def __init__(self):
        self.ranks, self.all_there, self.tail, self.lock = set(), threading.Event(), [], threading.Lock()

    def read(self, stream):
        for line in stream:
            with self.lock:
                self.tail = (self.tail + [line.decode(errors="replace").rstrip()])[-15:]
                for rank in SUM.findall(line):
                    self.ranks.add(rank)
                if len(self.ranks) == NODES:
                    self.all_there.set()

    def follow(self, process):
        thread = threading.Thread(target=self.read, args=(process.stdout,), daemon=True)
        thread.start()
        return thread


def timed(commands, folder):
    """Returns seconds until every rank has printed. The programs have to succeed."""
    sums = FirstSums()
    start = time.monotonic()
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, env=environment)
        for command, environment in commands
    ]
    threads = [sums.follow(process) for process in processes]
    came = wait(sums, processes, 300)
    taken = time.monotonic() - start
    try:
        codes = [process.wait(120) for process in processes]
    except subprocess.TimeoutExpired:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        raise Unmeasured("a program did not end:\n" + "\n".join(sums.tail)) from None
    for thread in threads:
        thread.join(10)
    if not came:
        raise Unmeasured(f"not every rank printed its sum (exit codes {codes}):\n" + "\n".join(sums.tail))
    return taken


def wait(sums, processes, seconds):
    """Returns true when every rank has printed, false if a program has ended before that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if sums.all_there.wait(0.2):
            return True
        if all(process.poll() is not None for process in processes):
            return sums.all_there.wait(1)
    return False


def muster_side(bench, flow):
    environment = bench.muster_environment()
    return timed([([flow, "run", "--nodes", str(NODES)], environment)], bench.folder("muster"))


def raw_side(bench, python, script):
    folder = bench.folder("torchrun")
    environment = {**bench.muster_environment(), "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin"}
    port = free_port("127.0.0.2")
    commands = [
        ([str(python), "-m", "torch.distributed.run", "--nnodes", str(NODES), "--nproc-per-node", "1",
          "--node-rank", str(node), "--master-addr", "127.0.0.2", "--master-port", str(port),
          "--local-addr", f"127.0.0.{2 + node}", str(script), "--output", str(folder)], environment)
        for node in range(NODES)
    ]
    return timed(commands, folder)


def free_port(address):
    with socket.socket() as listener:
        listener.bind((address, 0))
        return listener.getsockname()[1]
