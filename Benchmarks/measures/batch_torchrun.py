"""Four containers on the stand-in for AWS Batch to their first all-reduce: a flow's step, and a multi-node job written by hand
that installs nothing and runs `torchrun` in the same image.

Both run the same script with the same Python, which the containers see as a volume; the clock runs from the submission until the
last rank has printed the sum.
"""

import os
import re
import time

from account import IMAGE, NODES, ROLE, Account, wait
from cluster import gang_log_times
from harness import Unmeasured, alternate, ratio

LIMIT = 1.0
ROUNDS = 5
TORCH = "torch==2.13.0"
SUM = re.compile(r"rank (\d) of 4: sum 6\b")

COMMAND = (
    'exec {python} -m torch.distributed.run --nnodes 4 --nproc-per-node 1 --node-rank "$AWS_BATCH_JOB_NODE_INDEX" '
    '--master-addr "${{AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS:-127.0.0.1}}" --master-port 29500 '
    "{script} --output /tmp")


def measure(bench):
    python = bench._python(TORCH, "numpy")
    base = os.path.realpath(bench.check([python, "-c", "import sys; print(sys.base_prefix)"]).strip())
    volumes = [str(python.parent.parent), base]
    script = bench.folder("script") / "allreduce.py"
    script.write_text((bench.root / "Tests" / "FlowFixtures" / "Scripts" / "allreduce.py").read_text())
    with Account(bench) as account:
        definition = register(account, python, [*volumes, str(script.parent)], script)
        muster, bare = alternate(
            ROUNDS, ("muster", lambda: muster_side(account, python, volumes)),
            ("torchrun", lambda: bare_side(account, definition)))
    return ratio(muster, bare, LIMIT)


def muster_side(account, python, volumes):
    listed = ",".join(f'"{volume}"' for volume in volumes)
    copy = account.run(
        "torchrun.py", ["--nodes", str(NODES)], f"batch:host_volumes=[{listed}],executable={python},cpu=1,memory=2000")
    sums = gang_log_times(copy, "train", b"of 4: sum 6")
    if len(sums) != NODES:
        raise Unmeasured(f"{len(sums)} of {NODES} ranks have printed their sum")
    job = account.ask(f"print(json.dumps(batch.describe_jobs(jobs=[{account.job('train')!r}])['jobs'][0], default=str))")
    return max(sums.values()) - job["createdAt"] / 1000


def register(account, python, volumes, script):
    names = [(f"v{index}", volume) for index, volume in enumerate(volumes)]
    container = {
        "image": IMAGE, "jobRoleArn": ROLE, "command": ["/bin/sh", "-c", COMMAND.format(python=python, script=script)],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2000"}],
        "volumes": [{"name": name, "host": {"sourcePath": path}} for name, path in names],
        "mountPoints": [{"sourceVolume": name, "containerPath": path} for name, path in names]}
    properties = {"numNodes": NODES, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:", "container": container}]}
    return account.ask(
        "print(json.dumps(batch.register_job_definition(jobDefinitionName='by-hand', type='multinode', "
        f"nodeProperties={properties!r})['jobDefinitionArn']))")


def bare_side(account, definition):
    job = account.ask(
        f"print(json.dumps(batch.submit_job(jobName='by-hand', jobQueue={account.variables['MUSTER_TEST_BATCH_QUEUE']!r}, "
        f"jobDefinition={definition!r})['jobId']))")
    ended = wait(
        lambda: account.ask(
            f"j = batch.describe_jobs(jobs=[{job!r}])['jobs'][0]\n"
            "print(json.dumps(j if j['status'] in ('SUCCEEDED', 'FAILED') else None, default=str))"),
        300, "the job by hand", pause=0.5)
    if ended["status"] != "SUCCEEDED":
        raise Unmeasured(f"the job by hand: {ended.get('statusReason')}")
    times = []
    for node in account.nodes(job):
        stream = node["container"]["logStreamName"]
        events = account.ask(
            "logs = boto3.client('logs')\n"
            f"print(json.dumps(logs.get_log_events(logGroupName='/aws/batch/job', logStreamName={stream!r})['events']))")
        times += [event["timestamp"] / 1000 for event in events if SUM.search(event["message"])]
    if len(times) != NODES:
        raise Unmeasured(f"{len(times)} of {NODES} ranks have printed their sum")
    time.sleep(0.2)
    return max(times) - ended["createdAt"] / 1000
