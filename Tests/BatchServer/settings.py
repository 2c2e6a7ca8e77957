"""What the parts of the server share."""

import dataclasses
import pathlib

from logs import Logs
from network import Network
from podman import Podman

ACCOUNT, REGION = "123456789012", "us-east-1"
# Where containers of ECS find their role's credentials.
CREDENTIALS = "169.254.170.2"


@dataclasses.dataclass
class Settings:
    folder: pathlib.Path
    access_key: str
    secret_key: str
    # S3's endpoint as containers reach it.
    s3: str | None
    # How long a second of a job's times is: 0.05 makes the shortest timeout of AWS, of 60 s, one of 3 s.
    second: float
    # Nodes other than the main one start up to so many seconds after it runs.
    child_delay: float
    # For so many seconds a new job is not in answers of DescribeJobs: AWS's are not consistent at once.
    invisible: float

    @property
    def grace(self):
        """From SIGTERM to SIGKILL."""
        return 30 * self.second

    def control(self, name):
        return (self.folder / "control" / name).exists()

    def variables(self, properties, container):
        """What ECS gives a container beside Batch's own variables."""
        found = {"AWS_EXECUTION_ENV": "AWS_ECS_EC2", "ECS_CONTAINER_METADATA_URI_V4": f"http://{CREDENTIALS}/v4/{container.task}"}
        if "jobRoleArn" in properties:
            found["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = f"/v2/credentials/{container.task}"
        return found

    @property
    def defaults(self):
        """What stands in for AWS's network, as if it were of the image: a job's own variables replace it."""
        return {"AWS_ENDPOINT_URL_S3": self.s3, "AWS_REGION": REGION} if self.s3 else {}


@dataclasses.dataclass
class Place:
    """Where containers run."""

    podman: Podman
    network: Network
    logs: Logs
    log_folder: pathlib.Path
    volume_folder: pathlib.Path
    cgroup_parent: str
    # Variables of every container.
    defaults: dict
