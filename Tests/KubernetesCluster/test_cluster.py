"""Proves that Scripts/kubernetes-cluster brings up what the tests of Muster rely on, and that nothing of it stays. Run by
`make test-kubernetes-cluster`, as root, in less than three minutes."""

import http.server
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

SCRIPT = str(pathlib.Path(__file__).resolve().parents[2] / "Scripts" / "kubernetes-cluster")
# kubelet sets these where it may.
SYSTEM = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward"]


def script(*arguments, **variables):
    return subprocess.run(
        [SCRIPT, *map(str, arguments)], stdout=subprocess.PIPE, check=True, text=True, env={**os.environ, **variables}).stdout


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def folders():
    """What containerd and kubelet would have left on a machine of their own."""
    places = ("/run/netns", "/run/containerd", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods", "/var/lib/cni",
              "/opt/containerd", "/usr/libexec/kubernetes")
    return {place: sorted(os.listdir(place)) for place in places if os.path.exists(place)}


def system_settings():
    return {name: pathlib.Path("/proc/sys", name).read_text() for name in SYSTEM}


class Cluster:
    """A cluster in a folder of its own."""

    def __init__(self, *options, **variables):
        self.folder = tempfile.mkdtemp(prefix="kubernetes-")
        try:
            self.lines = script("up", self.folder, *options, **variables)
        except subprocess.CalledProcessError:
            print(f"the logs are in {self.folder}")
            raise
        self.variables = dict(line.removeprefix("export ").split("=", 1) for line in self.lines.splitlines())
        self.gateway = self.variables["MUSTER_TEST_KUBERNETES_GATEWAY"]

    def kubectl(self, *arguments, text=None, check=True):
        done = subprocess.run(
            [self.variables["MUSTER_TEST_KUBERNETES_PROGRAMS"] + "/kubectl", "--kubeconfig", self.variables["KUBECONFIG"],
             "--cache-dir", self.folder + "/kubectl", "--request-timeout", "20s", *arguments],
            input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout if check else done

    def get(self, *arguments):
        """None where there is no such thing."""
        done = self.kubectl("get", "--output=json", *arguments, check=False)
        if done.returncode != 0 and "NotFound" not in done.stderr:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def create(self, thing):
        return json.loads(self.kubectl("create", "--output=json", "-f", "-", text=json.dumps(thing)))

    def run(self, command, **more):
        return self.create(pod(command, **more))["metadata"]["name"]

    def logs(self, name):
        return self.kubectl("logs", name).splitlines()

    def phase(self, name):
        found = self.get("pod", name)
        return found and found["status"]["phase"]

    def node_is_ready(self, name):
        conditions = self.get("node", name)["status"]["conditions"]
        return next(each["status"] for each in conditions if each["type"] == "Ready") == "True"

    def job_pods(self, name):
        return self.get("pods", "-l", f"batch.kubernetes.io/job-name={name}")["items"]

    def down(self):
        script("down", self.folder)
        subprocess.run(["rm", "-rf", self.folder], check=True)


def wait(question, seconds=40, reason="it is not so"):
    """The answer, once there is one."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise AssertionError(f"{reason} after {seconds} s")
        time.sleep(0.1)
    return answer


def pod_spec(command, image="muster-test/busybox", node=None, memory="64Mi", **more):
    return {
        "restartPolicy": "Never", "terminationGracePeriodSeconds": 1, **({"nodeName": node} if node else {}), **more,
        "containers": [{
            "name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", command],
            "resources": {"requests": {"cpu": "100m", "memory": memory}, "limits": {"memory": memory}}}]}


def pod(command, owner=None, **more):
    references = {"ownerReferences": [{
        "apiVersion": "v1", "kind": "ConfigMap", "controller": True,
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}]} if owner else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{uuid.uuid4().hex[:6]}", **references},
            "spec": pod_spec(command, **more)}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"of this machine\n")

    def log_message(self, *arguments):
        pass


cluster, server, folders_before = None, None, None


def setUpModule():
    global cluster, server, folders_before
    folders_before = folders()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cluster = Cluster("--jobs", "stand-in", "--s3", f"http://127.0.0.1:{server.server_port}")


def tearDownModule():
    cluster.down()
    server.shutdown()


class ClusterTests(unittest.TestCase):
    def test_two_nodes_are_ready_and_up_can_be_run_again(self):
        nodes = cluster.get("nodes")["items"]
        self.assertEqual([each["metadata"]["name"] for each in nodes], ["n1", "n2"])
        self.assertTrue(cluster.node_is_ready("n1") and cluster.node_is_ready("n2"))
        addresses = {address["address"] for node in nodes for address in node["status"]["addresses"]
                     if address["type"] == "InternalIP"}
        self.assertEqual(len(addresses), 2)
        self.assertEqual(script("up", cluster.folder), cluster.lines)

    def test_pods_of_both_nodes_reach_each_other_and_servers_of_this_machine(self):
        first = cluster.run("mkdir /tmp/www; echo of the other node >/tmp/www/index.html; exec httpd -f -p 8000 -h /tmp/www", node="n1")
        address = wait(lambda: cluster.phase(first) == "Running" and cluster.get("pod", first)["status"]["podIP"])
        second = cluster.run(
            f"until wget -q -O - http://{address}:8000/index.html; do sleep 0.2; done; "
            f"wget -q -O - {cluster.variables['MUSTER_TEST_KUBERNETES_S3']}/x; "
            f"nc $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && echo a server of Kubernetes", node="n2")
        wait(lambda: cluster.phase(second) == "Succeeded")
        self.assertEqual(cluster.logs(second), ["of the other node", "of this machine", "a server of Kubernetes"])

    def test_images_have_users_and_entry_points(self):
        name = cluster.run("id -u; pwd; echo $HOME", image="muster-test/busybox-user")
        wait(lambda: cluster.phase(name) == "Succeeded")
        self.assertEqual(cluster.logs(name), ["10001", "/home/muster", "/home/muster"])

    def test_a_container_that_takes_more_memory_than_it_may_is_killed(self):
        name = cluster.run("x=a; while :; do x=$x$x; done", memory="20Mi")
        wait(lambda: cluster.phase(name) == "Failed")
        ended = cluster.get("pod", name)["status"]["containerStatuses"][0]["state"]["terminated"]
        self.assertEqual((ended["reason"], ended["exitCode"]), ("OOMKilled", 137))

    def test_pods_go_with_their_owner(self):
        owner = cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}})
        names = [cluster.run("exec sleep 1000", owner=owner, node=node) for node in ("n1", "n2")]
        wait(lambda: all(cluster.phase(name) == "Running" for name in names))
        cluster.kubectl("delete", "configmap", "owner")
        wait(lambda: not any(cluster.get("pod", name) for name in names), reason="the pods are there")

    def test_accounts_may_do_what_their_roles_say(self):
        cluster.kubectl("create", "serviceaccount", "reader")
        cluster.kubectl("create", "role", "reader", "--verb=list", "--resource=pods")
        cluster.kubectl("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:reader")
        path = "/api/v1/namespaces/default/serviceaccounts/reader/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        token = json.loads(cluster.kubectl("create", "--raw", path, "-f", "-", text=json.dumps(request)))["status"]["token"]

        def status(resource, token):
            return output("curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}", "--header",
                          f"Authorization: Bearer {token}", f"https://{cluster.gateway}/api/v1/namespaces/default/{resource}")
        self.assertEqual(
            [status("pods", token), status("secrets", token), status("pods", "not.a.token")], ["200", "403", "401"])

    def test_requests_are_noted_but_for_those_of_Kubernetes_itself(self):
        output("curl", "--silent", "--insecure", "--user-agent", "muster-test", f"https://{cluster.gateway}/api/v1/pods?limit=7")
        found = wait(lambda: [each for each in map(
            json.loads, pathlib.Path(cluster.variables["MUSTER_TEST_KUBERNETES_AUDIT"]).read_text().splitlines())
            if each["userAgent"] == "muster-test"])
        self.assertEqual([(each["verb"], each["requestURI"], each["responseStatus"]["code"]) for each in found],
                         [("list", "/api/v1/pods?limit=7", 403)])
        text = pathlib.Path(cluster.variables["MUSTER_TEST_KUBERNETES_AUDIT"]).read_text()
        self.assertNotRegex(text, '"userAgent":"(kubelet|kube-scheduler|kube-controller-manager|muster-job-stand-in)')

    def test_images_can_be_added(self):
        with tempfile.TemporaryDirectory() as folder:
            archive = folder + "/image.tar"
            store = output(str(pathlib.Path(SCRIPT).with_name("batch-images")), "--archives", "busybox").strip()
            output("sh", "-c", f"cd {folder}; tar -xf {store}; sed -i 's,muster-test/busybox,muster-test/added,g' manifest.json; "
                   f"tar -cf {archive} --exclude image.tar *")
            script("image", cluster.folder, archive)
        name = cluster.run("echo added", image="muster-test/added", node="n2")
        wait(lambda: cluster.phase(name) == "Succeeded")

    def test_a_node_loses_its_power_and_comes_back(self):
        name, other = cluster.run("exec sleep 1000", node="n1"), cluster.run("exec sleep 1000", node="n2")
        wait(lambda: cluster.phase(name) == "Running" and cluster.phase(other) == "Running")
        script("node", cluster.folder, "lose", "n1")
        wait(lambda: not cluster.node_is_ready("n1"), 20, "the node is ready")
        # Nobody confirms that the pod's processes have ended, so it stays until its node does.
        wait(lambda: "deletionTimestamp" in cluster.get("pod", name)["metadata"], 20, "the pod is not deleted")
        script("node", cluster.folder, "start", "n1")
        wait(lambda: cluster.node_is_ready("n1"), reason="the node is not ready")
        wait(lambda: not cluster.get("pod", name), reason="the pod is there")
        self.assertEqual(cluster.phase(other), "Running")
        again = cluster.run("echo back", node="n1")
        wait(lambda: cluster.phase(again) == "Succeeded")

    def test_pods_outlive_a_stopped_kubelet_and_a_stopped_API_server(self):
        name = cluster.run("sleep 4; echo on", node="n2")
        wait(lambda: cluster.phase(name) == "Running")
        script("node", cluster.folder, "stop", "n2")
        script("server", cluster.folder, "stop")
        self.assertNotEqual(cluster.kubectl("get", "nodes", check=False).returncode, 0)
        script("server", cluster.folder, "start")
        script("node", cluster.folder, "start", "n2")
        wait(lambda: cluster.phase(name) == "Succeeded")
        self.assertEqual(cluster.logs(name), ["on"])
        wait(lambda: cluster.node_is_ready("n2"))

    def test_clusters_do_not_touch_each_other_and_nothing_stays(self):
        before, rules, other = system_settings(), output("iptables-save"), Cluster(
            "--nodes", "1", MUSTER_TEST_KUBERNETES_TOLERATION="300")
        try:
            self.assertNotEqual(other.gateway, cluster.gateway)
            self.assertEqual([each["metadata"]["name"] for each in other.get("nodes")["items"]], ["n1"])
            name = other.run("exec sleep 1000")
            wait(lambda: other.phase(name) == "Running")
            self.assertIsNone(cluster.get("pod", name))
            found = other.get("pod", name)["spec"]["tolerations"]
            self.assertEqual({each["tolerationSeconds"] for each in found}, {300})
            # Kubernetes' own Jobs, which are those of 1.20.
            other.create(job("native", "true"))
            wait(lambda: other.get("job", "native")["status"].get("succeeded") == 1)
        finally:
            started = time.monotonic()
            other.down()
            taken = time.monotonic() - started
        self.assertLess(taken, 10)
        number = other.gateway.split(".")[1]
        self.assertNotIn(other.folder, output("ps", "-eo", "args"))
        self.assertNotIn(other.folder, pathlib.Path("/proc/mounts").read_text())
        self.assertEqual(list(pathlib.Path("/sys/fs/cgroup").glob(f"*/muster-mukube{number}*")), [])
        self.assertNotRegex(output("ip", "address"), rf"mukube{number}\b|\b10\.{number}\.")
        self.assertEqual(re.sub(r"#.*|\[.*", "", output("iptables-save")), re.sub(r"#.*|\[.*", "", rules))
        self.assertEqual(system_settings(), before)
        self.assertEqual(folders(), folders_before)
        self.assertTrue(cluster.node_is_ready("n1"))


def job(name, command, **more):
    template = {"spec": pod_spec(command)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {
        "backoffLimit": 0, "template": template, **more}}


def indexed(name, command, count=3, **more):
    return job(name, command, completionMode="Indexed", completions=count, parallelism=count, **more)


def conditions(name):
    found = cluster.get("job", name)
    return {each["type"]: each["reason"] for each in (found or {}).get("status", {}).get("conditions", []) if each["status"] == "True"}


class StandInTests(unittest.TestCase):
    """The stand-in for the Jobs of Kubernetes 1.31, of Tests/KubernetesJobs."""

    def test_each_pod_has_an_index_a_host_name_and_an_owner(self):
        made = cluster.create(indexed("indexes", "echo $JOB_COMPLETION_INDEX $HOSTNAME; sleep 1"))
        wait(lambda: conditions("indexes").get("Complete"))
        self.assertEqual(conditions("indexes"), {
            "SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"})
        status = cluster.get("job", "indexes")["status"]
        self.assertEqual((status["completedIndexes"], status["succeeded"], status["failed"]), ("0-2", 3, 0))
        pods = cluster.job_pods("indexes")
        self.assertEqual(sorted(cluster.logs(each["metadata"]["name"])[0] for each in pods),
                         [f"{index} indexes-{index}" for index in range(3)])
        for each in pods:
            metadata = each["metadata"]
            index = metadata["labels"]["batch.kubernetes.io/job-completion-index"]
            self.assertEqual(metadata["annotations"]["batch.kubernetes.io/job-completion-index"], index)
            self.assertTrue(metadata["name"].startswith(f"indexes-{index}-"))
            owner = metadata["ownerReferences"][0]
            self.assertEqual((owner["kind"], owner["uid"], owner["controller"]), ("Job", made["metadata"]["uid"], True))
            self.assertNotIn("finalizers", metadata)
        cluster.kubectl("delete", "job", "indexes")
        wait(lambda: not cluster.job_pods("indexes"), reason="the pods are there")

    def test_a_failed_pod_ends_the_job_and_the_other_pods(self):
        cluster.create(indexed("fails", "[ $JOB_COMPLETION_INDEX != 1 ] || { sleep 1; exit 3; }; exec sleep 1000"))
        wait(lambda: conditions("fails").get("Failed"))
        self.assertEqual(conditions("fails"), {"FailureTarget": "BackoffLimitExceeded", "Failed": "BackoffLimitExceeded"})
        wait(lambda: [each["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"]
                      for each in cluster.job_pods("fails")] == ["1"], reason="the pods that were deleted are there")

    def test_an_exit_code_of_the_policy_ends_the_job_whatever_the_limit(self):
        policy = {"rules": [{"action": "FailJob", "onExitCodes": {"containerName": "main", "operator": "In", "values": [42]}}]}
        cluster.create(indexed("policy", "exit 42", count=1, backoffLimit=6, podFailurePolicy=policy))
        wait(lambda: conditions("policy").get("Failed"))
        self.assertEqual(conditions("policy")["Failed"], "PodFailurePolicy")

    def test_a_failed_pod_is_replaced_within_the_limit(self):
        # The first pod leaves a file on its node, which the second finds.
        spec = job("again", "[ -e /mark/x ] || { touch /mark/x; exit 1; }", backoffLimit=1, parallelism=1, completions=1)
        with tempfile.TemporaryDirectory() as folder:
            spec["spec"]["template"]["spec"]["volumes"] = [{"name": "mark", "hostPath": {"path": folder}}]
            spec["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "mark", "mountPath": "/mark"}]
            cluster.create(spec)
            wait(lambda: conditions("again").get("Complete"))
        status = cluster.get("job", "again")["status"]
        self.assertEqual((status["failed"], status["succeeded"]), (1, 1))

    def test_a_job_ends_at_its_deadline_and_is_removed_after_its_time(self):
        cluster.create(indexed("late", "exec sleep 1000", activeDeadlineSeconds=2, ttlSecondsAfterFinished=1))
        wait(lambda: conditions("late").get("FailureTarget") == "DeadlineExceeded")
        wait(lambda: not cluster.get("job", "late"), reason="the job is there")
        wait(lambda: not cluster.job_pods("late"), reason="the pods are there")

    def test_a_suspended_job_has_no_pods(self):
        cluster.create(indexed("suspended", "exec sleep 1000", suspend=True))
        wait(lambda: conditions("suspended").get("Suspended"))
        self.assertEqual(cluster.job_pods("suspended"), [])
        for suspend, count in ((False, 3), (True, 0)):
            cluster.kubectl("patch", "job", "suspended", "--type=merge", "-p", json.dumps({"spec": {"suspend": suspend}}))
            wait(lambda: len([each for each in cluster.job_pods("suspended") if suspend or each["status"]["phase"] == "Running"]) == count)
        self.assertEqual(cluster.get("job", "suspended")["status"]["failed"], 0)

    def test_what_the_schema_forbids_is_refused(self):
        wrong = indexed("wrong", "true", podFailurePolicy={"rules": [{"action": "Nonsense"}]})
        done = cluster.kubectl("create", "-f", "-", text=json.dumps(wrong), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Nonsense", done.stderr)


if __name__ == "__main__":
    unittest.main()
