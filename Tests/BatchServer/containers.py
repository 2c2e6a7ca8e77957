"""One container of one attempt of a job: made, put into the network, started, followed to its end and removed."""

import os
import pathlib
import resource
import shutil
import time
import uuid

import rules
from podman import PodmanError, Process

# The groups of the kernel, in version 1 or 2, in which a container killed for its memory is found.
MEMORY_GROUPS = (("/sys/fs/cgroup/memory", "memory.oom_control"), ("/sys/fs/cgroup", "memory.events"))
SIGKILL = 9


class Container:
    """What AWS tells of a node: its status, exit code, reasons and times. Times are in milliseconds, as AWS's are."""

    def __init__(self, place, name, prefix):
        self._place, self.name = place, name
        self.task = uuid.uuid4().hex
        self.instance = f"i-{uuid.uuid4().hex[:17]}"
        self.stream = f"{prefix}/default/{self.task}"
        self.status, self.status_reason = "RUNNABLE", None
        self.exit_code = self.reason = self.address = self.started = self.stopped = None
        self.lost = False
        self._process = self._endpoint = self._id = None
        self._volumes = []

    def start(self, node, variables):
        """Starts the container, or tells why it cannot be: returns whether it runs."""
        self.status = "STARTING"
        image = node.properties["image"]
        try:
            if not self._place.podman.has_image(image):
                raise _CannotStart(
                    f"CannotPullContainerError: Error response from daemon: pull access denied for {image}, repository does "
                    "not exist or may require 'docker login': denied: requested access to the resource is denied")
            self._endpoint = self._place.network.endpoint()
            self.address = self._endpoint.address
            self._create(node, variables)
        except _CannotStart as error:
            self._fail(str(error))
            return False
        except PodmanError as error:
            self._fail(f"CannotStartContainerError: Error response from daemon: {error}")
            return False
        self.started, self.status = now(), "RUNNING"
        return True

    def follow(self, stop, grace):
        """Waits for the end of the container. Once the descriptor `stop` can be read, it is stopped as ECS stops one."""
        if not self._process.ended(None, stop):
            self._place.podman.signal(self._id, self._stop_signal)
            if not self._process.ended(grace):
                self._place.podman.signal(self._id, "KILL")
                self._process.ended()
        killed_for_memory = self._killed_for_memory()
        self.exit_code = self._place.podman.exit_code(self._id)
        self.stopped = now()
        if self.lost:
            self.exit_code, self.status = None, "FAILED"
            self.status_reason = f"Host EC2 (instance {self.instance}) terminated."
        else:
            self.status = "SUCCEEDED" if self.exit_code == 0 else "FAILED"
            self.status_reason = "Essential container in task exited"
            if self.exit_code == 128 + SIGKILL and killed_for_memory:
                self.reason = "OutOfMemoryError: Container killed due to memory usage"

    def lose(self):
        """Its machine loses its power: nothing that it sends arrives any more, and it stops without a signal."""
        self.lost = True
        self._endpoint.cut()
        self._place.podman.signal(self._id, "KILL")

    def remove(self):
        """Leaves nothing but what the container printed."""
        if self._process:
            self._process.close()
        if self._id:
            self._place.logs.finish(self._log)
            self._place.podman.remove(self._id)
        if self._endpoint:
            self._endpoint.release()
        for folder in self._volumes:
            shutil.rmtree(folder)

    def _create(self, node, variables):
        self._log = str(self._place.log_folder / f"{self.name}.log")
        self._id = self._place.podman.create(self._specification(node.properties, variables))
        self._place.logs.follow(self._log, self.stream)
        self._place.podman.initialize(self._id)
        state = self._place.podman.inspect(self._id)
        self._process = Process(state["State"]["Pid"])
        self._stop_signal = state["Config"].get("StopSignal") or 15
        # As long as the program has not started.
        self._group = _memory_group(self._process.pid)
        self._endpoint.attach(self._process.pid)
        self._place.podman.start(self._id)

    def _fail(self, reason):
        self.status, self.status_reason, self.stopped = "FAILED", "Task failed to start", now()
        # AWS cuts it.
        self.reason = reason[:255]

    def _specification(self, properties, variables):
        linux = properties.get("linuxParameters", {})
        memory = int(rules.requirement(properties, "MEMORY")) << 20
        specification = {
            "name": self.name, "image": properties["image"], "image_volume_mode": "ignore",
            "hostname": f"{self._endpoint.host}.ec2.internal", "netns": {"nsmode": "none"},
            "env": self._place.defaults | {
                each["name"]: each.get("value", "") for each in properties.get("environment", [])} | variables,
            # Docker sets none of these.
            "unsetenv": ["container", "TERM"],
            "cgroup_parent": self._place.cgroup_parent, "cgroupns": {"nsmode": "private"},
            "resource_limits": {
                "memory": {"limit": memory, "swap": memory},
                "cpu": {"shares": max(2, int(rules.requirement(properties, "VCPU") * 1024))}},
            # 64 MiB is Docker's.
            "shm_size": linux.get("sharedMemorySize", 64) << 20,
            "init": linux.get("initProcessEnabled", False),
            "privileged": properties.get("privileged", False),
            "read_only_filesystem": properties.get("readonlyRootFilesystem", False),
            "r_limits": _limits(properties.get("ulimits", [])),
            "mounts": [
                _bind("/etc/hosts", self._endpoint.hosts, False), _bind("/etc/resolv.conf", self._place.network.resolv_conf, False),
                *self._mounts(properties)],
            "log_configuration": {"driver": "k8s-file", "path": self._log}}
        if properties.get("command"):
            specification["command"] = properties["command"]
        if "user" in properties:
            specification["user"] = properties["user"]
        if specification["privileged"]:
            # This machine's root may lack a capability; no container can have more than it.
            specification["cap_drop"] = [name for bit, name in CAPABILITIES.items() if not _bounding_set() >> bit & 1]
        specification["mounts"] += [
            {"destination": each["containerPath"], "type": "tmpfs",
             "options": [*each.get("mountOptions", []), f"size={each['size']}m"]} for each in linux.get("tmpfs", [])]
        if "devices" in linux:
            specification["devices"] = [
                {"path": f"{each['hostPath']}:{each.get('containerPath', each['hostPath'])}"} for each in linux["devices"]]
        return specification

    def _mounts(self, properties):
        sources = {}
        for volume in properties.get("volumes", []):
            source = volume.get("host", {}).get("sourcePath")
            if source is None:
                # A volume without a path lives as long as the task.
                source = str(self._place.volume_folder / f"{self.task}-{volume['name']}")
                self._volumes.append(source)
            # As Docker does.
            if not os.path.exists(source):
                os.makedirs(source, exist_ok=True)
            sources[volume["name"]] = source
        return [
            _bind(each["containerPath"], sources[each["sourceVolume"]], each.get("readOnly", False))
            for each in properties.get("mountPoints", [])]

    def _killed_for_memory(self):
        """The count of the kernel is read before podman removes the group, which it does some time after the end."""
        try:
            text = self._group.read_text()
        except OSError:
            return False
        return any(line.split() != ["oom_kill", "0"] for line in text.splitlines() if line.startswith("oom_kill "))


