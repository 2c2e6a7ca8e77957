"""Prints the signals, limits and variables that its processes have inherited, and leaves a daemon when it is described."""

import os
import resource
import subprocess

from metaflow import FlowSpec, parallel, step

if os.environ.get("DAEMON_FILE"):
    daemon = subprocess.Popen(
        ["/bin/sh", "-c", "setsid /bin/sleep 300 >/dev/null 2>&1 & echo $!"], env={}, stdout=subprocess.PIPE, text=True)
    with open(os.environ["DAEMON_FILE"], "w") as file:
        file.write(daemon.communicate()[0])


def told():
    facts = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    ignored, blocked = int(facts["SigIgn"], 16), int(facts["SigBlk"], 16)
    names = {1: "HUP", 2: "INT", 3: "QUIT", 10: "USR1", 12: "USR2", 15: "TERM", 17: "CHLD"}
    sets = ["+".join(name for number, name in names.items() if bits >> number - 1 & 1) for bits in (ignored, blocked)]
    return f"ignored={sets[0]} blocked={sets[1]} files={resource.getrlimit(resource.RLIMIT_NOFILE)[0]} umask={facts['Umask']}"


class InheritedFlow(FlowSpec):
    @step
    def start(self):
        print("start:", told())
        self.next(self.nodes, num_parallel=2)

    @parallel
    @step
    def nodes(self):
        print("nodes:", told())
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print("end:", told())


if __name__ == "__main__":
    InheritedFlow()
