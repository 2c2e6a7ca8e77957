"""The rules of Jobs, as a function from a Job and its pods to what is to be done. They are those of Kubernetes 1.31, as far as
the stand-in has them: completions with indexes and without, the policy for failed pods, backoffLimit, activeDeadlineSeconds,
ttlSecondsAfterFinished and suspend."""

import calendar
import copy
import dataclasses
import time

INDEX = "batch.kubernetes.io/job-completion-index"
# A pod keeps it until it is counted: it cannot be removed unseen.
TRACKED = "batch.kubernetes.io/job-tracking"
BACKOFF, LONGEST_BACKOFF = 10, 360


@dataclasses.dataclass
class Decision:
    status: dict
    # Pods that are to be deleted, and those that are counted and no longer tracked.
    delete: list = dataclasses.field(default_factory=list)
    release: list = dataclasses.field(default_factory=list)
    # The indexes of pods that are to be made; None for each where the Job has no indexes.
    create: list = dataclasses.field(default_factory=list)
    remove: bool = False
    # In how many seconds time alone may change what is to be done.
    again: float | None = None

    def look_again(self, seconds):
        self.again = seconds if self.again is None else min(self.again, seconds)


def seconds_of(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def text_of(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def indexes_of(text):
    """The indexes of status.completedIndexes: 0-2,5."""
    found = set()
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def text_of_indexes(indexes):
    ranges = []
    for index in sorted(indexes):
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    return ",".join(str(first) if first == last else f"{first},{last}" if last == first + 1 else f"{first}-{last}"
                    for first, last in ranges)


def index_of(pod):
    return int(pod["metadata"]["annotations"][INDEX])


def tracked(pod):
    return TRACKED in pod["metadata"].get("finalizers", [])


def deleted(pod):
    return "deletionTimestamp" in pod["metadata"]


def phase(pod):
    return pod.get("status", {}).get("phase", "Pending")


def gone(pod):
    """Deleted, and running nowhere: kubelet's last word is a grace of 0 s. Kubernetes 1.20 leaves the phase as it was."""
    return deleted(pod) and (pod["metadata"].get("deletionGracePeriodSeconds") == 0 or not pod["spec"].get("nodeName"))


def running(pod):
    return phase(pod) in ("Pending", "Running") and not deleted(pod)


def terminating(pod):
    return phase(pod) in ("Pending", "Running") and deleted(pod) and not gone(pod)


def is_ready(pod):
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod.get("status", {}).get("conditions", []))


def ended_at(pod):
    ends = [each["state"]["terminated"].get("finishedAt") for each in pod.get("status", {}).get("containerStatuses", [])
            if "terminated" in each.get("state", {})]
    return max((seconds_of(end) for end in ends if end), default=None)


def condition(status, kind):
    for each in status.get("conditions", []):
        if each["type"] == kind and each["status"] == "True":
            return each
    return None


def set_condition(status, kind, value, reason, message, now):
    conditions = status.setdefault("conditions", [])
    found = next((each for each in conditions if each["type"] == kind), None)
    if found is None:
        found = {"type": kind}
        conditions.append(found)
    elif found["status"] == value:
        return
    found.update(status=value, reason=reason, message=message, lastTransitionTime=text_of(now), lastProbeTime=text_of(now))


def policy(job, pod):
    """What the policy for failed pods says of one: the action of the first rule that fits, and why it does."""
    name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    status = pod.get("status", {})
    for number, rule in enumerate(job["spec"].get("podFailurePolicy", {}).get("rules", [])):
        action, codes = rule["action"], rule.get("onExitCodes")
        for each in status.get("initContainerStatuses", []) + status.get("containerStatuses", []) if codes else []:
            code = each.get("state", {}).get("terminated", {}).get("exitCode", 0)
            if code != 0 and codes.get("containerName") in (None, each["name"]) \
                    and (code in codes["values"]) == (codes["operator"] == "In"):
                return action, (f"Container {each['name']} for pod {name} failed with exit code {code} "
                                f"matching {action} rule at index {number}")
        for wanted in rule.get("onPodConditions", []):
            if any((each["type"], each["status"]) == (wanted["type"], wanted.get("status", "True"))
                   for each in status.get("conditions", [])):
                return action, f"Pod {name} has condition {wanted['type']} matching {action} rule at index {number}"
    return "Count", ""


def decide(job, pods, counted, now):
    """`counted` holds the uids of pods whose count is in the Job's status, although they may still look tracked."""
    spec, status = job["spec"], copy.deepcopy(job.get("status", {}))
    decision = Decision(status)
    finished = condition(status, "Complete") or condition(status, "Failed")
    if finished or deleted(job):
        decision.release = list(filter(tracked, pods))
        if finished and "ttlSecondsAfterFinished" in spec and not deleted(job):
            left = seconds_of(finished["lastTransitionTime"]) + spec["ttlSecondsAfterFinished"] - now
            decision.remove = left <= 0
            decision.look_again(left)
        return decision

    active, ending = list(filter(running, pods)), list(filter(terminating, pods))
    reached = condition(status, "SuccessCriteriaMet")
    failure = _count(job, pods, counted, status, decision, ours=bool(reached) or spec["suspend"])
    completions, done = _completions(spec), status["succeeded"]
    if earlier := condition(status, "FailureTarget"):
        failure = earlier["reason"], earlier.get("message", "")
    elif not failure and status["failed"] > spec["backoffLimit"]:
        failure = "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    elif not failure and "activeDeadlineSeconds" in spec and "startTime" in status and not spec["suspend"]:
        left = seconds_of(status["startTime"]) + spec["activeDeadlineSeconds"] - now
        decision.look_again(left)
        if left <= 0:
            failure = "DeadlineExceeded", "Job was active longer than specified deadline"

    if reached or not failure and (done >= completions if completions is not None else done and not active):
        failure, success = None, ("CompletionsReached", "Reached expected number of succeeded pods")
        set_condition(status, "SuccessCriteriaMet", "True", *success, now)
        decision.delete = active
    elif failure:
        success = None
        set_condition(status, "FailureTarget", "True", *failure, now)
        decision.delete = active
    elif spec["suspend"]:
        set_condition(status, "Suspended", "True", "JobSuspended", "Job suspended", now)
        status.pop("startTime", None)
        decision.delete = active
    else:
        if condition(status, "Suspended"):
            set_condition(status, "Suspended", "False", "JobResumed", "Job resumed", now)
        status.setdefault("startTime", text_of(now))
        _replace(spec, status, pods, active, ending, decision, now)

    staying = [pod for pod in active if pod not in decision.delete]
    status.update(
        active=len(staying) + len(decision.create), ready=sum(map(is_ready, staying)),
        terminating=len(ending) + len(decision.delete))
    # The last word comes only when nothing runs any more.
    if condition(status, "FailureTarget") and not active and not ending:
        set_condition(status, "Failed", "True", *failure, now)
    elif condition(status, "SuccessCriteriaMet") and not active and not ending:
        set_condition(status, "Complete", "True", *success, now)
        status["completionTime"] = text_of(now)
    return decision


def _count(job, pods, counted, status, decision, ours):
    """Adds the pods that have ended to the status. The failure by which the policy ends the Job, or None."""
    indexes, failure = indexes_of(status.get("completedIndexes")), None
    succeeded, failed = status.get("succeeded", 0), status.get("failed", 0)
    for pod in filter(tracked, pods):
        if pod["metadata"]["uid"] in counted:
            decision.release.append(pod)
        elif phase(pod) == "Succeeded":
            decision.release.append(pod)
            succeeded += 1
            if job["spec"]["completionMode"] == "Indexed":
                indexes.add(index_of(pod))
        elif phase(pod) == "Failed" or gone(pod):
            decision.release.append(pod)
            # Those that are deleted because the Job is suspended or has succeeded have not failed.
            if deleted(pod) and ours:
                continue
            action, message = policy(job, pod)
            if action == "FailJob" and failure is None:
                failure = "PodFailurePolicy", message
            if action != "Ignore":
                failed += 1
    if job["spec"]["completionMode"] == "Indexed":
        succeeded = len(indexes)
        if indexes:
            status["completedIndexes"] = text_of_indexes(indexes)
    status.update(succeeded=succeeded, failed=failed, uncountedTerminatedPods={})
    return failure


def _completions(spec):
    """How many pods are to succeed. None: all that run, as soon as one has."""
    if spec["completionMode"] == "Indexed":
        return spec.get("completions", spec["parallelism"])
    return spec.get("completions")


def _replace(spec, status, pods, active, ending, decision, now):
    """Makes the pods that are missing; after failures, only once a time has passed that doubles with each."""
    last = max((end for pod in pods if phase(pod) == "Failed" and (end := ended_at(pod)) is not None), default=None)
    if last is not None and status["failed"] > 0:
        left = last + min(BACKOFF * 2 ** (status["failed"] - 1), LONGEST_BACKOFF) - now
        if left > 0:
            decision.look_again(left)
            return
    # A pod that ends may still hold what its successor needs: by this policy it is waited for.
    waits = spec.get("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed") == "Failed"
    busy = active + (ending if waits else [])
    completions = _completions(spec)
    room = spec["parallelism"] - len(busy)
    if spec["completionMode"] == "Indexed":
        taken = set(map(index_of, busy)) | indexes_of(status.get("completedIndexes"))
        decision.create = [index for index in range(completions) if index not in taken][:max(0, room)]
    elif completions is not None:
        decision.create = [None] * max(0, min(room, completions - status["succeeded"] - len(busy)))
    elif status["succeeded"] == 0:
        decision.create = [None] * max(0, room)
