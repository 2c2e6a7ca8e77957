"""Runs lines `python FLOW VERB …` with this Python and prints their output, without the parts that differ between runs,
so that it is the same under Metaflow and under Muster.
"""

import json
import os
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

FLOW = sys.argv[1]


def run(line):
    return subprocess.run([sys.executable, FLOW, *line.replace("RUN", RUN).split()], capture_output=True, text=True)


def call_all(*lines):
    """Runs lines that change nothing, several at once, and prints whether they succeeded."""
    with ThreadPoolExecutor(4) as pool:
        for line, done in zip(lines, pool.map(run, lines)):
            print("$", line, "=", "well" if done.returncode == 0 else "badly")


def call(line, *streams, sort=False):
    """Runs a line. Prints it, whether it succeeded, and the named streams."""
    done = run(line)
    print("$", line, "=", "well" if done.returncode == 0 else "badly")
    for stream in streams:
        lines = getattr(done, stream).replace(RUN, "RUN").splitlines()
        for each in sorted(lines) if sort else lines:
            if "executing ToldFlow" not in each:
                print("  ", re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", "TIME", each.rstrip()))
    return done


def loaded(path):
    with open(path, "rb") as file:
        return pickle.load(file)


RUN = "RUN"
call("run --run-id-file id --tag first --max-workers 2")
with open("id") as file:
    RUN = file.read()

# dump
names = "--include alpha,names,small,large,items,_hidden,failures"
call(f"dump RUN/start {names}", "stdout")
call(f"dump --max-value-size 10 RUN/start/1 {names}", "stdout")
call(f"--quiet dump RUN/start --private --max-value-size=0 {names}", "stdout", "stderr")
call(f"dump RUN/work {names}", "stdout", sort=True)
call("dump RUN/join --include failures", "stdout", "stderr")
call("dump RUN/work --file whole --max-value-size 1 --include alpha,names,text,large,failure,_hidden")
for key, values in sorted(loaded("whole").items()):
    print("  ", key.replace(RUN, "RUN"), [
        (name, value if name in ("alpha", "names", "text") else len(value) if name == "large" else bool(value))
        for name, value in sorted(values.items())])
call("dump RUN/start --private --include _hidden,nothing --file hidden")
print("  ", [*loaded("hidden").values()])
call_all("dump RUN", "dump", "dump RUN/start/1/x/y", "dump RUN/start --max-value-size many", "dump RUN/start --nothing")

# logs
call("logs RUN/start", "stdout", "stderr")
call("logs show RUN/start/1 --stderr", "stdout", "stderr")
call("--quiet logs --stdout RUN/start", "stdout", "stderr")
call("logs --stdout --stderr --timestamps RUN/start", "stdout")
call("logs show --stdout RUN/work", "stdout", sort=True)
call("logs show --stdout RUN/work --attempt 0", "stdout", sort=True)
call("logs show --no-both RUN/start", "stdout")
call("logs scrub --stdout RUN/start", "stderr")
call("logs show RUN/start", "stdout")
call_all("logs RUN", "logs RUN/nothing", "logs show RUN/start --attempt first", "logs")

# tag
call("tag add --run-id RUN second third")
call("tag list --flat --hide-system-tags --run-id RUN", "stderr", sort=True)
call("tag remove --run-id RUN third nothing")
call("tag replace --run-id RUN --remove first --remove second --add fourth --add fifth", "stderr")
call("--environment=local tag list --hide-system-tags RUN", "stdout")
call("--quiet tag list --hide-system-tags --group-by-tag", "stderr")
call("tag list --hide-system-tags --group-by-tag --my-runs", "stdout")
call("--quiet tag list --hide-system-tags --group-by-run --run-id RUN", "stderr")
user = next(tag for tag in call("tag list --flat --run-id RUN").stderr.split() if tag.startswith("user:"))
call(f"tag remove --run-id RUN {user}")
call(f"tag add --run-id RUN {user}")
call("tag list --flat --hide-system-tags --run-id RUN", "stderr", sort=True)
call_all(
    "tag add more", "tag add --run-id RUN", "tag replace --run-id RUN --add x", "tag list --all --my-runs",
    "tag list --flat --group-by-tag", "tag list RUN --run-id RUN", "tag list --run-id 5", "tag nothing",
    "tag add --run-id RUN --namespace user:nobody x")

# card
for line in ("card list RUN/start --as-json", "card list start --as-json --type default"):
    found = json.loads(call(line).stdout)
    print("  ", found["pathspec"].replace(RUN, "RUN"), [(card["type"], card["id"], sorted(card)) for card in found["cards"]])
call("card list --as-json --file cards")
with open("cards") as file:
    print("  ", [each["pathspec"].replace(RUN, "RUN") for each in json.load(file)])
print("  ", "<html" in call("--quiet card get RUN/start/1").stdout.lower())
call("card get start page.html")
print("  ", os.path.getsize("page.html") > 100)
for wrong in ("card list RUN/end", "card get RUN/start --type blank", "card list --id nothing"):
    print("  ", "Card not found in datastore" in call(wrong).stderr)
call_all("card get nothing", "card list RUN/nothing", "card view")

# resume, and errors before and after the verb
call("resume end --origin-run-id RUN --run-id again --tag sixth")
call("dump again/join --include failures", "stdout")
call("--quiet tag list again --hide-system-tags", "stderr")
call("resume --origin-run-id RUN --run-id whole --clone-only --no-clone-only")
call("dump whole/join --include failures", "stdout")
call_all(
    "resume --run-id 12", "resume nothing", "resume --origin-run-id 12", "resume --alpha 4", "nothing", "--nothing run",
    "run --nothing 1", "run --alpha many", "run --max-workers many", "--metadata nothing run", "--with nothing run")
call_all(
    "", "check", "show", "output-dot", "output-raw", "output-raw --json", "help", "version", "package list",
    "package save code.tgz", "package info")
