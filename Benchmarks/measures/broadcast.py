"""`broadcastFile` of 1 GiB to four nodes, compared with scp to each of them in turn, and with one TCP stream over
loopback.

The scp connects to an sshd of the benchmark's own on loopback, with keys and configuration in the measure's folder.
"""

import getpass
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

from harness import Result, Unmeasured, alternate

NODES = 4
SIZE = 1 << 30
ROUNDS = 3
# Limits: the share of scp's time, and of the stream's bytes per second.
SCP_FACTOR = 5.0
STREAM_SHARE = 0.5


def measure(bench):
    flow = bench.flow("BroadcastFlow")
    file = bench.folder("file") / "large"
    with open(file, "wb") as out:
        for _ in range(SIZE >> 20):
            out.write(os.urandom(1 << 20))
    with Sshd(bench) as sshd:
        columns = dict(alternate(
            ROUNDS,
            ("muster", lambda: muster(bench, flow, file)),
            ("scp", lambda: sshd.copy(file, bench.folder("copies"))),
            ("stream", stream)))
    ours, scp, one = (statistics.median(columns[name]) for name in ("muster", "scp", "stream"))
    rate, limit = NODES * SIZE / ours, SIZE / one
    value = max(SCP_FACTOR * ours / scp, STREAM_SHARE * limit / rate)
    how = (
        f"{scp / ours:.1f} times as fast as scp to each in turn; {rate / 2**30:.2f} GiB/s delivered to all nodes together, "
        f"{rate / limit:.2f} of the {limit / 2**30:.2f} GiB/s of one stream (the column: 1 GiB); value is the worse of "
        f"{SCP_FACTOR:g} over the one and {STREAM_SHARE:g} over the other")
    return Result(columns, value, 1.0, "seconds", how)


def muster(bench, flow, file):
    """Returns seconds on the control node's clock, from the call to its return, when every node has the file.

    The run is isolated: nodes that run in place share one folder, and nothing would be sent.
    """
    folder = bench.folder("muster")
    output = bench.check([flow, "run", "--isolated", "--nodes", str(NODES + 1), "--file", file], cwd=folder, env=bench.muster_environment())
    shutil.rmtree(folder)
    told = re.search(r"broadcast took ([0-9.e-]+) s", output)
    if not told:
        raise Unmeasured(f"the flow did not tell its time:\n{output[-2000:]}")
    return float(told.group(1))


def stream():
    """Returns seconds for 1 GiB from one process to another over TCP on loopback, read and dropped."""
    code = "import socket, sys\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nb = bytes(1 << 20)\n"
    code += "for _ in range(1 << 10): s.sendall(b)\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = subprocess.Popen([sys.executable, "-c", code, str(server.getsockname()[1])])
        connection, _ = server.accept()
        buffer, left, start = bytearray(1 << 20), SIZE, time.monotonic()
        while left > 0:
            count = connection.recv_into(buffer)
            if count == 0:
                raise Unmeasured("the stream ended early")
            left -= count
        seconds = time.monotonic() - start
        connection.close()
        sender.wait()
        return seconds


class Sshd:
    """An sshd of the benchmark's own, for this user alone."""

    def __init__(self, bench):
        self.bench = bench
        self.folder = bench.folder("sshd")

    def __enter__(self):
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program:
            raise Unmeasured("there is no sshd here; Debian's is in openssh-server")
        for name in ("host", "user"):
            self.bench.check(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name])
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (self.folder / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nPidFile none\nStrictModes no\nUsePAM no\n"
            f"AuthorizedKeysFile {self.folder}/user.pub\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
            "Subsystem sftp internal-sftp\n")
        if os.getuid() == 0:
            # The folder for sshd's privilege separation, which the package's service creates otherwise.
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.log = open(self.folder / "log", "wb")
        self.server = subprocess.Popen([program, "-D", "-e", "-f", self.folder / "config"], stderr=self.log)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        self.__exit__()
        raise Unmeasured(f"sshd does not listen:\n{(self.folder / 'log').read_text()}")

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.log.close()

    def copy(self, file, target):
        """Returns seconds for one scp after the other."""
        options = [
            "-q", "-P", str(self.port), "-i", self.folder / "user", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes"]
        start = time.monotonic()
        for node in range(NODES):
            self.bench.check(["scp", *options, file, f"{getpass.getuser()}@127.0.0.1:{target}/{node}"])
        seconds = time.monotonic() - start
        shutil.rmtree(target)
        return seconds
