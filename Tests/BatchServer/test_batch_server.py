"""Proves that the stand-in for AWS Batch keeps AWS's rules. Run by `make test-batch-server`, as root, in less than a minute."""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

import model

MODEL = model.Model()
SCRIPT = str(pathlib.Path(__file__).resolve().parents[2] / "Scripts" / "batch-server")
# Prints a container's memory limit, with control groups of version 1 or 2.
LIMIT = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max"
# For programs that, as process 1, would not end by SIGTERM.
INIT = {"linuxParameters": {"initProcessEnabled": True}}
ROLE = "arn:aws:iam::123456789012:role/tests"
# A second of Batch's times is so long here: 60 s are 3 s.
SECOND = 0.05


def script(*arguments, **variables):
    return subprocess.run(
        [SCRIPT, *map(str, arguments)], stdout=subprocess.PIPE, check=True, text=True, env={**os.environ, **variables}).stdout


class Machine:
    """A server in a folder of its own, and boto3's clients for it."""

    def __init__(self, *options, **variables):
        self.folder = tempfile.mkdtemp(prefix="batch-")
        self.options, self.environment = options, variables
        self.up()

    def up(self):
        lines = script("up", self.folder, *self.options, MUSTER_TEST_BATCH_SECOND=str(SECOND), **self.environment).splitlines()
        self.variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        self.control = pathlib.Path(self.variables["MUSTER_TEST_BATCH_CONTROL"])
        self.batch, self.logs = self.client("batch"), self.client("logs")

    def client(self, service, secret=None):
        endpoint = self.variables["AWS_ENDPOINT_URL_BATCH"]
        return boto3.client(
            service, endpoint_url=endpoint, region_name=self.variables["AWS_REGION"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret or self.variables["AWS_SECRET_ACCESS_KEY"],
            # What is refused here is refused by the server, not by boto3.
            config=botocore.config.Config(parameter_validation=False, retries={"max_attempts": 0}))

    def down(self):
        script("down", self.folder)
        subprocess.run(["rm", "-rf", self.folder], check=True)


machine = None


def setUpModule():
    global machine
    machine = Machine()


def tearDownModule():
    machine.down()


def container(command, image="muster-test/busybox", memory="64", vcpus="1", **more):
    return {
        "image": image, "command": ["sh", "-c", command],
        "resourceRequirements": [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}], **more}


def gang(*ranges, nodes=4, main=0):
    """Node properties: of ranges, each of them a pair, or of one container for all nodes."""
    if isinstance(ranges[0], dict):
        ranges = [("0:", ranges[0])]
    return {
        "numNodes": nodes, "mainNode": main,
        "nodeRangeProperties": [{"targetNodes": target, "container": each} for target, each in ranges]}


def register(properties, name=None, **more):
    name = name or f"definition-{uuid.uuid4().hex[:8]}"
    kind = {"type": "multinode", "nodeProperties": properties}
    if "nodeRangeProperties" not in properties:
        kind = {"type": "container", "containerProperties": properties}
    return machine.batch.register_job_definition(jobDefinitionName=name, **kind, **more)["jobDefinitionArn"]


def submit(definition, name="job", **more):
    return machine.batch.submit_job(jobName=name, jobQueue="muster-tests", jobDefinition=definition, **more)["jobId"]


def describe(job, index=None):
    name = job if index is None else f"{job}#{index}"
    return machine.batch.describe_jobs(jobs=[name])["jobs"][0]


def wait(job, *states, seconds=20, index=None):
    """The job once it is in one of the states: by default, at its end."""
    end = time.monotonic() + seconds
    while True:
        found = describe(job, index)
        if found["status"] in (states or ("SUCCEEDED", "FAILED")):
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{job} is {found['status']} after {seconds} s: {json.dumps(found, indent=1)}")
        time.sleep(0.03)


def run(properties, **more):
    return wait(submit(register(properties), **more))


def printed(found):
    """What a container has printed, in lines."""
    told = found.get("container") or found["attempts"][-1]["container"]
    events = machine.logs.get_log_events(
        logGroupName="/aws/batch/job", logStreamName=told["logStreamName"], startFromHead=True)["events"]
    return [event["message"] for event in events]


def variables(lines):
    return dict(line.split("=", 1) for line in lines if "=" in line)


