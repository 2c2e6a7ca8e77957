"""A cluster of Kubernetes on this machine for the measures (`Scripts/kubernetes-cluster`): two kubelets. Its store is a bucket
of radosgw.
"""

import json
import shutil
import subprocess
import time

from bucket import Bucket
from harness import Unmeasured, say

NODES = 4
IMAGE = "muster-test/debian"


class Pods:
    """Gone at the end of the `with`."""

    def __init__(self, bench):
        self.bench, self.bucket = bench, Bucket(bench)
        self.folder = bench.folder("kubernetes")
        self.script = bench.root / "Scripts" / "kubernetes-cluster"
        self.flows = bench.root / "Benchmarks" / "batch"

    def __enter__(self):
        self.bench.build_commands()
        self.bucket.__enter__()
        try:
            say("bringing up a cluster of Kubernetes")
            lines = self.bench.check(
                [self.script, "up", self.folder, "--image", "debian", "--s3",
                 self.bucket.environment["AWS_ENDPOINT_URL_S3"]]).splitlines()
            self.variables = dict(line[len("export "):].split("=", 1) for line in lines if line.startswith("export "))
            self.variables["AWS_ENDPOINT_URL_S3"] = self.variables["MUSTER_TEST_KUBERNETES_S3"]
            keys = [f"--from-literal={name}={self.bucket.environment.get(name, 'us-east-1')}" for name in
                    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")]
            self.kubectl("create", "secret", "generic", "s3", *keys)
        except BaseException:
            self.__exit__()
            raise
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
            "MUSTER_KUBERNETES_IMAGE": IMAGE, "MUSTER_KUBERNETES_SECRETS": "s3", "MUSTER_KUBERNETES_MEMORY": "200",
            "MUSTER_KUBERNETES_CPU": "100m", "MUSTER_KUBERNETES_PULL_POLICY": "Never",
            "MUSTER_AGENT": str(self.agent)}, copy

    def start(self, flow, arguments, environment=None):
        """Starts a run in a folder of its own and returns its process."""
        folder = self.bench.folder("flow")
        for source in self.flows.glob("*.py"):
            shutil.copy(source, folder)
        return subprocess.Popen(
            [self.bench.release / "muster", "run", flow, "--with", "kubernetes", *arguments], cwd=folder,
            env=environment or self.environment()[0], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, flow, arguments):
        """Runs a flow to its end and returns the folder of its machine's copy of the store."""
        environment, copy = self.environment()
        process = self.start(flow, arguments, environment)
        output, _ = process.communicate(timeout=600)
        if process.returncode != 0:
            raise Unmeasured(f"the run ended with {process.returncode}:\n" + output[-2000:])
        return copy

    # Questions to the cluster

    def kubectl(self, *words, input=None):
        program = self.variables["MUSTER_TEST_KUBERNETES_PROGRAMS"] + "/kubectl"
        return self.bench.check(
            [program, *words], env={**self.bench.muster_environment(), "KUBECONFIG": self.variables["KUBECONFIG"]},
            **({"input": input} if input is not None else {}))

    def pods(self, selector):
        return json.loads(self.kubectl("get", "pods", "-o", "json", "-l", selector))["items"]

    def requests(self):
        """The requests of engines so far, as pairs of verb and resource."""
        with open(self.variables["MUSTER_TEST_KUBERNETES_AUDIT"]) as file:
            events = [json.loads(line) for line in file]
        return [(event["verb"], event.get("objectRef", {}).get("resource")) for event in events
                if event.get("userAgent") == "muster" and event["stage"] == "ResponseComplete"]

    def machine(self, change, name):
        self.bench.check([self.script, "node", self.folder, change, name])


def wait(condition, seconds, what, pause=0.05):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Unmeasured(f"waited for {what} for {seconds} s")
        time.sleep(pause)
