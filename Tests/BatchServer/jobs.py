"""The life of a job, with AWS's rules for jobs of several nodes.

    SUBMITTED ─▶ PENDING ─▶ RUNNABLE ─▶ STARTING ─▶ RUNNING ─▶ SUCCEEDED | FAILED
                                ▲                      │
                                └──another attempt─────┘

The main node starts first. The others start when it runs, in random order and some time later each. The main node's end
is the job's: it decides whether the job has succeeded, and the others are stopped. The end of another node changes
nothing. An attempt that is out of time, and a job that is terminated, are not tried again.
"""

import os
import random
import re
import threading
import uuid

import rules
from containers import Container, now
from settings import ACCOUNT, REGION

FINAL = ("SUCCEEDED", "FAILED")


class Job:
    def __init__(self, batch, queue, request, definition):
        self.batch, self.queue, self.request, self.definition = batch, queue, request, definition
        self.id, self.name = str(uuid.uuid4()), request["jobName"]
        self.nodes = rules.nodes(definition, request)
        self.multinode = definition["type"] == "multinode"
        self.main = definition["nodeProperties"]["mainNode"] if self.multinode else 0
        self.retries = request.get("retryStrategy") or definition.get("retryStrategy") or {}
        timeout = request.get("timeout") or definition.get("timeout") or {}
        self.seconds = timeout.get("attemptDurationSeconds")
        self.dependencies = [each["jobId"] for each in request.get("dependsOn", [])]
        self.tags = dict(request.get("tags", {}))
        self.status, self.status_reason = "SUBMITTED", None
        self.created, self.started, self.stopped = now(), None, None
        self.cancelled = self.terminated = False
        # The containers of each attempt, by node.
        self.attempts = []
        self._ended = []
        self._stop_reason, self._wake = None, threading.Event()

    @property
    def vcpus(self):
        return sum(rules.requirement(node.properties, "VCPU") for node in self.nodes)

    @property
    def final(self):
        return self.status in FINAL

    def stop(self, reason):
        """TerminateJob, in whatever state the job is. What has not started does not."""
        with self.batch.lock:
            if self.final:
                return
            self.terminated = True
            self._stop_reason = self._stop_reason or reason
            if self.status in ("SUBMITTED", "PENDING", "RUNNABLE"):
                self.cancelled = True
                self.end("FAILED", self._stop_reason)
            self._wake.set()

    def cancel(self, reason):
        """CancelJob: of a job that has started it changes nothing."""
        with self.batch.lock:
            if self.status in ("SUBMITTED", "PENDING", "RUNNABLE"):
                self.cancelled = True
                self.end("FAILED", reason)

    def end(self, status, reason):
        with self.batch.lock:
            self.status, self.status_reason, self.stopped = status, reason, now()
            self.batch.lock.notify_all()

    def run_attempt(self):
        """Runs the next attempt to its end: of the job, or back to RUNNABLE."""
        number = len(self.attempts) + 1
        prefix = self.definition["jobDefinitionName"]
        containers = [Container(self.batch.place, f"{self.id}-{index}-{number}", prefix) for index in range(len(self.nodes))]
        if too_long := self._too_long(number):
            self.end("FAILED", too_long)
            return
        self.attempts.append(containers)
        out_of_time = _Attempt(self, number, containers).run()
        main = containers[self.main]
        with self.batch.lock:
            self._ended.append((number, main))
            reason = main.status_reason
            if self._stop_reason is not None:
                self.end("FAILED", self._stop_reason)
            elif out_of_time:
                main.status_reason = "Job attempt duration exceeded timeout"
                self.end("FAILED", main.status_reason)
            elif main.status == "SUCCEEDED":
                self.end("SUCCEEDED", reason)
            elif number < self.retries.get("attempts", 1) and self._retried(main):
                self.status, self.status_reason = "RUNNABLE", None
                self.batch.await_place(self)
            else:
                self.end("FAILED", reason)

    def lose(self, index):
        """The machine of a node that runs is gone. Returns whether one ran."""
        with self.batch.lock:
            container = self.attempts[-1][index] if self.attempts else None
            if container is None or container.status != "RUNNING":
                return False
        container.lose()
        return True

    def _retried(self, main):
        """evaluateOnExit: the first entry all of whose conditions hold says it; without one, the attempt is repeated."""
        facts = {
            "onStatusReason": main.status_reason, "onReason": main.reason,
            "onExitCode": None if main.exit_code is None else str(main.exit_code)}
        for entry in self.retries.get("evaluateOnExit", []):
            conditions = {name: pattern for name, pattern in entry.items() if name != "action"}
            if all(_matches(pattern, facts[name]) for name, pattern in conditions.items()):
                return entry["action"].upper() == "RETRY"
        return True

    def _too_long(self, number):
        longest = max(
            rules.override_length(node.overrides, self.variables(index, number, "10.0.0.0"))
            for index, node in enumerate(self.nodes))
        if longest > rules.MAXIMAL_OVERRIDE:
            return f"Container Overrides length must be at most {rules.MAXIMAL_OVERRIDE}"
        return None

    def variables(self, index, number, main_address):
        found = {
            "AWS_BATCH_JOB_ID": f"{self.id}#{index}" if self.multinode else self.id,
            "AWS_BATCH_JOB_ATTEMPT": str(number),
            "AWS_BATCH_JQ_NAME": self.queue, "AWS_BATCH_CE_NAME": self.batch.environment}
        if self.multinode:
            found |= {
                "AWS_BATCH_JOB_NODE_INDEX": str(index), "AWS_BATCH_JOB_NUM_NODES": str(len(self.nodes)),
                "AWS_BATCH_JOB_MAIN_NODE_INDEX": str(self.main)}
            if index != self.main:
                found["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"] = main_address
        return found

    # ---- What DescribeJobs and ListJobs tell.

    def describe(self):
        told = {
            **self._common(self.id), "status": self.status, "statusReason": self.status_reason, "startedAt": self.started,
            "stoppedAt": self.stopped, "isCancelled": self.cancelled, "isTerminated": self.terminated,
            "attempts": [_attempt(main) for _, main in self._ended]}
        if self.multinode:
            # As AWS tells it: no container, which the nodes have.
            told["nodeProperties"] = {**self.definition["nodeProperties"], "numNodes": len(self.nodes)}
        else:
            told["container"] = self._container(0)
        return told

    def describe_node(self, index):
        return {
            **self._common(f"{self.id}#{index}"), **self._node_state(index),
            "attempts": [_attempt(containers[index]) for containers in self.attempts if containers[index].stopped is not None],
            "isCancelled": self.cancelled, "isTerminated": self.terminated,
            "nodeDetails": {"nodeIndex": index, "isMainNode": index == self.main}, "container": self._container(index)}

    def summary(self):
        main = self._latest(self.main)
        told = {name: value for name, value in self.describe().items() if name not in ("container", "nodeProperties")}
        told["container"] = {"exitCode": main.exit_code, "reason": main.reason} if main else {}
        if self.multinode:
            told["nodeProperties"] = {"numNodes": len(self.nodes)}
        return told

    def node_summary(self, index):
        container = self._latest(index)
        return {
            **self._common(f"{self.id}#{index}"), **self._node_state(index),
            "container": {"exitCode": container.exit_code, "reason": container.reason} if container else {},
            "nodeProperties": {"nodeIndex": index, "isMainNode": index == self.main, "numNodes": len(self.nodes)}}

    def _common(self, name):
        return {
            "jobArn": f"{self.batch.arn}:job/{name}", "jobId": name, "jobName": self.name,
            "jobQueue": f"{self.batch.arn}:job-queue/{self.queue}", "createdAt": self.created,
            "jobDefinition": self.definition["jobDefinitionArn"], "platformCapabilities": ["EC2"],
            "parameters": {**self.definition.get("parameters", {}), **self.request.get("parameters", {})},
            "retryStrategy": {"attempts": 1, "evaluateOnExit": [], **self.retries},
            "timeout": {"attemptDurationSeconds": self.seconds} if self.seconds else None,
            "shareIdentifier": self.request.get("shareIdentifier"),
            "schedulingPriority": self.request.get("schedulingPriorityOverride", self.definition.get("schedulingPriority")),
            "dependsOn": self.request.get("dependsOn", []), "tags": self.tags,
            "propagateTags": self.request.get("propagateTags", self.definition.get("propagateTags"))}

    def _latest(self, index):
        return self.attempts[-1][index] if self.attempts else None

    def _node_state(self, index):
        container = self._latest(index)
        if container is None:
            return {"status": self.status, "statusReason": self.status_reason, "stoppedAt": self.stopped}
        return {
            "status": container.status, "statusReason": container.status_reason, "startedAt": container.started,
            "stoppedAt": container.stopped}

    def _container(self, index):
        told, container = dict(self.nodes[index].properties), self._latest(index)
        if container:
            told |= _container(container)
        return told


