"""Starts the head; then one worker for each other node, all at once, and the script at the same time."""

import shutil
import tempfile

from by_hand.programs import address, free_port

# Nodes on one machine need different ports.
PORTS = [
    "--object-manager-port", 0, "--node-manager-port", 0, "--min-worker-port", 0, "--max-worker-port", 0,
    "--dashboard-agent-grpc-port", 0, "--dashboard-agent-listen-port", 0, "--runtime-env-agent-port", 0,
    "--metrics-export-port", 0,
]


def first_collective(programs, python, script, nodes):
    head = f"{address(0)}:{free_port(0)}"
    # Not in the measure's own folder: the path of a socket has at most 107 bytes.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")

    def start(node, *options):
        return programs.start(
            [python, "-m", "ray.scripts.scripts", "start", *options, "--block", "--node-ip-address", address(node),
             "--temp-dir", f"{folder}/{node}", "--num-cpus", 1, "--object-store-memory", 100_000_000,
             "--disable-usage-stats", "--log-style", "record", *PORTS],
            PYTHONUNBUFFERED="1")

    try:
        started = [start(0, "--head", "--port", head.rpartition(":")[2], "--include-dashboard", "false")]
        programs.wait_for("Ray runtime started")
        started += [start(node, "--address", head) for node in range(1, nodes)]
        driver = programs.start([python, script, nodes], RAY_ADDRESS=head)
        taken = programs.first_collective(nodes)
        programs.finish([driver])
        programs.stop(started)
        return taken
    finally:
        programs.stop(programs.processes)
        shutil.rmtree(folder, ignore_errors=True)
