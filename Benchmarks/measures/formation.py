"""The forming of large gangs within one process: Benchmarks/Formation."""

from harness import Result, say

ROUNDS = 5
# The numbers of nodes, each with the limit in seconds.
SIZES = [(256, 1.0), (1024, 6.0)]


def measure(bench):
    bench.check(["make", "formation"], cwd=bench.root)
    columns, told = {}, []
    for nodes, _ in SIZES:
        columns[f"{nodes} nodes"] = []
        for round in range(ROUNDS):
            seconds, messages, size = bench.check([bench.release / "FormationBenchmark", str(nodes)]).split()
            if messages != "3":
                raise SystemExit(f"a node of {nodes} sent and received {messages} messages, not hello, welcome and roster")
            say(f"round {round + 1}: {nodes} nodes met in {float(seconds):.3f} s")
            columns[f"{nodes} nodes"].append(float(seconds))
        told.append(f"{messages} messages and {size} bytes per node of {nodes}")
    value = max(max(columns[f"{nodes} nodes"]) / limit for nodes, limit in SIZES)
    return Result(columns, value, 1.0, "seconds", f"{'; '.join(told)}; value is the worst of all over its limit")
