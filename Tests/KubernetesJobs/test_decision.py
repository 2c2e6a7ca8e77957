"""The rules of the stand-in for Jobs, without a cluster. Run by `make test-kubernetes-cluster`."""

import unittest

import decision

NOW = 1_000_000


def job(status=None, **spec):
    return {"metadata": {"name": "j", "namespace": "default", "uid": "j"}, "status": status or {}, "spec": {
        "parallelism": 1, "backoffLimit": 0, "suspend": False, "completionMode": "NonIndexed", **spec}}


def indexed(count, status=None, **spec):
    return job(status, completionMode="Indexed", completions=count, parallelism=count, **spec)


def pod(index, phase, code=None, ended=NOW, **metadata):
    states = [{"name": "main", "state": {"terminated": {"exitCode": code, "finishedAt": decision.text_of(ended)}}}] if code is not None else []
    return {
        "metadata": {"name": f"p{index}", "namespace": "default", "uid": f"p{index}", "finalizers": [decision.TRACKED],
                     "annotations": {decision.INDEX: str(index)}, **metadata},
        "spec": {"nodeName": "n1"}, "status": {"phase": phase, "containerStatuses": states}}


def kinds(made):
    return [each["type"] for each in made.status.get("conditions", []) if each["status"] == "True"]


class DecisionTests(unittest.TestCase):
    def test_indexes_are_written_as_Kubernetes_writes_them(self):
        for indexes, text in (([], ""), ([3], "3"), ([0, 1], "0,1"), ([0, 1, 2, 5, 7, 8], "0-2,5,7,8")):
            self.assertEqual(decision.text_of_indexes(indexes), text)
            self.assertEqual(decision.indexes_of(text), set(indexes))

    def test_each_index_gets_a_pod_that_is_not_there_or_done(self):
        made = decision.decide(indexed(4, {"completedIndexes": "0"}), [pod(2, "Running")], set(), NOW)
        self.assertEqual((made.create, made.status["active"]), ([1, 3], 3))

    def test_a_pod_is_counted_once(self):
        failed = pod(0, "Failed", 1)
        first = decision.decide(indexed(2, backoffLimit=3), [failed], set(), NOW)
        again = decision.decide(indexed(2, first.status, backoffLimit=3), [failed], {"p0"}, NOW)
        self.assertEqual((first.status["failed"], again.status["failed"], again.release), (1, 1, [failed]))

    def test_the_backoff_doubles_with_each_failure(self):
        for failed, seconds in ((0, 10), (1, 20), (10, 360)):
            made = decision.decide(indexed(1, {"failed": failed}, backoffLimit=20), [pod(0, "Failed", 1)], set(), NOW)
            self.assertEqual((made.create, made.again), ([], seconds))

    def test_a_failure_is_final_once_no_pod_runs_any_more(self):
        pods = [pod(0, "Failed", 1), pod(1, "Running")]
        made = decision.decide(indexed(2), pods, set(), NOW)
        self.assertEqual((made.delete, kinds(made)), (pods[1:], ["FailureTarget"]))
        pods[1]["metadata"].update(deletionTimestamp="x", deletionGracePeriodSeconds=30)
        made = decision.decide(indexed(2, made.status), pods, {"p0"}, NOW)
        self.assertEqual((made.status["terminating"], kinds(made)), (1, ["FailureTarget"]))
        made = decision.decide(indexed(2, made.status), pods[:1], {"p0"}, NOW)
        self.assertEqual(kinds(made), ["FailureTarget", "Failed"])

    def test_the_first_rule_of_the_policy_that_fits_decides(self):
        policy = {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
            {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [1, 2]}}]}
        for code, kind in ((1, []), (42, ["FailureTarget", "Failed"])):
            made = decision.decide(indexed(1, backoffLimit=3, podFailurePolicy=policy), [pod(0, "Failed", code)], set(), NOW)
            self.assertEqual(kinds(made), kind)
        disrupted = pod(0, "Failed", 42)
        disrupted["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
        made = decision.decide(indexed(1, podFailurePolicy=policy), [disrupted], set(), NOW)
        self.assertEqual((made.status["failed"], kinds(made)), (0, []))

    def test_a_finished_job_is_removed_after_its_time(self):
        done = {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": decision.text_of(NOW)}]}
        for later, remove in ((4, False), (5, True)):
            made = decision.decide(indexed(1, done, ttlSecondsAfterFinished=5), [], set(), NOW + later)
            self.assertEqual(made.remove, remove)

    def test_a_job_without_indexes_makes_as_many_pods_as_may_run(self):
        made = decision.decide(job(completions=5, parallelism=3), [], set(), NOW)
        self.assertEqual(made.create, [None] * 3)
        made = decision.decide(job({"succeeded": 4}, completions=5, parallelism=3), [], set(), NOW)
        self.assertEqual(made.create, [None])


if __name__ == "__main__":
    unittest.main()
