"""A stand-in for AWS Batch on this machine for the measures (`Scripts/batch-server`): jobs are containers. Its store is a
bucket of radosgw.
"""

import json
import shutil
import subprocess
import time

from bucket import Bucket
from harness import Unmeasured, say

NODES = 4
IMAGE = "muster-test/debian"
ROLE = "arn:aws:iam::123456789012:role/benchmark"


class Account:
    """Gone at the end of the `with`."""

    def __init__(self, bench):
        self.bench, self.bucket = bench, Bucket(bench)
        self.folder = bench.folder("batch")
        self.script = bench.root / "Scripts" / "batch-server"
        self.flows = bench.root / "Benchmarks" / "batch"

    def __enter__(self):
        self.bench.build_commands()
        self.bucket.__enter__()
        try:
            say("bringing up the stand-in for AWS Batch")
            lines = self.bench.check(
                [self.script, "up", self.folder, "--image", "debian", "--s3",
                 self.bucket.environment["AWS_ENDPOINT_URL_S3"]]).splitlines()
        except BaseException:
            self.__exit__()
            raise
        self.variables = dict(line[len("export "):].split("=", 1) for line in lines if line.startswith("export "))
        self.variables["AWS_ENDPOINT_URL_S3"] = self.variables["MUSTER_TEST_BATCH_S3"]
        # Without the symbols for a debugger, as it is installed.
        self.agent = self.bench.folder("agent") / "muster-agent"
        self.bench.check(["strip", "-o", self.agent, self.bench.release / "muster-agent"])
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "down", self.folder], check=False, capture_output=True)
        self.bucket.__exit__()

    def environment(self):
        """The variables of a run with a store and a copy of its own."""
        copy = self.bench.folder("copy")
        return {
            **self.bench.muster_environment(), **self.bucket.environment, **self.variables,
            "MUSTER_STORE": f"s3://{self.bucket.name}/{copy.name}", "MUSTER_BUCKET_FOLDER": str(copy),
            "MUSTER_BATCH_QUEUE": self.variables["MUSTER_TEST_BATCH_QUEUE"], "MUSTER_BATCH_IMAGE": IMAGE,
            "MUSTER_BATCH_JOB_ROLE": ROLE, "MUSTER_AGENT": str(self.agent)}, copy

    def start(self, flow, arguments, place="batch", environment=None):
        """Starts a run in a folder of its own and returns its process."""
        folder = self.bench.folder("flow")
        for source in self.flows.glob("*.py"):
            shutil.copy(source, folder)
        shutil.copy(self.bench.root / "Tests" / "FlowFixtures" / "Scripts" / "allreduce.py", folder)
        return subprocess.Popen(
            [self.bench.release / "muster", "run", flow, "--with", place, *arguments], cwd=folder,
            env=environment or self.environment()[0], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, flow, arguments, place="batch"):
        """Runs a flow to its end and returns the folder of its machine's copy of the store."""
        environment, copy = self.environment()
        process = self.start(flow, arguments, place, environment)
        output, _ = process.communicate(timeout=600)
        if process.returncode != 0:
            raise Unmeasured(f"the run ended with {process.returncode}:\n" + output[-2000:])
        return copy

    # Questions to the stand-in

    def calls(self, operation):
        """The requests of an operation so far."""
        with open(self.variables["MUSTER_TEST_BATCH_CALLS"]) as file:
            calls = [json.loads(line) for line in file]
        return [call["request"] for call in calls if call["operation"] == operation]

    def ask(self, text):
        """Runs Python with boto3's client `batch`, and returns the JSON that it prints."""
        python = self.bench.check([self.script, "python"]).strip()
        done = self.bench.check(
            [python, "-c", "import boto3, json, sys\nbatch = boto3.client('batch')\n" + text],
            env={**self.bench.muster_environment(), **self.variables, "AWS_DEFAULT_REGION": self.variables["AWS_REGION"]})
        return json.loads(done)

    def nodes(self, job):
        """The descriptions of the job's nodes."""
        ids = [f"{job}#{node}" for node in range(NODES)]
        return self.ask(f"print(json.dumps(batch.describe_jobs(jobs={ids!r})['jobs'], default=str))")

    def job(self, step):
        """The identifier of the newest job of a step."""
        jobs = self.ask(
            "q = sys.argv and " + repr(self.variables["MUSTER_TEST_BATCH_QUEUE"]) + "\n"
            f"found = batch.list_jobs(jobQueue=q, filters=[{{'name': 'JOB_NAME', 'values': ['mu-*']}}])['jobSummaryList']\n"
            f"print(json.dumps([j for j in found if '-{step}-' in j['jobName']], default=str))")
        if not jobs:
            raise Unmeasured(f"there is no job of the step {step}")
        return max(jobs, key=lambda job: job["createdAt"])["jobId"]

    def containers(self):
        return self.bench.check([self.script, "podman", self.folder, "ps", "--quiet"]).split()

    def kill(self, node):
        self.bench.check([self.script, "kill", self.folder, node])


def wait(condition, seconds, what, pause=0.05):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Unmeasured(f"waited for {what} for {seconds} s")
        time.sleep(pause)