class _CannotStart(Exception):
    pass


def now():
    return int(time.time() * 1000)


def _bind(destination, source, read_only):
    return {"destination": destination, "source": str(source), "type": "bind",
            "options": ["rbind", "ro" if read_only else "rw"]}


# Of <linux/capability.h>: those that a machine's root may lack.
CAPABILITIES = {
    17: "CAP_SYS_RAWIO", 16: "CAP_SYS_MODULE", 19: "CAP_SYS_PTRACE", 21: "CAP_SYS_ADMIN", 22: "CAP_SYS_BOOT",
    23: "CAP_SYS_NICE", 24: "CAP_SYS_RESOURCE", 25: "CAP_SYS_TIME", 34: "CAP_SYSLOG", 38: "CAP_PERFMON", 39: "CAP_BPF",
    40: "CAP_CHECKPOINT_RESTORE"}


def _bounding_set():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            return int(line.split()[1], 16)
    return 0


def _limits(ulimits):
    """podman sets no limit of its own for a container that has any, and fails to raise one above this machine's."""
    wanted = {"nofile": (20000, 20000), "nproc": (16000, 16000)}
    wanted |= {each["name"].lower(): (each["softLimit"], each["hardLimit"]) for each in ulimits}
    limits = []
    for name, (soft, hard) in wanted.items():
        highest = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
        if highest != resource.RLIM_INFINITY:
            soft, hard = (highest if value == -1 or value > highest else value for value in (soft, hard))
        # Unlimited is the greatest number of 64 bits.
        soft, hard = (value % (1 << 64) for value in (soft, hard))
        limits.append({"type": name, "soft": soft, "hard": hard})
    return limits


def _memory_group(pid):
    paths = {}
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    version = 0 if "memory" in paths else 1
    folder, file = MEMORY_GROUPS[version]
    return pathlib.Path(f"{folder}{paths['memory' if version == 0 else '']}") / file
