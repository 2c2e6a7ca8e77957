"""A store with runs of Python flows, and `muster ui` on it."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MUSTER = os.path.abspath(os.environ.get("MUSTER") or HERE / "../../.build/debug/muster")
DEADLINE = 120


class Store:
    """A folder with flows and their store. Close it: everything that was started in it is ended."""

    def __init__(self):
        assert os.access(MUSTER, os.X_OK), f"there is no program at {MUSTER}: build it, or say in MUSTER where it is"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="webview-"))
        shutil.copytree(HERE / "flows", self.folder, dirs_exist_ok=True)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "METAFLOW_"))
        } | {
            "PYTHONPATH": f"{ROOT}/Python/muster/shim:{ROOT}/Python", "MUSTER_COMMAND": MUSTER, "METAFLOW_USER": "reader",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if assets := os.environ.get("MUSTER_UI_ASSETS"):
            self.environment["MUSTER_UI_ASSETS"] = assets
        self.started = []

    def start(self, command, **options):
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, start_new_session=True, text=True, **options)
        self.started.append(process)
        return process

    def run(self, flow, *arguments):
        """Starts a run of `flows/FLOW.py`."""
        with open(self.folder / f"{flow}.out", "a", encoding="utf-8") as output:
            return self.start(["python3", f"{flow}.py", "run", *arguments], stdout=output, stderr=output)

    def finish(self, flow, *arguments):
        """Runs a flow to its end and returns its exit code."""
        return self.run(flow, *arguments).wait(DEADLINE)

    def gate(self, name):
        """A file that is not there yet."""
        return self.folder / f"{name}.gate"

    def serve(self, *arguments, port=0):
        """Starts `muster ui` and returns its address."""
        process = self.start([MUSTER, "ui", "--port", str(port), *arguments], stdout=subprocess.PIPE)
        line = process.stdout.readline()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        assert re.fullmatch(r"http://[a-z0-9.]+:\d+/(\?token=\w+)?\n", line), f"muster ui printed {line!r}"
        return line.strip()

    def close(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in reversed(self.started):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout:
                process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
