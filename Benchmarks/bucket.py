"""A server of S3 on this machine for the measures, with what it was asked."""

import collections
import re
import subprocess

from harness import say

# Method, key and status of a line of radosgw's log.
LINE = re.compile(r'beast: .*? "([A-Z]+) /([^/? ]+)/?([^? ]*)(\?[^ ]*)? HTTP/1.1" (\d+)')
KINDS = [
    ("listings", r"^$"), ("events", "/events/"), ("segments", "/segments/"), ("artifacts", "artifacts/"),
    ("packages", "packages/"), ("reports", r"report\.json$"), ("agents' logs", r"\.agent\.log/"), ("logs", r"\.log/"),
    ("lease", "/lease$"), ("request to end", "/cancel$"), ("record", "record.json$"), ("index", "index/"), ("tags", "/tags/")]


class Bucket:
    """radosgw with one bucket. `environment` are the variables that name it."""

    def __init__(self, bench, name="benchmark"):
        self.bench, self.name = bench, name
        self.folder = bench.folder("s3")
        self.script = bench.root / "Scripts" / "s3-server"
        self.environment = {}

    def __enter__(self):
        say("bringing up radosgw")
        lines = subprocess.run(
            [self.script, "up", self.folder], check=True, capture_output=True, text=True).stdout.splitlines()
        self.environment = dict(line[len("export "):].split("=", 1) for line in lines if line.startswith("export "))
        make = "import boto3, sys; boto3.client('s3').create_bucket(Bucket=sys.argv[1])"
        self.bench.check(
            [self.bench.metaflow_python(), "-c", make, self.name],
            env={**self.bench.muster_environment(), **self.environment})
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "down", self.folder], check=False, capture_output=True)

    def empty(self, prefix):
        """Removes the objects whose keys begin with `prefix`, and has radosgw give their memory back, which it does hours later
        by itself.
        """
        remove = (
            "import boto3, sys; bucket = boto3.resource('s3').Bucket(sys.argv[1]); "
            "bucket.objects.filter(Prefix=sys.argv[2]).delete()")
        self.bench.check(
            [self.bench.metaflow_python(), "-c", remove, self.name, prefix],
            env={**self.bench.muster_environment(), **self.environment})
        self.bench.check(["radosgw-admin", "-c", self.folder / "ceph.conf", "gc", "process", "--include-all"])

    def muster_environment(self, prefix, python=False):
        """The variables for a run with a store below `prefix` and a copy of its own."""
        own = self.bench.python_environment() if python else self.bench.muster_environment()
        return {
            **own, **self.environment, "MUSTER_STORE": f"s3://{self.name}/{prefix}",
            "MUSTER_BUCKET_FOLDER": str(self.bench.folder("copy"))}

    def metaflow_environment(self, folder):
        return {
            **self.bench.metaflow_environment(folder), **self.environment,
            "METAFLOW_DEFAULT_DATASTORE": "s3", "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{self.name}/metaflow-{folder.name}",
            "METAFLOW_S3_ENDPOINT_URL": self.environment["AWS_ENDPOINT_URL_S3"]}

    def requests(self, prefix):
        """How many requests there were for keys below `prefix` or listings of them, by kind."""
        counts = collections.Counter()
        for log in sorted((self.folder / "log").glob("client.rgw*.log")):
            for line in log.read_text(errors="replace").splitlines():
                match = LINE.search(line)
                if not match or match[2] != self.name:
                    continue
                key = match[3]
                if not key.startswith(prefix + "/") and f"prefix={prefix}%2F" not in (match[4] or ""):
                    continue
                counts[next((kind for kind, form in KINDS if re.search(form, key)), "others")] += 1
        return counts