def _container(container):
    started = container.started is not None
    return {
        "exitCode": container.exit_code, "reason": container.reason,
        "logStreamName": container.stream if started else None,
        "taskArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/muster-tests/{container.task}",
        "containerInstanceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:container-instance/muster-tests/{container.instance}",
        "networkInterfaces": [{"privateIpv4Address": container.address}] if started else []}


def _attempt(container):
    return {
        "container": _container(container), "startedAt": container.started, "stoppedAt": container.stopped,
        "statusReason": container.status_reason}


def _matches(pattern, text):
    """A pattern may end in an asterisk. Letters match in either case."""
    if text is None:
        return False
    if pattern.endswith("*"):
        return text.lower().startswith(pattern[:-1].lower())
    return re.fullmatch(re.escape(pattern), text, re.IGNORECASE) is not None


class _Attempt:
    """The threads of one attempt, one for each node. They end with it."""

    def __init__(self, job, number, containers):
        self._job, self._number, self._containers = job, number, containers
        self._settings = job.batch.settings
        # Readable from the moment on at which all containers are to stop.
        self._stop = os.eventfd(0)
        self._stopping = threading.Event()

    def run(self):
        """Returns whether the attempt ran out of time."""
        job, main = self._job, self._containers[self._job.main]
        try:
            if not self._start(job.main):
                return False
            with job.batch.lock:
                job.status, job.started = "RUNNING", main.started
                job.batch.lock.notify_all()
            others = [index for index in range(len(self._containers)) if index != job.main]
            random.shuffle(others)
            threads = [threading.Thread(target=self._follow_main)]
            threads += [threading.Thread(target=self._run_other, args=(index,)) for index in others]
            for thread in threads:
                thread.start()
            in_time = job._wake.wait(None if job.seconds is None else job.seconds * self._settings.second)
            os.eventfd_write(self._stop, 1)
            self._stopping.set()
            for thread in threads:
                thread.join()
            return not in_time
        finally:
            if job._stop_reason is None:
                job._wake.clear()
            os.close(self._stop)
            removers = [threading.Thread(target=each.remove) for each in self._containers]
            for thread in removers:
                thread.start()
            for thread in removers:
                thread.join()

    def _start(self, index):
        job, container = self._job, self._containers[index]
        variables = job.variables(index, self._number, self._containers[job.main].address)
        variables |= self._settings.variables(job.nodes[index].properties, container)
        with job.batch.starting:
            if self._stopping.is_set():
                return False
            return container.start(job.nodes[index], variables)

    def _follow_main(self):
        try:
            self._containers[self._job.main].follow(self._stop, self._settings.grace)
        finally:
            self._job._wake.set()

    def _run_other(self, index):
        container = self._containers[index]
        if self._stopping.wait(random.uniform(0, self._settings.child_delay)) or not self._start(index):
            if container.stopped is None:
                container.status, container.stopped = "FAILED", now()
            return
        container.follow(self._stop, self._settings.grace)
