#!/usr/bin/env python3
"""Kills or stops random processes of random running gangs, and checks the results.

    Benchmarks/chaos.py --programs FOLDER [--fixtures FILE] [--rounds N] [--lanes N] [--seed N] [--kinds A,B]

Each round runs a gang of the tests' ChaosFlow, picks one of its processes, and sends it SIGKILL, SIGTERM, SIGSEGV or
SIGSTOP. Several rounds run at once, each in a folder of its own. A round is good if

* the run has ended by its deadline (otherwise it is a hang),
* the recorded failure has the node and the signal (otherwise it is a wrong verdict),
* nothing is left: no process with the run's mark, no scratch folder, no file in /dev/shm or /tmp (otherwise it is an
  orphan).

The exit code is 0 if all rounds are good. Everything known about a bad round is printed.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from processes import Process, marked

SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGSTOP]
KINDS = ["plain", "torchrun", "mpi", "ring"]
# Seconds from the signal to the end of the run. A stopped process is detected after 2 s; the rest is for a busy
# machine.
DEADLINE = 30
# Roles of processes by words of their command lines; the first match counts.
ROLES = [
    ("wrapper", ["muster-agent", "rank"]),
    ("reach", ["muster-agent", "reach"]),
    ("agent", ["muster-agent"]),
    ("rank", ["idle-rank"]),
    ("waiting", ["sleep", "600"]),
    ("daemon", ["sleep", "601"]),
    ("guard", ["sleep", "1000"]),
    ("link", ["python3", "Scripts/ring.py"]),
    ("step", ["ChaosFlow", "step"]),
    ("launcher", ["mpiexec"]),
    ("remote", ["orted"]),
    ("remote", ["prted"]),
    ("remote", ["hydra_pmi_proxy"]),
]
#: The processes of a whole gang of `nodes`.
WHOLE = {
    "plain": lambda nodes: {"step": nodes, "waiting": nodes, "daemon": nodes},
    "torchrun": lambda nodes: {"step": nodes, "waiting": 2 * nodes, "daemon": 2 * nodes},
    "mpi": lambda nodes: {"rank": 2 * nodes, "wrapper": 2 * nodes},
    "ring": lambda nodes: {"step": nodes, "link": nodes, "guard": nodes},
}


class Bad(Exception):
    """A bad round. `sort` is hang, verdict or orphan."""

    def __init__(self, sort, text):
        super().__init__(f"{sort}: {text}")
        self.sort = sort


def role(process, engine):
    """Returns the role of a process in its gang, by its command line."""
    words = [pathlib.PurePath(process.words[0]).name, *process.words[1:]]
    for name, wanted in ROLES:
        if len(words) >= len(wanted) and all(map(is_word, words, wanted)):
            return name if name != "agent" else role_of_agent(process, engine)
    return "other"


def is_word(word, wanted):
    """Compares a word of a command line. A file of the flow may have its folder in front."""
    return word == wanted or "/" in wanted and word.endswith(f"/{wanted}")


def role_of_agent(process, engine):
    """Returns `agent` for the child of a keeper. A forked child of either looks the same before its exec."""
    if process.name == "muster-keeper":
        return "keeper" if process.parent == engine else "other"
    try:
        parent = pathlib.Path(f"/proc/{process.parent}/comm").read_text().strip()
    except OSError:
        return "other"
    return "agent" if parent == "muster-keeper" else "other"


class Round:
    """One gang, one signal, and the check of the results."""

    def __init__(self, number, settings, folder):
        self.settings = settings
        self.random = random.Random(f"{settings.seed}/{number}")
        self.number = number
        self.folder = folder
        self.kind = self.random.choice(settings.kinds)
        self.nodes = self.random.choice([2, 3, 4])
        self.signal = self.random.choice(SIGNALS)
        # In some rounds the signal comes while the gang forms, or it hits the engine.
        self.is_early = self.random.random() < 0.25
        self.hits_engine = self.random.random() < 0.08
        self.story = f"round {number}: {self.kind} on {self.nodes} nodes"
        # The prefix of the scope of the run's processes.
        self.mark = None
        #: TMPDIR of this round's engines: a short path, because sockets lie below it.
        self.temporary = pathlib.Path(tempfile.mkdtemp(prefix="mc", dir="/tmp"))
        self.environment = {**settings.environment, "TMPDIR": str(self.temporary)}

    def run(self):
        """Runs all rounds. Returns seconds to the end of each good one, and the reports of the bad ones."""
        run_file = self.folder / "run"
        command = [
            self.settings.muster, "run", self.settings.flow, "--kind", self.kind, "--nodes", str(self.nodes), "--release",
            self.folder / "released", "--store", self.folder / "store", "--run-id-file", run_file]
        with open(self.folder / "output", "wb") as output:
            engine = self.engine = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=output, stderr=output, start_new_session=True)
        try:
            self.wait(lambda: run_file.exists() and run_file.read_text().strip(), engine, "its run began")
            self.mark = f"ChaosFlow/{run_file.read_text().strip()}"
            self.gather(engine)
            if self.hits_engine:
                return self.kill_engine(engine)
            victim, name, node = self.strike(engine)
            start = time.monotonic()
            if self.may_ignore(name) and not self.is_over(engine, 6):
                self.signal = signal.SIGKILL
                self.story += "; it took no notice, SIGKILL"
                victim.send(self.signal)
                start = time.monotonic()
            ended = self.await_end(engine, start)
            gone = self.await_none(start)
            self.judge(name, node)
            self.look()
            return ended, gone
        finally:
            self.clean(engine)

    # The gang

    def role(self, process):
        return role(process, self.engine.pid)

    def processes(self):
        """Returns the processes of the gang's step by node. Those of start and join have other marks."""
        found = []
        for process in marked(f"{self.mark}/{self.kind}/"):
            node = process.variables["MUSTER_SCOPE"].split("/")[5]
            found.append((process, int(node)))
        return found

    def gather(self, engine):
        """Waits until the gang is complete, or for a random moment before that."""
        self.wait(self.processes, engine, "its gang began")
        if self.is_early:
            time.sleep(self.random.uniform(0, 1.5))
        else:
            self.wait(self.is_whole, engine, "its gang was whole")
            time.sleep(self.random.uniform(0, 0.5))

    def is_whole(self):
        roles = [self.role(process) for process, _ in self.processes()]
        return all(roles.count(name) >= count for name, count in WHOLE[self.kind](self.nodes).items())

    # The signal

    def strike(self, engine):
        """Sends signals until one hits a process that the gang needs. Returns the process, its role and its node."""
        while True:
            found = self.processes()
            if not found or engine.poll() is not None:
                raise Bad("verdict", f"the run ended by itself:\n{self.output()}")
            # Picks a role first, then a process: there are more workers than agents.
            name = self.random.choice(sorted({self.role(process) for process, _ in found}))
            victim, node = self.random.choice(
                sorted(((p, n) for p, n in found if self.role(p) == name), key=lambda pair: (pair[1], pair[0].pid)))
            early = " early" if self.is_early else ""
            self.story += f"; {self.signal.name}{early} to {name} {victim.pid} on node {node}"
            if not victim.send(self.signal):
                self.story += " (gone before)"
                continue
            if self.matters(name):
                return victim, name, node
            time.sleep(0.3)
            if engine.poll() is not None:
                raise Bad("verdict", f"a {name} ended and the run with it:\n{self.output()}")

    def matters(self, name):
        """Returns true if the gang needs the process.

        No process waits for a daemon, so it may end at any time. A stopped one counts, because it looks like a process
        that another one waits for. A process without a role is a tool that runs for a moment while the gang forms; from
        outside it cannot be seen whether it is still needed.
        """
        return name != "daemon" or self.signal == signal.SIGSTOP

    def may_ignore(self, name):
        """Returns true if the signal is a request that a foreign program may ignore, as some of Open MPI's launchers
        do.
        """
        return self.signal == signal.SIGTERM and name in ("launcher", "remote", "reach", "other")

    def is_over(self, engine, seconds):
        try:
            engine.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill_engine(self, engine):
        """Kills the engine. The agents have to notice it, and the next resume removes what is left."""
        self.story += "; SIGKILL to the engine"
        engine.kill()
        engine.wait()
        start = time.monotonic()
        gone = self.await_none(start)
        (self.folder / "released").touch()
        done = subprocess.run(
            [self.settings.muster, "resume", self.settings.flow, "--store", self.folder / "store"], cwd=self.folder,
            env=self.environment, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Bad("verdict", f"resume ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        self.look()
        return gone, gone

    # The result

    def await_end(self, engine, start):
        try:
            engine.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            left = "\n".join(f"  {p.pid} {p.state} {' '.join(p.words)[:150]}" for p in marked(self.mark))
            raise Bad("hang", f"the run had not ended after {DEADLINE} s; its processes:\n{left}\n{self.output()}") from None
        return time.monotonic() - start

    def await_none(self, start):
        """Waits until no process of the run is left. An engine that ends by itself has waited for that."""
        while left := marked(self.mark):
            if time.monotonic() - start > DEADLINE:
                names = "\n".join(f"  {p.pid} {p.state} {' '.join(p.words)[:150]}" for p in left)
                raise Bad("orphan", f"these live on:\n{names}\n{self.output()}")
            time.sleep(0.02)
        return time.monotonic() - start

    def judge(self, name, node):
        status = json.loads(subprocess.run(
            [self.settings.muster, "status", "--json", "--store", self.folder / "store"], cwd=self.folder,
            env=self.environment, capture_output=True, text=True, check=True).stdout)
        failures = [task["failure"] for task in status["tasks"] if task.get("failure")]
        problem = self.problem(status["status"], failures, name, node)
        if problem:
            raise Bad("verdict", f"{problem}; {json.dumps(failures, indent=1)}\n{self.output()}")

    def problem(self, status, failures, name, node):
        if name == "other" and status == "succeeded":
            return None
        if status != "failed" or len(failures) != 1:
            return f"the run {status} with {len(failures)} failures"
        failure = failures[0]
        # Only its launcher notices the end of a wrapper that watches nothing yet, and its report names the node.
        if name == "wrapper" and self.is_early and failure.get("process") == "mpiexec":
            told = f"muster-node-{node}" in str(failure["lastLines"]) or self.signal == signal.SIGTERM
            return None if told else f"the launcher does not tell of node {node}"
        # Open MPI 5 runs its daemons through a shell of its own, and exits with 255 for every signal.
        if name == "remote" and failure.get("node") == node and failure.get("exitCode") == 255:
            return None
        if failure.get("node") != node:
            return f"node {failure.get('node')} is blamed instead of {node}"
        if self.signal == signal.SIGSTOP:
            return None if failure["code"] == "node.lost" else f"a stopped process is reported as {failure['code']}"
        # SIGTERM asks an agent to end, which it reports first. Foreign programs may handle it in any way, and a process
        # that was hit before its exec may have been anything.
        if name == "other" or self.signal == signal.SIGTERM and name in ("agent", "keeper", "launcher", "remote"):
            return None
        # The launcher sees that its ssh has failed, from its own report or by a lost connection.
        if name == "reach" and failure.get("process") == "mpiexec":
            return None
        # The end of a wrapper kills its rank, whatever the signal.
        expected = signal.SIGKILL if name == "wrapper" and self.signal != signal.SIGTERM else self.signal
        if failure.get("signal") != expected and expected.name not in failure["message"]:
            return f"the failure does not tell of {expected.name}"
        return None

    def look(self):
        """Lists files outside of the run's results."""
        if left := self.scratch():
            raise Bad("orphan", f"scratch folders: {[str(path) for path in left]}")

    def scratch(self):
        roots = [self.folder / "store" / "scratch", self.temporary]
        return [path for root in roots if root.exists() for path in root.iterdir()]

    def clean(self, engine):
        """Removes what is left, after a bad round too."""
        if engine.poll() is None:
            engine.kill()
            engine.wait()
        while self.mark is not None and (left := marked(self.mark)):
            for process in left:
                process.send(signal.SIGKILL)
            time.sleep(0.05)
        for path in [*self.scratch(), self.temporary]:
            shutil.rmtree(path, ignore_errors=True)

    def output(self):
        return (self.folder / "output").read_text(errors="replace")[-3000:]

    def wait(self, question, engine, what):
        end = time.monotonic() + 60
        while not (answer := question()):
            if engine.poll() is not None:
                raise Bad("verdict", f"the run ended before {what}:\n{self.output()}")
            if time.monotonic() > end:
                raise Bad("hang", f"60 s passed before {what}:\n{self.output()}")
            time.sleep(0.03)
        return answer


def outside():
    """Returns files that frameworks leave in shared folders."""
    temporary = [path for pattern in ("hydra_*", "ompi.*", "torchelastic_*") for path in pathlib.Path("/tmp").glob(pattern)]
    return {str(path) for path in [*pathlib.Path("/dev/shm").iterdir(), *temporary]}


class Settings:
    def __init__(self, programs, fixtures, seed, kinds, folder):
        self.muster = pathlib.Path(programs).resolve() / "muster"
        self.flow = folder / "ChaosFlow"
        self.flow.symlink_to(pathlib.Path(fixtures).resolve())
        self.seed = seed
        self.kinds = kinds
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        # Several gangs at once on every machine.
        self.environment["MUSTER_CPUS"] = "64"
        # A Swift program that prints a backtrace continues after a SIGSEGV from outside, because there is no fault.
        self.environment["SWIFT_BACKTRACE"] = "enable=no"


def run(programs, fixtures, rounds, seed, kinds=None, lanes=3, say=print):
    """Runs all rounds. Returns seconds to the end of each good one, and the bad ones' stories."""
    kinds = kinds or [kind for kind in KINDS if kind != "mpi" or shutil.which("mpicc")]
    good, bad = [], []
    lock = threading.Lock()
    before = outside()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-chaos-"))
    try:
        settings = Settings(programs, fixtures, seed, kinds, folder)

        def one(number):
            place = folder / str(number)
            place.mkdir()
            round = Round(number, settings, place)
            try:
                ended, gone = round.run()
                with lock:
                    good.append((round.signal, ended, gone))
                    say(f"{round.story}; over after {ended:.2f} s")
            except Bad as problem:
                with lock:
                    bad.append(problem.sort)
                    say(f"{round.story}\n  {problem}")
            shutil.rmtree(place, ignore_errors=True)

        with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
            for future in [pool.submit(one, number) for number in range(rounds)]:
                future.result()
        if left := outside() - before:
            bad.append("orphan")
            say(f"files are left: {sorted(left)}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return good, bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, help="the folder with muster and muster-agent")
    parser.add_argument("--fixtures", help="the program of the tests' flows; by default beside them")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--lanes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--kinds", type=lambda text: text.split(","))
    arguments = parser.parse_args()
    fixtures = arguments.fixtures or pathlib.Path(arguments.programs) / "FlowFixtures"
    print(f"seed {arguments.seed}", flush=True)
    say = lambda text: print(text, flush=True)  # noqa: E731
    good, bad = run(
        arguments.programs, fixtures, arguments.rounds, arguments.seed, arguments.kinds, arguments.lanes, say)
    counts = ", ".join(f"{bad.count(sort)} {sort}s" for sort in ("orphan", "verdict", "hang"))
    print(f"{len(good)} of {arguments.rounds} rounds are good; {counts}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
