"""The operations of AWS Batch that this server has, on two job queues with one compute environment."""

import json
import threading
import uuid

import rules
from containers import now
from jobs import Job
from refusal import Refusal
from settings import ACCOUNT, REGION

# vCPUs of the compute environment.
CAPACITY = 256
# podman makes so many containers at a time; more only slow each other down.
STARTERS = 4

IMPOSSIBLE = (
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met "
    "by the CE(s) associated with the job queue.")
TOO_MANY = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU requirement of "
    "the job.")
NO_CAPACITY = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [m5.xlarge]")


class Batch:
    environment = "muster-tests"
    # The second has a policy of fair shares: only there have jobs a share, and must have one. Its order is the first's.
    queues = {"muster-tests": False, "muster-tests-shares": True}
    arn = f"arn:aws:batch:{REGION}:{ACCOUNT}"

    def __init__(self, settings, place):
        self.settings, self.place = settings, place
        # Guards the state of all jobs, and tells of its changes.
        self.lock = threading.Condition(threading.RLock())
        self.starting = threading.Semaphore(STARTERS)
        self._jobs, self._definitions, self._waiting = {}, {}, []
        # What is left of lists, by the token of their next page.
        self._pages = {}
        threading.Thread(target=self._schedule, daemon=True).start()

    def call(self, operation, request, size):
        method = getattr(self, f"_{operation}", None)
        if method is None:
            raise Refusal(
                f"{operation} is an operation of AWS Batch that this server does not have", "UnknownOperationException", 404)
        return method(request, size) or {}

    # ---- Definitions

    def _RegisterJobDefinition(self, request, size):
        rules.check_definition(request, size)
        with self.lock:
            revisions = self._definitions.setdefault(request["jobDefinitionName"], [])
            definition = {
                **request, "revision": len(revisions) + 1, "status": "ACTIVE", "containerOrchestrationType": "ECS",
                "jobDefinitionArn": f"{self.arn}:job-definition/{request['jobDefinitionName']}:{len(revisions) + 1}"}
            definition.setdefault("platformCapabilities", ["EC2"])
            definition.setdefault("tags", {})
            revisions.append(definition)
        return definition

    def _DescribeJobDefinitions(self, request, size):
        with self.lock:
            found = [each for revisions in self._definitions.values() for each in reversed(revisions)]
        if "jobDefinitions" in request:
            if len(request["jobDefinitions"]) > 100:
                raise Refusal("jobDefinitions has more than 100 entries")
            wanted = [name.rpartition("/")[2] for name in request["jobDefinitions"]]
            found = [
                each for each in found
                if each["jobDefinitionName"] in wanted or f"{each['jobDefinitionName']}:{each['revision']}" in wanted]
        if "jobDefinitionName" in request:
            found = [each for each in found if each["jobDefinitionName"] == request["jobDefinitionName"]]
        if "status" in request:
            found = [each for each in found if each["status"] == request["status"]]
        return self._page(found, request, "jobDefinitions")

    def _DeregisterJobDefinition(self, request, size):
        self._definition(request["jobDefinition"])["status"] = "INACTIVE"

    def _definition(self, name):
        """A definition by its ARN, NAME:REVISION, or NAME, which means the latest one that is active."""
        base, _, revision = name.rpartition("/")[2].partition(":")
        with self.lock:
            found = self._definitions.get(base, [])
            if revision:
                found = [each for each in found if str(each["revision"]) == revision]
            else:
                found = [each for each in found if each["status"] == "ACTIVE"]
        if not found:
            raise Refusal(f"JobDefinition not found or inactive: {name}")
        return found[-1]

    # ---- Jobs

    def _SubmitJob(self, request, size):
        queue = self._queue(request)
        definition = self._definition(request["jobDefinition"])
        if definition["status"] != "ACTIVE":
            raise Refusal(f"JobDefinition is not active: {request['jobDefinition']}")
        rules.check_submission(request, definition, size, shares=self.queues[queue])
        with self.lock:
            for each in request.get("dependsOn", []):
                if each["jobId"] not in self._jobs:
                    raise Refusal(f"Job not found: {each['jobId']}")
            job = Job(self, queue, request, definition)
            self._jobs[job.id] = job
            self.await_place(job)
        return {"jobArn": f"{self.arn}:job/{job.id}", "jobName": job.name, "jobId": job.id}

    def _DescribeJobs(self, request, size):
        if len(request["jobs"]) > 100:
            raise Refusal("jobs has more than 100 entries")
        found = []
        with self.lock:
            for name in request["jobs"]:
                base, child, index = name.rpartition("/")[2].partition("#")
                job = self._jobs.get(base)
                if job is None or now() - job.created < self.settings.invisible * 1000:
                    continue
                if not child:
                    found.append(job.describe())
                elif job.multinode and index.isdigit() and int(index) < len(job.nodes):
                    found.append(job.describe_node(int(index)))
        return {"jobs": found}

    def _ListJobs(self, request, size):
        if sum(name in request for name in ("jobQueue", "arrayJobId", "multiNodeJobId")) != 1:
            raise Refusal("exactly one of jobQueue, arrayJobId and multiNodeJobId must be set")
        if "arrayJobId" in request:
            raise Refusal("this server has no array jobs")
        filters, status = request.get("filters", []), request.get("jobStatus")
        if len(filters) > 1:
            raise Refusal("only one filter can be used at a time")
        with self.lock:
            if "multiNodeJobId" in request:
                if filters:
                    raise Refusal("filters cannot be used with multiNodeJobId")
                job = self._jobs.get(request["multiNodeJobId"])
                if job is None or not job.multinode:
                    raise Refusal(f"Multi-node job not found: {request['multiNodeJobId']}")
                found = [job.node_summary(index) for index in range(len(job.nodes))]
            else:
                queue = self._queue(request)
                found = [
                    job.summary() for job in reversed(self._jobs.values())
                    if job.queue == queue and (not filters or _passes(job, filters[0]))]
        # AWS passes over jobStatus where there is a filter.
        if not filters:
            found = [each for each in found if each["status"] == (status or "RUNNING")]
        return self._page(found, request, "jobSummaryList", longest=100 if filters else 1000)

    def _TerminateJob(self, request, size):
        self._job(request).stop(request["reason"])

    def _CancelJob(self, request, size):
        self._job(request).cancel(request["reason"])

    def _job(self, request):
        if len(request["reason"]) > 1024:
            raise Refusal("reason has more than 1024 characters")
        job = self._jobs.get(request["jobId"].rpartition("/")[2])
        if job is None:
            raise Refusal(f"Job not found: {request['jobId']}")
        return job

    def _GetJobQueueSnapshot(self, request, size):
        queue = self._queue(request)
        with self.lock:
            front = [job for job in self._waiting if job.queue == queue and job.status == "RUNNABLE"][:100]
            return {"frontOfQueue": {
                "jobs": [{"jobArn": f"{self.arn}:job/{job.id}", "earliestTimeAtPosition": job.created} for job in front],
                "lastUpdatedAt": now()}}

    # ---- The queues and their compute environment, which are always there

    def _queue(self, request):
        name = request["jobQueue"].removeprefix(f"{self.arn}:job-queue/")
        if name not in self.queues:
            raise Refusal(f"Job Queue not found: {request['jobQueue']}")
        return name

    def _DescribeJobQueues(self, request, size):
        policy = f"arn:aws:batch:{REGION}:{ACCOUNT}:scheduling-policy/muster-tests"
        queues = [{
            "jobQueueName": name, "jobQueueArn": f"{self.arn}:job-queue/{name}", "state": "ENABLED", "status": "VALID",
            "statusReason": "JobQueue Healthy", "priority": 1, "jobQueueType": "ECS", "tags": {},
            "schedulingPolicyArn": policy if shares else None,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": f"{self.arn}:compute-environment/{self.environment}"}]}
            for name, shares in self.queues.items()]
        return self._page(_named(queues, "jobQueueName", "jobQueueArn", request.get("jobQueues")), request, "jobQueues")

    def _DescribeComputeEnvironments(self, request, size):
        environment = {
            "computeEnvironmentName": self.environment, "type": "MANAGED", "state": "ENABLED", "status": "VALID",
            "computeEnvironmentArn": f"{self.arn}:compute-environment/{self.environment}", "tags": {},
            "containerOrchestrationType": "ECS",
            "computeResources": {
                "type": "EC2", "minvCpus": 0, "maxvCpus": CAPACITY, "instanceTypes": ["m5.xlarge"], "subnets": ["subnet-00000000"]}}
        names = request.get("computeEnvironments")
        return self._page(
            _named([environment], "computeEnvironmentName", "computeEnvironmentArn", names), request, "computeEnvironments")

    def _page(self, found, request, member, longest=100):
        """A page of a list. The rest is kept under a token, so that what is added meanwhile moves nothing."""
        if "nextToken" in request:
            if request["nextToken"] not in self._pages:
                raise Refusal("nextToken is not valid")
            found = self._pages[request["nextToken"]]
        size = request.get("maxResults", 100)
        if not 1 <= size <= longest:
            raise Refusal(f"maxResults must be between 1 and {longest}")
        answer = {member: found[:size]}
        if len(found) > size:
            answer["nextToken"] = str(uuid.uuid4())
            self._pages[answer["nextToken"]] = found[size:]
        return answer

    # ---- Tags

    def _tags(self, arn):
        kind, _, name = arn.rpartition(":job")[2].partition("/")
        if kind == "-definition":
            return self._definition(name)["tags"]
        if kind == "" and name in self._jobs:
            return self._jobs[name].tags
        raise Refusal(f"Resource not found: {arn}")

    def _TagResource(self, request, size):
        tags = self._tags(request["resourceArn"])
        rules.check_tags({**tags, **request["tags"]})
        tags.update(request["tags"])

    def _UntagResource(self, request, size):
        tags = self._tags(request["resourceArn"])
        for key in request["tagKeys"]:
            tags.pop(key, None)

    def _ListTagsForResource(self, request, size):
        return {"tags": dict(self._tags(request["resourceArn"]))}

    # ---- What a test asks for beside AWS's API

    def lose(self, job_id, index):
        job = self._jobs.get(job_id)
        if job is None or not 0 <= index < len(job.nodes):
            raise Refusal(f"there is no node {index} of a job {job_id}")
        if not job.lose(index):
            raise Refusal(f"node {index} of job {job_id} does not run")

    # ---- Places for jobs, in the order of their submission

    def await_place(self, job):
        with self.lock:
            self._waiting.append(job)
            self.lock.notify_all()

    def _schedule(self):
        while True:
            with self.lock:
                while not self._waiting:
                    self.lock.wait()
                for job in self._placeable():
                    job.status, job.status_reason = "STARTING", None
                    threading.Thread(target=self._run, args=(job,), daemon=True).start()
                # Files hold jobs back, and nothing tells that one is gone.
                if self._waiting:
                    self.lock.wait(0.1)

    def _run(self, job):
        try:
            job.run_attempt()
        except Exception as error:
            job.end("FAILED", f"this server failed: {error!r}")
            raise

    def _placeable(self):
        """Takes the jobs that can start now from those that wait."""
        placed = []
        used = sum(job.vcpus for job in self._jobs.values() if job.status in ("STARTING", "RUNNING"))
        for job in list(self._waiting):
            if job.final:
                self._waiting.remove(job)
                continue
            if not self._depends_on_nothing(job):
                continue
            job.status = "RUNNABLE"
            job.status_reason = self._hindrance(job)
            if job.status_reason or self.settings.control("pause"):
                continue
            if used + job.vcpus > CAPACITY:
                break
            used += job.vcpus
            self._waiting.remove(job)
            placed.append(job)
        return placed

    def _depends_on_nothing(self, job):
        states = [self._jobs[each].status for each in job.dependencies]
        if "FAILED" in states:
            self._waiting.remove(job)
            job.end("FAILED", "Dependent Job failed")
            return False
        if any(state != "SUCCEEDED" for state in states):
            job.status = "PENDING"
            return False
        return True

    def _hindrance(self, job):
        # No instance has so many vCPUs, and none has a GPU.
        if any(
                rules.requirement(node.properties, "VCPU") > CAPACITY or rules.requirement(node.properties, "GPU")
                for node in job.nodes):
            return IMPOSSIBLE
        if job.vcpus > CAPACITY:
            return TOO_MANY
        return NO_CAPACITY if self.settings.control("no-capacity") else None


def _passes(job, condition):
    """AFTER and BEFORE are times in milliseconds; names match in either case, and a pattern may end in an asterisk."""
    name, values = condition.get("name"), condition.get("values", [])
    if name == "JOB_NAME":
        return any(_like(job.name, value) for value in values)
    if name == "JOB_DEFINITION":
        full = job.definition["jobDefinitionArn"].rpartition("/")[2]
        return any(
            value == job.definition["jobDefinitionArn"] or _like(full, value) or _like(full.partition(":")[0], value)
            for value in values)
    if name in ("BEFORE_CREATED_AT", "AFTER_CREATED_AT") and len(values) == 1 and values[0].isdigit():
        return job.created < int(values[0]) if name == "BEFORE_CREATED_AT" else job.created > int(values[0])
    raise Refusal(f"there is no filter {json.dumps(condition)}")


def _like(name, pattern):
    name, pattern = name.lower(), pattern.lower()
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _named(found, name, arn, wanted):
    return [each for each in found if not wanted or each[name] in wanted or each[arn] in wanted]
