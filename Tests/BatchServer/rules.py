"""AWS's rules for job definitions and submissions, and the nodes that a submission means. Nothing here runs anything.

The rules are those of the API reference of AWS Batch and of its guide's pages on parameters, multi-node parallel jobs and
quotas. A few things that AWS offers are refused by name: properties of EKS and of several containers to a task, secrets,
array jobs.
"""

import copy
import dataclasses
import json
import re

from refusal import Refusal

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
RANGE = re.compile(r"(\d*):(\d*)|(\d+)")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
MAXIMAL_DEFINITION, MAXIMAL_SUBMISSION, MAXIMAL_OVERRIDE = 24 * 1024, 30 * 1024, 8192


@dataclasses.dataclass
class Node:
    """What one node of a job runs: the properties of its container with the overrides in them, and the overrides."""

    properties: dict
    overrides: dict


def check_definition(request, size):
    _check_name(request["jobDefinitionName"], "jobDefinitionName")
    if size > MAXIMAL_DEFINITION:
        raise Refusal(f"Job definition has {size} bytes; at most {MAXIMAL_DEFINITION} are allowed")
    _refuse(request, "ecsProperties", "eksProperties", "consumableResourceProperties")
    _check_common(request)
    kind = request["type"]
    if kind == "container":
        if "nodeProperties" in request:
            raise Refusal("nodeProperties must not be set for a job definition of type container")
        _check_container(request.get("containerProperties"), "containerProperties")
    else:
        if "containerProperties" in request:
            raise Refusal("containerProperties must not be set for a job definition of type multinode")
        if "FARGATE" in request.get("platformCapabilities", []):
            raise Refusal("Multi-node parallel jobs are not supported on FARGATE")
        _check_nodes(request.get("nodeProperties"))


def check_submission(request, definition, size, shares):
    _check_name(request["jobName"], "jobName")
    if size > MAXIMAL_SUBMISSION:
        raise Refusal(f"Request has {size} bytes; at most {MAXIMAL_SUBMISSION} are allowed")
    _refuse(
        request, "arrayProperties", "ecsPropertiesOverride", "eksPropertiesOverride", "consumableResourcePropertiesOverride")
    if shares != ("shareIdentifier" in request):
        raise Refusal("shareIdentifier must be set for a job queue with a fair-share policy, and for no other")
    if shares and not re.fullmatch(r"[A-Za-z0-9]{1,255}", request["shareIdentifier"]):
        raise Refusal("shareIdentifier must have 1 to 255 letters and digits")
    if "schedulingPriorityOverride" in request and not (shares and 0 <= request["schedulingPriorityOverride"] <= 9999):
        raise Refusal("schedulingPriorityOverride must be between 0 and 9999, in a job queue with a fair-share policy")
    _check_common(request)
    if len(request.get("dependsOn", [])) > 20:
        raise Refusal("dependsOn has more than 20 jobs")
    for each in request.get("dependsOn", []):
        if not each.get("jobId") or "type" in each:
            raise Refusal("a job of dependsOn has a jobId and, outside of array jobs, no type")
    if definition["type"] == "container":
        if "nodeOverrides" in request:
            raise Refusal("nodeOverrides must not be set for a job of type container")
        _check_overrides(request.get("containerOverrides", {}), "containerOverrides")
    else:
        if "containerOverrides" in request:
            raise Refusal("containerOverrides must not be set for a job of type multinode")
        _check_node_overrides(request.get("nodeOverrides", {}), definition["nodeProperties"])


def nodes(definition, request):
    """The nodes that a submission means, each with the properties of the narrowest range that holds it."""
    parameters = {**definition.get("parameters", {}), **request.get("parameters", {})}
    if definition["type"] == "container":
        return [_node(definition["containerProperties"], [request.get("containerOverrides", {})], parameters)]
    overrides = request.get("nodeOverrides", {})
    count = overrides.get("numNodes", definition["nodeProperties"]["numNodes"])
    ranges = sorted(
        ((_indices(each["targetNodes"], count), each["container"]) for each in definition["nodeProperties"]["nodeRangeProperties"]),
        key=lambda each: -len(each[0]))
    changes = sorted(
        ((_indices(each["targetNodes"], count), each.get("containerOverrides", {}))
         for each in overrides.get("nodePropertyOverrides", [])),
        key=lambda each: -len(each[0]))
    return [
        _node(
            [container for indices, container in ranges if index in indices][-1],
            [change for indices, change in changes if index in indices], parameters)
        for index in range(count)]


