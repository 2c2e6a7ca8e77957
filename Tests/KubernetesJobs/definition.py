"""The stand-in's kind of object: batch/v1 Jobs of the shape that they have since Kubernetes 1.31, as a definition of resources.

`definition.py ETCD` writes it into etcd, for an API server that then starts without its own batch/v1. The API itself refuses
definitions in a group without a dot; the API server reads them all the same. Fields that are not named here are dropped, as an
API server drops the ones that it does not know.
"""

import base64
import datetime
import json
import sys
import urllib.request
import uuid

TEXT, TIME, BOOLEAN = {"type": "string"}, {"type": "string", "format": "date-time"}, {"type": "boolean"}
COUNT, SECONDS = {"type": "integer", "format": "int32", "minimum": 0}, {"type": "integer", "format": "int64", "minimum": 0}
CODE = {"type": "integer", "format": "int32"}
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def one_of(*values, **more):
    return {"type": "string", "enum": list(values), **more}


def many(items):
    return {"type": "array", "items": items}


def an_object(*required, rest=False, **properties):
    made = {"type": "object", "properties": properties}
    if required:
        made["required"] = list(required)
    if rest:
        made["x-kubernetes-preserve-unknown-fields"] = True
    return made


POLICY = an_object("rules", rules=many(an_object(
    "action", action=one_of("FailJob", "Ignore", "Count"),
    onExitCodes=an_object(
        "operator", "values", containerName=TEXT, operator=one_of("In", "NotIn"), values={**many(CODE), "minItems": 1}),
    onPodConditions=many(an_object("type", type=TEXT, status=TEXT)))))

TEMPLATE = an_object("spec", metadata=ANY, spec=an_object(
    "containers", "restartPolicy", rest=True, restartPolicy=one_of("Never", "OnFailure"),
    containers={**many(an_object("name", rest=True, name=TEXT)), "minItems": 1}))

SPEC = an_object(
    "template", template=TEMPLATE, parallelism={**COUNT, "default": 1}, completions=COUNT,
    completionMode=one_of("NonIndexed", "Indexed", default="NonIndexed"), suspend={**BOOLEAN, "default": False},
    backoffLimit={**COUNT, "default": 6}, activeDeadlineSeconds=SECONDS, ttlSecondsAfterFinished=COUNT,
    podFailurePolicy=POLICY, podReplacementPolicy=one_of("TerminatingOrFailed", "Failed"))

STATUS = an_object(
    startTime=TIME, completionTime=TIME, active=COUNT, ready=COUNT, terminating=COUNT, succeeded=COUNT, failed=COUNT,
    completedIndexes=TEXT, uncountedTerminatedPods=ANY, conditions=many(an_object(
        "type", "status", type=TEXT, status=TEXT, reason=TEXT, message=TEXT, lastTransitionTime=TIME, lastProbeTime=TIME)))


def definition():
    schema = an_object("spec", apiVersion=TEXT, kind=TEXT, metadata={"type": "object"}, spec=SPEC, status=STATUS)
    version = {
        "name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema}}
    created = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "jobs.batch", "uid": str(uuid.uuid4()), "creationTimestamp": created, "generation": 1},
        "spec": {
            "group": "batch", "scope": "Namespaced", "conversion": {"strategy": "None"}, "versions": [version],
            "names": {"plural": "jobs", "singular": "job", "kind": "Job", "listKind": "JobList"}},
        "status": {"acceptedNames": {"plural": "", "kind": ""}, "conditions": [], "storedVersions": ["v1"]}}


def put(etcd, key, value):
    def encoded(text):
        return base64.b64encode(text.encode()).decode()
    body = json.dumps({"key": encoded(key), "value": encoded(json.dumps(value))}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{etcd}/v3/kv/put", data=body), timeout=5).close()


if __name__ == "__main__":
    put(sys.argv[1], "/registry/apiextensions.k8s.io/customresourcedefinitions/jobs.batch", definition())
