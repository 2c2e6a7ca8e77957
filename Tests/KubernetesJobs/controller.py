"""A STAND-IN for the controller of Jobs of Kubernetes 1.31: Kubernetes 1.20, which the tests run, has no Jobs with indexes.

`controller.py SERVER KEYS` serves the Jobs that definition.py defines, with the certificate `job-stand-in` of the folder KEYS.
Their pods are real ones. So are whatever watches, deletes and collects them, and whoever refuses what the schema forbids. See
decision.py for the rules. Not there: successPolicy, backoffLimitPerIndex, managedBy, a selector of one's own, checks of one
field by another, fields that may not be changed, and the pod condition DisruptionTarget.
"""

import copy
import heapq
import json
import pathlib
import queue
import random
import ssl
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request

import decision
from decision import INDEX, TRACKED

JOBS, PODS = "/apis/batch/v1/jobs", "/api/v1/pods"


class Server:
    def __init__(self, url, keys):
        keys = pathlib.Path(keys)
        self._url = url
        self._context = ssl.create_default_context(cafile=str(keys / "authority.crt"))
        self._context.load_cert_chain(keys / "job-stand-in.crt", keys / "job-stand-in.key")

    def open(self, method, path, body=None, kind="application/json", timeout=10):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._url + path, data=data, method=method,
            headers={"Content-Type": kind, "User-Agent": "muster-job-stand-in"})
        return urllib.request.urlopen(request, context=self._context, timeout=timeout)

    def ask(self, *arguments, **more):
        with self.open(*arguments, **more) as answer:
            return json.load(answer)

    def ask_of_one_that_may_be_gone(self, *arguments, **more):
        try:
            self.ask(*arguments, **more)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise


def owner(pod):
    for each in pod["metadata"].get("ownerReferences", []):
        if each.get("controller") and each["kind"] == "Job":
            return each["uid"]
    return None


def place(thing):
    """The path of a pod or Job."""
    metadata = thing["metadata"]
    kind = "/apis/batch/v1/namespaces/{}/jobs/{}" if thing.get("kind") == "Job" else "/api/v1/namespaces/{}/pods/{}"
    return kind.format(metadata["namespace"], metadata["name"])