def override_length(overrides, variables):
    """The length of the overrides with which Batch has ECS start a container: the submission's, and Batch's variables."""
    environment = [*overrides.get("environment", []), *({"name": name, "value": value} for name, value in variables.items())]
    override = {"name": "default", **overrides, "environment": environment}
    return len(json.dumps({"containerOverrides": [override]}, separators=(",", ":")))


def requirement(properties, kind):
    """What a container asks for of VCPU, MEMORY (MiB) or GPU; None if nothing."""
    for each in properties.get("resourceRequirements", []):
        if each["type"] == kind:
            return float(each["value"])
    older = {"VCPU": "vcpus", "MEMORY": "memory"}.get(kind)
    return float(properties[older]) if older in properties else None


def _refuse(request, *members):
    for member in members:
        if member in request:
            raise Refusal(f"{member} is a part of AWS Batch that this server does not have")


def _check_name(name, what):
    if not NAME.fullmatch(name):
        raise Refusal(
            f"{what} should match valid pattern: at most 128 letters, digits, hyphens and underscores, the first a letter or digit")


def _check_common(request):
    attempts = request.get("retryStrategy", {}).get("attempts", 1)
    if not 1 <= attempts <= 10:
        raise Refusal("retryStrategy.attempts must be between 1 and 10")
    if len(request.get("retryStrategy", {}).get("evaluateOnExit", [])) > 5:
        raise Refusal("evaluateOnExit has more than 5 entries")
    if request.get("timeout", {}).get("attemptDurationSeconds", 60) < 60:
        raise Refusal("Timeout attemptDurationSeconds must be at least 60")
    check_tags(request.get("tags", {}))


def check_tags(tags):
    if len(tags) > 50:
        raise Refusal("there are more than 50 tags")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise Refusal(f"the tag {key} has a key of more than 128 characters, or a value of more than 256")
        if key.lower().startswith("aws:"):
            raise Refusal(f"the tag {key} begins with aws:")


def _check_nodes(properties):
    if properties is None:
        raise Refusal("nodeProperties must be set for a job definition of type multinode")
    count, main, ranges = properties["numNodes"], properties["mainNode"], properties["nodeRangeProperties"]
    if not 1 <= count <= 1000:
        raise Refusal("numNodes must be between 1 and 1000")
    if not 0 <= main < count:
        raise Refusal(f"mainNode {main} is not below numNodes {count}")
    if not 1 <= len(ranges) <= 5:
        raise Refusal("nodeRangeProperties must have 1 to 5 ranges")
    covered = set()
    for each in ranges:
        _refuse(each, "ecsProperties", "eksProperties", "consumableResourceProperties")
        indices = _indices(each["targetNodes"], count)
        if not indices or indices[-1] >= count:
            raise Refusal(f"targetNodes {each['targetNodes']} is out of range: there are {count} nodes")
        covered.update(indices)
        _check_container(each.get("container"), f"the container of nodes {each['targetNodes']}")
    if len(covered) != count:
        raise Refusal(f"nodes {sorted(set(range(count)) - covered)} are in no range of nodeRangeProperties")


def _check_node_overrides(overrides, properties):
    count = properties["numNodes"]
    if "numNodes" in overrides:
        count = overrides["numNodes"]
        if not 1 <= count <= 1000:
            raise Refusal("numNodes must be between 1 and 1000")
        opened = [each["targetNodes"] for each in properties["nodeRangeProperties"] if each["targetNodes"].endswith(":")]
        if not opened:
            raise Refusal("numNodes can be overridden only where a range of the job definition is open, as in 0:")
        if any(int(each.partition(":")[0] or 0) >= count for each in opened) or properties["mainNode"] >= count:
            raise Refusal("numNodes must be above the main node's index and the lower ends of open ranges")
        for each in properties["nodeRangeProperties"]:
            indices = _indices(each["targetNodes"], count)
            if not indices or indices[-1] >= count:
                raise Refusal(f"with {count} nodes, targetNodes {each['targetNodes']} of the job definition is out of range")
    changes = overrides.get("nodePropertyOverrides", [])
    if len(changes) > 5:
        raise Refusal("nodePropertyOverrides must have at most 5 ranges")
    for each in changes:
        _refuse(each, "ecsPropertiesOverride", "eksPropertiesOverride", "consumableResourcePropertiesOverride")
        indices = _indices(each["targetNodes"], count)
        if not indices or indices[-1] >= count:
            raise Refusal(f"targetNodes {each['targetNodes']} is out of range: there are {count} nodes")
        _check_overrides(each.get("containerOverrides", {}), f"the overrides of nodes {each['targetNodes']}")