class GangTests(unittest.TestCase):
    def test_the_main_node_decides_and_the_others_are_stopped(self):
        started = time.monotonic()
        job = submit(register(gang(container(
            "trap 'echo told; exit 5' TERM; [ $AWS_BATCH_JOB_NODE_INDEX = 0 ] && { sleep 1; exit 0; }; "
            "while :; do sleep 0.05; done"))))
        found = wait(job)
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(found["status"], "SUCCEEDED")
        self.assertNotIn("container", found)
        self.assertEqual(found["nodeProperties"]["numNodes"], 4)
        self.assertEqual(found["attempts"][0]["container"]["exitCode"], 0)
        for index in (1, 2, 3):
            child = describe(job, index)
            self.assertEqual((child["status"], child["container"]["exitCode"]), ("FAILED", 5))
            self.assertEqual(child["nodeDetails"], {"nodeIndex": index, "isMainNode": False})
            self.assertEqual(printed(child), ["told"])
        self.assertTrue(describe(job, 0)["nodeDetails"]["isMainNode"])

    def test_what_does_not_end_by_SIGTERM_is_killed(self):
        job = submit(register(gang(container("[ $AWS_BATCH_JOB_NODE_INDEX = 0 ] && sleep 1 && exit; exec sleep 100"), nodes=2)))
        self.assertEqual(wait(job)["status"], "SUCCEEDED")
        child = describe(job, 1)
        self.assertEqual(child["container"]["exitCode"], 137)
        self.assertGreater(child["stoppedAt"] - describe(job, 0)["stoppedAt"], 30 * SECOND * 900)

    def test_the_end_of_another_node_changes_nothing(self):
        job = submit(register(gang(container("[ $AWS_BATCH_JOB_NODE_INDEX = 1 ] && exit 9; exec sleep 2"), nodes=2)))
        self.assertEqual(wait(job, "FAILED", index=1)["container"]["exitCode"], 9)
        self.assertEqual(describe(job)["status"], "RUNNING")
        self.assertEqual(wait(job)["status"], "SUCCEEDED")

    def test_the_main_node_fails_and_only_then_is_another_attempt_made(self):
        command = "[ $AWS_BATCH_JOB_NODE_INDEX = 1 ] || { echo attempt $AWS_BATCH_JOB_ATTEMPT; sleep 0.2; exit 7; }; sleep 100"
        job = submit(register(gang(container(command), nodes=2, main=0)), retryStrategy={"attempts": 2})
        found = wait(job)
        self.assertEqual((found["status"], found["statusReason"]), ("FAILED", "Essential container in task exited"))
        self.assertEqual([each["container"]["exitCode"] for each in found["attempts"]], [7, 7])
        self.assertEqual(len({each["container"]["logStreamName"] for each in found["attempts"]}), 2)
        self.assertEqual(printed(found), ["attempt 2"])
        definition = register(gang(container("exit 7"), nodes=1))
        strategy = {"attempts": 3, "evaluateOnExit": [
            {"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "RETRY"},
            {"onExitCode": "7", "action": "EXIT"}]}
        self.assertEqual(len(wait(submit(definition, retryStrategy=strategy))["attempts"]), 1)

    def test_the_variables_of_each_node(self):
        command = "env; hostname; grep -c ip- /etc/hosts; sleep 1.5"
        definition = register(gang(container(command, environment=[{"name": "OURS", "value": "1"}]), nodes=3, main=1))
        job = submit(definition)
        found = wait(job)
        self.assertEqual(found["status"], "SUCCEEDED")
        nodes = [describe(job, index) for index in range(3)]
        for index, node in enumerate(nodes):
            told = variables(printed(node))
            self.assertEqual(told["AWS_BATCH_JOB_ID"], f"{job}#{index}")
            self.assertEqual(told["AWS_BATCH_JOB_ATTEMPT"], "1")
            self.assertEqual(told["AWS_BATCH_JOB_NODE_INDEX"], str(index))
            self.assertEqual(told["AWS_BATCH_JOB_NUM_NODES"], "3")
            self.assertEqual(told["AWS_BATCH_JOB_MAIN_NODE_INDEX"], "1")
            self.assertEqual(told["AWS_BATCH_JQ_NAME"], "muster-tests")
            self.assertEqual(told["AWS_BATCH_CE_NAME"], "muster-tests")
            self.assertEqual(told["OURS"], "1")
            self.assertNotIn("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", told)
            main = nodes[1]["container"]["networkInterfaces"][0]["privateIpv4Address"]
            self.assertEqual(told.get("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"), None if index == 1 else main)
            self.assertEqual(printed(node)[-1], "1")
        self.assertTrue(all(node["startedAt"] >= nodes[1]["startedAt"] for node in nodes))

    def test_nodes_reach_the_main_node_and_this_machine(self):
        command = (
            "if [ $AWS_BATCH_JOB_NODE_INDEX = 0 ]; then echo hello >/tmp/greeting; httpd -p 9000 -h /tmp; sleep 1.5; "
            "else wget -q -O - http://$AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS:9000/greeting; fi; "
            f"ping -c 1 -W 2 {machine.variables['MUSTER_TEST_BATCH_GATEWAY']} >/dev/null && echo reached")
        job = submit(register(gang(container(command), nodes=2)))
        self.assertEqual(wait(job)["status"], "SUCCEEDED")
        self.assertEqual(printed(describe(job, 0)), ["reached"])
        self.assertEqual(printed(describe(job, 1)), ["hello", "reached"])

    def test_overrides_reach_the_nodes_that_they_name(self):
        definition = register(gang(
            ("0:", container("echo wide $WORD", environment=[{"name": "WORD", "value": "definition"}])),
            ("1:1", container("echo narrow $WORD $MORE"))))
        overrides = {"numNodes": 3, "nodePropertyOverrides": [
            {"targetNodes": "0:", "containerOverrides": {
                "environment": [{"name": "WORD", "value": "all"}, {"name": "MORE", "value": "m"}]}},
            {"targetNodes": "2", "containerOverrides": {
                "command": ["sh", "-c", f"echo own $WORD; {LIMIT}"],
                "resourceRequirements": [{"type": "MEMORY", "value": "96"}]}}]}
        # The main node waits for the others.
        machine_command = {"targetNodes": "0", "containerOverrides": {"command": ["sh", "-c", "echo wide $WORD; sleep 1.5"]}}
        overrides["nodePropertyOverrides"].append(machine_command)
        job = submit(definition, nodeOverrides=overrides)
        found = wait(job)
        self.assertEqual((found["status"], found["nodeProperties"]["numNodes"]), ("SUCCEEDED", 3))
        self.assertEqual([printed(describe(job, index)) for index in range(3)],
                         [["wide all"], ["narrow all m"], ["own all", str(96 << 20)]])

    def test_an_attempt_out_of_time_is_stopped_and_not_repeated(self):
        definition = register(gang(container("exec sleep 100", **INIT), nodes=2))
        started = time.monotonic()
        job = submit(definition, timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
        found = wait(job)
        self.assertGreater(time.monotonic() - started, 60 * SECOND)
        self.assertEqual((found["status"], found["statusReason"]), ("FAILED", "Job attempt duration exceeded timeout"))
        self.assertEqual([each["container"]["exitCode"] for each in found["attempts"]], [143])

    def test_a_machine_that_is_lost_is_told(self):
        job = submit(register(gang(container("exec sleep 100"), nodes=2)))
        wait(job, "RUNNING")
        wait(job, "RUNNING", index=1)
        script("kill", machine.folder, f"{job}#1")
        child = wait(job, "FAILED", index=1)
        self.assertRegex(child["statusReason"], r"Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.")
        self.assertEqual(describe(job)["status"], "RUNNING")
        script("kill", machine.folder, job)
        found = wait(job)
        self.assertRegex(found["statusReason"], r"Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.")
        self.assertNotIn("exitCode", found["attempts"][0]["container"])


class ContainerTests(unittest.TestCase):
    def test_a_job_of_one_container(self):
        found = run(container("env; echo Ref::word; exit 3"), parameters={"word": "given"})
        self.assertEqual((found["status"], found["container"]["exitCode"]), ("FAILED", 3))
        self.assertNotIn("nodeProperties", found)
        told = printed(found)
        self.assertEqual(told[-1], "given")
        self.assertEqual(variables(told)["AWS_BATCH_JOB_ID"], found["jobId"])
        self.assertFalse([name for name in variables(told) if "NODE" in name])
        self.assertRegex(found["container"]["logStreamName"], r"definition-\w{8}/default/[0-9a-f]{32}")

    def test_a_container_killed_for_its_memory(self):
        found = run(container("exec dd if=/dev/zero of=/dev/null bs=200M count=1", memory="32"))
        self.assertEqual((found["status"], found["container"]["exitCode"]), ("FAILED", 137))
        self.assertEqual(found["container"]["reason"], "OutOfMemoryError: Container killed due to memory usage")
        found = run(container("kill -9 $$", **INIT))
        self.assertEqual(found["container"]["exitCode"], 137)
        self.assertNotIn("reason", found["container"])

    def test_an_image_and_a_program_that_do_not_exist(self):
        found = run(container("true", image="muster-test/none:1"), retryStrategy={"attempts": 2})
        self.assertEqual((found["status"], found["statusReason"]), ("FAILED", "Task failed to start"))
        self.assertEqual(len(found["attempts"]), 2)
        self.assertTrue(found["container"]["reason"].startswith("CannotPullContainerError"))
        self.assertNotIn("exitCode", found["container"])
        found = run({**container(""), "command": ["/no/such/program"]})
        self.assertTrue(found["container"]["reason"].startswith("CannotStartContainerError"), found)

    def test_the_image_decides_on_user_entry_point_and_folder(self):
        command = "echo $TEST_ENTRY_POINT $(id -u) $(pwd) $HOME"
        found = run(container(command, image="muster-test/busybox-user"))
        self.assertEqual(printed(found), ["ran 10001 /home/muster /home/muster"])
        found = run(container(command, image="muster-test/busybox-user", user="0"))
        self.assertEqual(printed(found), ["ran 0 /home/muster /home/muster"])

    def test_what_a_definition_gives_a_container(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "given").write_text("of the host\n")
            found = run(container(
                "cat /in/given; touch /in/no 2>/dev/null || echo read only; echo back >/out/back; touch /own/x; "
                "df -k /dev/shm | tail -n 1 | awk '{ print $2 }'; cat /proc/1/comm; ulimit -n; hostname mine && hostname; id -u",
                privileged=True, ulimits=[{"name": "nofile", "softLimit": 1234, "hardLimit": 1234}],
                linuxParameters={"sharedMemorySize": 128, "initProcessEnabled": True},
                volumes=[{"name": "in", "host": {"sourcePath": folder}}, {"name": "out", "host": {"sourcePath": f"{folder}/new"}},
                         {"name": "own", "host": {}}],
                mountPoints=[{"sourceVolume": "in", "containerPath": "/in", "readOnly": True},
                             {"sourceVolume": "out", "containerPath": "/out"}, {"sourceVolume": "own", "containerPath": "/own"}],
                logConfiguration={"logDriver": "awslogs"}))
            self.assertEqual(
                printed(found), ["of the host", "read only", str(128 << 10), "podman-init", "1234", "mine", "0"])
            self.assertEqual(pathlib.Path(folder, "new/back").read_text(), "back\n")

    def test_a_role_gives_credentials(self):
        found = run(container(
            "wget -q -O - http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", jobRoleArn=ROLE))
        told = json.loads(printed(found)[0])
        self.assertEqual(told["AccessKeyId"], machine.variables["AWS_ACCESS_KEY_ID"])
        self.assertLessEqual({"RoleArn", "SecretAccessKey", "Token", "Expiration"}, set(told))

    def test_logs_are_there_while_a_container_runs(self):
        job = submit(register(container("echo begun; printf 'no line end'; sleep 100", **INIT)))
        wait(job, "RUNNING")
        for _ in range(100):
            if printed(describe(job)):
                break
            time.sleep(0.05)
        self.assertEqual(printed(describe(job)), ["begun"])
        machine.batch.terminate_job(jobId=job, reason="seen")
        self.assertEqual(printed(wait(job)), ["begun", "no line end"])

    def test_overrides_that_ECS_does_not_take_fail_the_job_at_its_start(self):
        definition = register(container("true"))
        overrides = {"environment": [{"name": "LONG", "value": "x" * 8192}]}
        found = wait(submit(definition, containerOverrides=overrides))
        self.assertEqual(found["status"], "FAILED")
        self.assertEqual(found["statusReason"], "Container Overrides length must be at most 8192")
        self.assertEqual(found["attempts"], [])
        overrides = {"environment": [{"name": "LONG", "value": "x" * 7800}]}
        self.assertEqual(wait(submit(definition, containerOverrides=overrides))["status"], "SUCCEEDED")


class StateTests(unittest.TestCase):
    def tearDown(self):
        for file in machine.control.iterdir():
            file.unlink()

    def test_a_job_that_waits_is_cancelled_or_terminated_at_once(self):
        (machine.control / "pause").touch()
        definition = register(container("true"))
        first, second, third = (submit(definition, name=f"waits-{index}") for index in range(3))
        wait(third, "RUNNABLE")
        front = machine.batch.get_job_queue_snapshot(jobQueue="muster-tests")["frontOfQueue"]["jobs"]
        self.assertEqual([each["jobArn"].rpartition("/")[2] for each in front], [first, second, third])
        machine.batch.cancel_job(jobId=first, reason="of no use")
        found = describe(first)
        self.assertEqual((found["status"], found["statusReason"], found["isCancelled"]), ("FAILED", "of no use", True))
        machine.batch.terminate_job(jobId=second, reason="of no use either")
        found = describe(second)
        self.assertEqual((found["status"], found["statusReason"], found["isTerminated"]), ("FAILED", "of no use either", True))
        (machine.control / "pause").unlink()
        self.assertEqual(wait(third)["status"], "SUCCEEDED")

    def test_a_job_that_runs_is_terminated_and_not_cancelled(self):
        job = submit(register(gang(container("exec sleep 100", **INIT), nodes=2)),
                     retryStrategy={"attempts": 3})
        wait(job, "RUNNING")
        machine.batch.cancel_job(jobId=job, reason="too late")
        self.assertEqual(describe(job)["status"], "RUNNING")
        machine.batch.terminate_job(jobId=job, reason="enough")
        found = wait(job)
        self.assertEqual((found["status"], found["statusReason"], found["isTerminated"]), ("FAILED", "enough", True))
        self.assertEqual(len(found["attempts"]), 1)
        machine.batch.terminate_job(jobId=job, reason="again")
        self.assertEqual(describe(job)["statusReason"], "enough")

    def test_why_a_job_stays_runnable(self):
        job = submit(register(container("true", vcpus="1000")))
        self.assertIn("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - ", wait(job, "RUNNABLE")["statusReason"])
        machine.batch.terminate_job(jobId=job, reason="never")
        (machine.control / "no-capacity").touch()
        job = submit(register(container("true")))
        for _ in range(100):
            found = describe(job)
            if found.get("statusReason"):
                break
            time.sleep(0.02)
        self.assertIn("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", found["statusReason"])
        (machine.control / "no-capacity").unlink()
        self.assertEqual(wait(job)["status"], "SUCCEEDED")

    def test_a_queue_with_fair_shares(self):
        definition = register(container("env"), schedulingPriority=3)
        job = machine.batch.submit_job(
            jobName="x", jobQueue="muster-tests-shares", jobDefinition=definition, shareIdentifier="team")["jobId"]
        found = wait(job)
        self.assertEqual((found["shareIdentifier"], found["schedulingPriority"]), ("team", 3))
        self.assertEqual(variables(printed(found))["AWS_BATCH_JQ_NAME"], "muster-tests-shares")
        self.refused(lambda: submit(definition, shareIdentifier="team"), "fair-share")
        self.refused(lambda: machine.batch.submit_job(
            jobName="x", jobQueue="muster-tests-shares", jobDefinition=definition), "fair-share")

    def test_lists(self):
        name = f"Listed-{uuid.uuid4().hex[:6]}"
        definition = register(gang(container("sleep 3"), nodes=2))
        job, other = submit(definition, name=f"{name}-1"), submit(register(container("true")), name=f"{name}-2")
        wait(other), wait(job, "RUNNING"), wait(job, "RUNNING", index=1)

        def listed(**arguments):
            return machine.batch.list_jobs(**arguments)["jobSummaryList"]
        running = listed(jobQueue="muster-tests")
        self.assertIn(job, [each["jobId"] for each in running])
        self.assertNotIn(other, [each["jobId"] for each in running])
        self.assertIn(other, [each["jobId"] for each in listed(jobQueue="muster-tests", jobStatus="SUCCEEDED")])
        found = listed(jobQueue="muster-tests", filters=[{"name": "JOB_NAME", "values": [f"{name.lower()}*"]}])
        self.assertEqual([each["jobId"] for each in found], [other, job])
        self.assertEqual([each["jobId"] for each in listed(
            jobQueue="muster-tests", filters=[{"name": "JOB_NAME", "values": [f"{name}-1"]}])], [job])
        found = listed(multiNodeJobId=job)
        self.assertEqual([each["nodeProperties"] for each in found],
                         [{"nodeIndex": index, "isMainNode": index == 0, "numNodes": 2} for index in range(2)])
        pages = machine.batch.get_paginator("list_jobs").paginate(
            jobQueue="muster-tests", filters=[{"name": "JOB_NAME", "values": [f"{name}*"]}], PaginationConfig={"PageSize": 1})
        self.assertEqual([len(page["jobSummaryList"]) for page in pages], [1, 1])
        self.refused(lambda: listed(jobQueue="muster-tests", filters=[
            {"name": "JOB_NAME", "values": ["a"]}, {"name": "JOB_DEFINITION", "values": ["b"]}]), "one filter")

    def refused(self, call, text):
        with self.assertRaisesRegex(machine.batch.exceptions.ClientException, text):
            call()

    def test_definitions_have_revisions(self):
        name = f"revised-{uuid.uuid4().hex[:6]}"
        first, second = register(container("true"), name), register(container("false"), name)
        self.assertTrue(first.endswith(f"{name}:1") and second.endswith(f"{name}:2"))
        machine.batch.deregister_job_definition(jobDefinition=second)
        found = machine.batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
        self.assertEqual([each["revision"] for each in found], [1])
        self.assertEqual(found[0]["containerProperties"]["command"], ["sh", "-c", "true"])
        self.assertTrue(describe(submit(name))["jobDefinition"].endswith(f"{name}:1"))
        self.refused(lambda: submit(f"{name}:2"), "not active")

    def test_jobs_that_depend_on_others(self):
        good, bad = register(container("sleep 0.3")), register(container("false"))
        first, second = submit(good), submit(bad)
        third, fourth = submit(good, dependsOn=[{"jobId": first}]), submit(good, dependsOn=[{"jobId": second}])
        self.assertEqual(wait(fourth)["statusReason"], "Dependent Job failed")
        self.assertGreaterEqual(wait(third)["startedAt"], wait(first)["stoppedAt"])

    def test_many_jobs_at_once(self):
        command = "[ $AWS_BATCH_JOB_NODE_INDEX = 0 ] || exec sleep 100; sleep 0.5"
        definition = register(gang(container(command, **INIT)))
        jobs = [submit(definition, nodeOverrides={"numNodes": 1 + index % 4}) for index in range(20)]
        self.assertEqual({wait(job, seconds=40)["status"] for job in jobs}, {"SUCCEEDED"})


class GoldenTests(unittest.TestCase):
    """The requests that Muster's tests keep, by AWS's own model and by the rules that the model does not hold."""

    def test_requests_of_every_shape_have_the_shape_of_aws_s_model(self):
        operations = {
            "definition": MODEL.operation("POST", "/v1/registerjobdefinition")[0],
            "submission": MODEL.operation("POST", "/v1/submitjob")[0]}
        files = sorted((pathlib.Path(__file__).resolve().parents[1] / "Golden" / "batch").glob("*.json"))
        self.assertGreater(len(files), 4)
        for file in files:
            for part, request in json.loads(file.read_text()).items():
                with self.subTest(f"{file.name} {part}"):
                    MODEL.check(operations[part], request)


class RequestTests(unittest.TestCase):
    def refused(self, call, text, code="ClientException"):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call()
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertRegex(str(caught.exception), text)

    def test_signatures_are_checked(self):
        batch = machine.client("batch", "wrong")
        self.refused(lambda: batch.describe_jobs(jobs=["x"]), "signature", "InvalidSignatureException")
        logs = machine.client("logs", "wrong")
        self.refused(lambda: logs.describe_log_groups(), "signature", "InvalidSignatureException")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(machine.variables["AWS_ENDPOINT_URL_BATCH"] + "/v1/describejobs", b"{}")
        self.assertEqual(caught.exception.code, 403)

    def test_definitions_that_AWS_refuses(self):
        good, nodes = container("true"), {"nodes": 4}
        self.refused(lambda: register(good, "-x"), "jobDefinitionName")
        self.refused(lambda: register(good, "x" * 129), "jobDefinitionName")
        self.refused(lambda: register({**good, "command": ["sh", ""]}), "empty string")
        self.refused(lambda: register({**good, "environment": [{"name": "AWS_BATCH_X", "value": "1"}]}), "AWS_BATCH")
        self.refused(lambda: register({**good, "resourceRequirements": good["resourceRequirements"][:1]}), "MEMORY")
        self.refused(lambda: register({**good, "resourceRequirements": [{"type": "CPU", "value": "1"}]}), "none of")
        self.refused(lambda: register({**good, "image": "x" * 256}), "image")
        self.refused(lambda: register(good, timeout={"attemptDurationSeconds": 59}), "at least 60")
        self.refused(lambda: register(good, retryStrategy={"attempts": 11}), "between 1 and 10")
        self.refused(lambda: register(good, tags={"aws:x": "1"}), "aws:")
        self.refused(lambda: register({**good, "environment": [{"name": "X", "value": "x" * 25000}]}), "24576")
        self.refused(lambda: register(gang(*[(str(index), good) for index in range(6)], nodes=6)), "1 to 5")
        self.refused(lambda: register(gang(("0:1", good), ("3:", good), **nodes)), r"nodes \[2\]")
        self.refused(lambda: register(gang(("0:4", good), **nodes)), "out of range")
        self.refused(lambda: register(gang(("0-3", good), **nodes)), "no range")
        self.refused(lambda: register(gang(good, main=4, **nodes)), "mainNode")
        self.refused(lambda: machine.batch.register_job_definition(jobDefinitionName="x", type="multinode"), "nodeProperties")

    def test_submissions_that_AWS_refuses(self):
        one, opened, closed = (register(each) for each in (
            container("true"), gang(container("true")), gang(("0:3", container("true")))))
        self.refused(lambda: submit(one, name="a b"), "jobName")
        self.refused(lambda: submit(one, name="x" * 129), "jobName")
        self.refused(lambda: submit("none"), "not found")
        self.refused(lambda: submit(one, nodeOverrides={}), "nodeOverrides")
        self.refused(lambda: submit(opened, containerOverrides={}), "containerOverrides")
        self.refused(lambda: submit(closed, nodeOverrides={"numNodes": 2}), "open")
        self.refused(lambda: submit(opened, nodeOverrides={"numNodes": 0}), "between 1 and 1000")
        self.refused(lambda: submit(opened, nodeOverrides={"nodePropertyOverrides": [{"targetNodes": "4:"}]}), "out of range")
        self.refused(lambda: submit(opened, nodeOverrides={"nodePropertyOverrides": [{"targetNodes": "0:", "containerOverrides": {
            "environment": [{"name": "AWS_BATCH_JOB_ID", "value": "1"}]}}]}), "AWS_BATCH")
        self.refused(lambda: submit(one, containerOverrides={"command": [""]}), "empty string")
        self.refused(lambda: submit(one, containerOverrides={"environment": [{"name": "X", "value": "x" * 31000}]}), "30720")
        self.refused(lambda: machine.batch.submit_job(jobName="x", jobQueue="other", jobDefinition=one), "Job Queue not found")
        self.refused(lambda: machine.batch.describe_jobs(jobs=["x"] * 101), "100")
        self.assertEqual(machine.batch.describe_jobs(jobs=["x", "x#0"])["jobs"], [])

    def test_members_that_the_model_does_not_have_are_refused(self):
        # boto3 sends no such request.
        url = machine.variables["AWS_ENDPOINT_URL_BATCH"] + "/v1/describejobs"
        for body, text in (({"jobs": [], "names": []}, "Unknown parameter"), ([], "JSON object"), ({"jobs": "x"}, "type")):
            signed = botocore.awsrequest.AWSRequest("POST", url, data=json.dumps(body).encode())
            credentials = botocore.credentials.Credentials(
                machine.variables["AWS_ACCESS_KEY_ID"], machine.variables["AWS_SECRET_ACCESS_KEY"])
            botocore.auth.SigV4Auth(credentials, "batch", "us-east-1").add_auth(signed)
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(url, signed.data, dict(signed.headers)))
            self.assertEqual(caught.exception.code, 400)
            self.assertIn(text, json.load(caught.exception)["message"])

    def test_each_call_is_noted(self):
        machine.batch.describe_jobs(jobs=["noted"])
        lines = pathlib.Path(machine.variables["MUSTER_TEST_BATCH_CALLS"]).read_text().splitlines()
        self.assertIn({"operation": "DescribeJobs", "request": {"jobs": ["noted"]}}, list(map(json.loads, lines)))

    def test_calls_fail_where_a_test_asks_for_it(self):
        definition, name = register(container("true")), f"fault-{uuid.uuid4().hex[:6]}"

        def count():
            return len(machine.batch.list_jobs(
                jobQueue="muster-tests", filters=[{"name": "JOB_NAME", "values": [name]}])["jobSummaryList"])
        script("fault", machine.folder, "SubmitJob", "--times", 2)
        for _ in range(2):
            self.refused(lambda: submit(definition, name=name), "asked for it", "TooManyRequestsException")
        self.assertEqual(count(), 0)
        script("fault", machine.folder, "SubmitJob", "--status", 0, "--after")
        with self.assertRaises(botocore.exceptions.ConnectionClosedError):
            submit(definition, name=name)
        self.assertEqual(count(), 1)

    def test_tags(self):
        arn = register(container("true"), tags={"a": "1"})
        machine.batch.tag_resource(resourceArn=arn, tags={"b": "2"})
        machine.batch.untag_resource(resourceArn=arn, tagKeys=["a"])
        self.assertEqual(machine.batch.list_tags_for_resource(resourceArn=arn)["tags"], {"b": "2"})


class ServerTests(unittest.TestCase):
    def test_servers_do_not_touch_each_other_and_nothing_stays(self):
        other = Machine()
        try:
            self.assertNotEqual(other.variables["MUSTER_TEST_BATCH_GATEWAY"], machine.variables["MUSTER_TEST_BATCH_GATEWAY"])
            batch = other.batch
            definition = batch.register_job_definition(
                jobDefinitionName="x", type="multinode",
                nodeProperties=gang(container("exec sleep 100"), nodes=2))["jobDefinitionArn"]
            job = batch.submit_job(jobName="x", jobQueue="muster-tests", jobDefinition=definition)["jobId"]
            while batch.describe_jobs(jobs=[f"{job}#1"])["jobs"][0]["status"] != "RUNNING":
                time.sleep(0.05)
            self.assertEqual(machine.batch.describe_jobs(jobs=[job])["jobs"], [])
            self.assertEqual(len(script("podman", other.folder, "ps", "-q").split()), 2)
            # A server that was killed leaves containers, which the next one ends.
            os.kill(int(pathlib.Path(other.folder, "run/server.pid").read_text()), signal.SIGKILL)
            other.up()
            self.assertEqual(script("podman", other.folder, "ps", "--all", "-q").split(), [])
        finally:
            other.down()
        self.assertNotIn(other.folder, subprocess.run(["ps", "-eo", "args"], stdout=subprocess.PIPE, text=True, check=True).stdout)
        self.assertNotIn(other.folder, pathlib.Path("/proc/mounts").read_text())
        number = other.variables["MUSTER_TEST_BATCH_GATEWAY"].split(".")[1]
        self.assertEqual([name for name in os.listdir("/sys/class/net") if f"batch{number}" in name], [])
        self.assertEqual(list(pathlib.Path("/sys/fs/cgroup").glob(f"**/muster-mubatch{number}")), [])
        self.assertNotIn("10." + number, subprocess.run(["ip", "address"], stdout=subprocess.PIPE, text=True, check=True).stdout)
        self.assertEqual(run(container("true"))["status"], "SUCCEEDED")

    def test_other_nodes_and_answers_can_be_late(self):
        other = Machine(MUSTER_TEST_BATCH_INVISIBLE="1", MUSTER_TEST_BATCH_CHILD_DELAY="2")
        try:
            definition = other.batch.register_job_definition(
                jobDefinitionName="x", type="multinode",
                nodeProperties=gang(container("exec sleep 3", **INIT), nodes=8))["jobDefinitionArn"]
            job = other.batch.submit_job(jobName="x", jobQueue="muster-tests", jobDefinition=definition)["jobId"]
            self.assertEqual(other.batch.describe_jobs(jobs=[job])["jobs"], [])
            time.sleep(1)
            while other.batch.describe_jobs(jobs=[job])["jobs"][0]["status"] != "SUCCEEDED":
                time.sleep(0.05)
            nodes = other.batch.describe_jobs(jobs=[f"{job}#{index}" for index in range(8)])["jobs"]
            starts = [node["startedAt"] for node in nodes if "startedAt" in node]
            self.assertEqual(min(starts), nodes[0]["startedAt"])
            # Less would be a chance of one in twenty thousand.
            self.assertGreater(max(starts) - min(starts), 500)
        finally:
            other.down()

    def test_containers_reach_a_server_of_S3_that_listens_on_this_machine_alone(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"of the host\n")

            def log_message(self, *arguments):
                pass
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever).start()
            other = Machine("--s3", f"http://127.0.0.1:{server.server_port}")
            try:
                definition = other.batch.register_job_definition(
                    jobDefinitionName="x", type="container", containerProperties=container(
                        "wget -q -O - $AWS_ENDPOINT_URL_S3/x; echo $AWS_REGION",
                        environment=[{"name": "AWS_REGION", "value": "eu-central-1"}]))["jobDefinitionArn"]
                job = other.batch.submit_job(jobName="x", jobQueue="muster-tests", jobDefinition=definition)["jobId"]
                while (found := other.batch.describe_jobs(jobs=[job])["jobs"][0])["status"] not in ("SUCCEEDED", "FAILED"):
                    time.sleep(0.05)
                events = other.logs.get_log_events(
                    logGroupName="/aws/batch/job", logStreamName=found["container"]["logStreamName"], startFromHead=True)["events"]
                self.assertEqual([event["message"] for event in events], ["of the host", "eu-central-1"])
            finally:
                other.down()
                server.shutdown()


if __name__ == "__main__":
    unittest.main()