class Controller:
    def __init__(self, server):
        self._server = server
        self._lock = threading.Lock()
        self._jobs, self._pods = {}, {}
        # Pods that this has counted, made and deleted: the watch tells it of that only later.
        self._counted, self._deleted = set(), set()
        self._due, self._alarms = queue.Queue(), []

    def run(self):
        threading.Thread(target=self._watch, args=(JOBS, self._jobs, lambda job: job["metadata"]["uid"]), daemon=True).start()
        threading.Thread(target=self._watch, args=(PODS, self._pods, owner), daemon=True).start()
        while True:
            uid = self._next()
            try:
                self._serve(uid)
            except urllib.error.HTTPError as error:
                # Another has changed or removed the Job meanwhile: the watch brings its news.
                if error.code not in (404, 409):
                    print(error.url, error, error.read()[:400].decode(errors="replace"), flush=True)
                self._look_again(uid, 0.2)
            except Exception:
                traceback.print_exc()
                self._look_again(uid, 1)

    def _look_again(self, uid, seconds):
        heapq.heappush(self._alarms, (time.time() + max(seconds, 0.05), uid))

    def _next(self):
        while True:
            left = self._alarms[0][0] - time.time() if self._alarms else 3600
            if left <= 0:
                return heapq.heappop(self._alarms)[1]
            try:
                return self._due.get(timeout=left)
            except queue.Empty:
                pass

    def _watch(self, path, known, job_of):
        def note(thing):
            if (uid := job_of(thing)) is not None:
                self._due.put(uid)
        while True:
            try:
                found = self._server.ask("GET", path)
                with self._lock:
                    missing = [thing for uid, thing in known.items()]
                    known.clear()
                    # What a list holds does not say its kind.
                    known.update((each["metadata"]["uid"], {**each, "kind": found["kind"].removesuffix("List")})
                                 for each in found["items"])
                for each in missing + found["items"]:
                    note(each)
                version = found["metadata"]["resourceVersion"]
                with self._server.open("GET", f"{path}?watch=1&timeoutSeconds=600&resourceVersion={version}", timeout=None) as lines:
                    for line in lines:
                        event = json.loads(line)
                        thing, uid = event["object"], event["object"].get("metadata", {}).get("uid")
                        if event["type"] == "ERROR":
                            break
                        with self._lock:
                            if event["type"] == "DELETED":
                                known.pop(uid, None)
                            else:
                                known[uid] = thing
                        note(thing)
            except Exception as error:
                # The API server may be stopped for a while.
                print(f"watching {path}: {error!r}", flush=True)
                time.sleep(0.3)

    def _serve(self, uid):
        with self._lock:
            job = self._jobs.get(uid)
            pods = [pod for pod in self._pods.values() if owner(pod) == uid]
        if job is None:
            # Kubernetes collects the pods, and must not wait for anyone to count them.
            for pod in filter(decision.tracked, pods):
                self._release(pod)
            return
        made = decision.decide(job, pods, self._counted, time.time())
        # The status comes first: a pod that is counted is tracked until that is written. Who has an older Job gets 409.
        if made.status != job.get("status", {}):
            job = self._server.ask("PUT", place(job) + "/status", {**job, "status": made.status})
            with self._lock:
                self._jobs[uid] = job
        for pod in made.release:
            self._counted.add(pod["metadata"]["uid"])
            self._release(pod)
        for pod in made.delete:
            if pod["metadata"]["uid"] not in self._deleted:
                self._server.ask_of_one_that_may_be_gone("DELETE", place({**pod, "kind": "Pod"}))
                self._deleted.add(pod["metadata"]["uid"])
        for index in made.create:
            pod = self._server.ask("POST", f"/api/v1/namespaces/{job['metadata']['namespace']}/pods", pod_of(job, index))
            with self._lock:
                self._pods.setdefault(pod["metadata"]["uid"], pod)
        if made.remove:
            self._server.ask_of_one_that_may_be_gone(
                "DELETE", place(job), {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"})
        elif made.again is not None:
            self._look_again(uid, made.again)

    def _release(self, pod):
        kept = [each for each in pod["metadata"].get("finalizers", []) if each != TRACKED]
        self._server.ask_of_one_that_may_be_gone(
            "PATCH", place({**pod, "kind": "Pod"}), {"metadata": {"finalizers": kept or None}}, kind="application/merge-patch+json")


def pod_of(job, index):
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    template = copy.deepcopy(job["spec"]["template"])
    metadata, spec = template.get("metadata", {}), template["spec"]
    labels = metadata.setdefault("labels", {})
    labels.update({"batch.kubernetes.io/job-name": name, "batch.kubernetes.io/controller-uid": uid,
                   "job-name": name, "controller-uid": uid})
    metadata["name"] = name
    if index is not None:
        labels[INDEX] = str(index)
        metadata.setdefault("annotations", {})[INDEX] = str(index)
        metadata["name"] += f"-{index}"
        spec["hostname"] = f"{name}-{index}"
        for container in spec.get("initContainers", []) + spec["containers"]:
            container.setdefault("env", []).append({
                "name": "JOB_COMPLETION_INDEX",
                "valueFrom": {"fieldRef": {"fieldPath": f"metadata.annotations['{INDEX}']"}}})
    metadata["name"] += "-" + "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    metadata["finalizers"] = [TRACKED]
    metadata["ownerReferences"] = [{
        "apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid, "controller": True, "blockOwnerDeletion": True}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


if __name__ == "__main__":
    Controller(Server(sys.argv[1], sys.argv[2])).run()