def _check_container(properties, place):
    if properties is None:
        raise Refusal(f"{place} must be set")
    _refuse(properties, "secrets", "repositoryCredentials", "fargatePlatformConfiguration", "enableExecuteCommand")
    image = properties.get("image", "")
    if not 1 <= len(image) <= 255 or not re.fullmatch(r"[A-Za-z0-9_:.@/#-]+", image):
        raise Refusal(f"{place}: image must have 1 to 255 letters, digits and characters of _:.@/#-")
    _check_overrides(properties, place)
    for kind in ("VCPU", "MEMORY"):
        if not requirement(properties, kind):
            raise Refusal(f"{place}: resourceRequirements must have {kind}")
    if requirement(properties, "MEMORY") < 4:
        raise Refusal(f"{place}: MEMORY must be at least 4 MiB")
    for role in ("jobRoleArn", "executionRoleArn"):
        if role in properties and not ROLE.fullmatch(properties[role]):
            raise Refusal(f"{place}: {role} is no ARN of a role")
    volumes = {each.get("name") for each in properties.get("volumes", [])}
    for each in properties.get("volumes", []):
        _refuse(each, "efsVolumeConfiguration", "s3filesVolumeConfiguration")
    for each in properties.get("mountPoints", []):
        if each.get("sourceVolume") not in volumes or not each.get("containerPath"):
            raise Refusal(f"{place}: a mount point's sourceVolume must be a volume's name, and its containerPath be set")


def _check_overrides(overrides, place):
    if any(not word for word in overrides.get("command", [])):
        raise Refusal(f"{place}: command must not hold an empty string")
    for variable in overrides.get("environment", []):
        if not variable.get("name"):
            raise Refusal(f"{place}: an environment variable has no name")
        if variable["name"].startswith("AWS_BATCH"):
            raise Refusal(f"{place}: Environment variable names cannot start with 'AWS_BATCH'")
    seen = set()
    for each in overrides.get("resourceRequirements", []):
        kind, value = each["type"], each["value"]
        if kind in seen:
            raise Refusal(f"{place}: resourceRequirements has {kind} twice")
        seen.add(kind)
        if not re.fullmatch(r"[1-9]\d*", value) and not (kind == "VCPU" and value in ("0.25", "0.5")):
            raise Refusal(f"{place}: {kind} is {value!r} and no whole number above 0")


def _indices(text, count):
    """The nodes of a range: 2, 0:3, :3 or 4:, where an open end is the last node."""
    found = RANGE.fullmatch(text)
    if not found:
        raise Refusal(f"targetNodes {text!r} is no range of nodes")
    low, high, single = found.groups()
    if single is not None:
        return range(int(single), int(single) + 1)
    return range(int(low or 0), int(high) + 1 if high else count)


def _node(properties, changes, parameters):
    properties, overrides = copy.deepcopy(properties), {}
    for change in changes:
        for name in ("command", "vcpus", "memory", "instanceType"):
            if name in change:
                properties[name] = overrides[name] = change[name]
        for name, key in (("environment", "name"), ("resourceRequirements", "type")):
            if name in change:
                properties[name] = _merge(properties.get(name, []), change[name], key)
                overrides[name] = _merge(overrides.get(name, []), change[name], key)
    properties["command"] = [_substitute(word, parameters) for word in properties.get("command", [])]
    return Node(properties, overrides)


def _merge(old, new, key):
    return list({each[key]: each for each in [*old, *new]}.values())


def _substitute(word, parameters):
    return re.sub(r"Ref::([A-Za-z0-9_-]+)", lambda found: parameters.get(found[1], found[0]), word)
