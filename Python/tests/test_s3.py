"""`S3` with a helper that the tests play: the processes, the addresses, and the values. Tests/PythonFlows/s3_calls.py and
s3_own.py speak with a server.
"""

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from types import SimpleNamespace
from unittest import mock

from support import PACKAGE, ROOT  # noqa: F401

from muster.s3 import (
    S3, MetaflowS3AccessDenied, MetaflowS3Exception, MetaflowS3InvalidObject, MetaflowS3NotFound, MetaflowS3URLException,
    S3GetObject, S3PutObject, helper)

# Answers as the agent does: an object whose name holds "missing" is missing, and "wait" takes a while.
HELPER = """
import json, os, sys, time
with open(os.environ["STARTS"], "a") as file:
    file.write(f"{os.getpid()} {' '.join(sys.argv[1:])} {os.environ.get('AWS_PROFILE')}\\n")
for line in sys.stdin:
    request = json.loads(line)
    with open(os.environ["REQUESTS"], "a") as file:
        file.write(json.dumps(request) + "\\n")
    for index, item in enumerate(request["items"]):
        answer = {"index": index}
        if "wait" in item["url"]:
            time.sleep(1)
        if "die" in item["url"]:
            sys.exit("no further thread")
        if "missing" in item["url"]:
            answer.update(code="objects.missing", error="there is no " + item["url"])
        elif "secret" in item["url"]:
            answer.update(code="objects.denied", error="access is denied")
        elif request["do"] == "put":
            with open(item["path"], "rb") as file:
                file.seek(item.get("offset", 0))
                data = file.read(item.get("length", -1))
            with open(os.environ["REQUESTS"], "a") as file:
                file.write(json.dumps({"put": item["url"], "data": data.decode()}) + "\\n")
            answer.update(stored="kept" not in item["url"])
        else:
            answer.update(size=3, offset=0, length=3)
            if "path" in item:
                open(item["path"], "w").write("abc")
        print(json.dumps(answer))
    print(json.dumps({"done": True}), flush=True)
"""


class HelperTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        program = os.path.join(self.folder.name, "agent")
        with open(program, "w") as file:
            file.write(f"#!{sys.executable}\n{HELPER}")
        os.chmod(program, 0o755)
        self.variables = {
            "MUSTER_NODE_AGENT": program, "STARTS": os.path.join(self.folder.name, "starts"),
            "REQUESTS": os.path.join(self.folder.name, "requests"), "METAFLOW_HOME": self.folder.name}
        patch = mock.patch.dict(os.environ, self.variables)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(helper._pool.end)
        self.s3 = S3(s3root="s3://bucket/root", tmproot=self.folder.name)
        self.addCleanup(self.s3.close)

    def starts(self):
        with open(self.variables["STARTS"]) as file:
            return [line.split() for line in file]

    def requests(self):
        with open(self.variables["REQUESTS"]) as file:
            return [json.loads(line) for line in file]

    def assert_ended(self, pid):
        for _ in range(100):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    if file.read().rpartition(")")[2].split()[0] == "Z":
                        return
            except FileNotFoundError:
                return
            time.sleep(0.1)
        self.fail(f"process {pid} is still there")

    def test_one_process_serves_all_requests_and_is_the_agent_with_its_verb(self):
        self.s3.get("a")
        S3(s3root="s3://other", tmproot=self.folder.name).info("b")
        self.assertEqual([each[1:] for each in self.starts()], [["s3", "None"]])

    def test_threads_at_the_same_time_have_a_process_each(self):
        threads = [threading.Thread(target=self.s3.info, args=("wait",)) for _ in range(3)]
        began = time.monotonic()
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertLess(time.monotonic() - began, 2.5)
        self.assertEqual(len(self.starts()), 3)

    def test_other_variables_of_aws_have_a_process_of_their_own(self):
        self.s3.info("a")
        S3(s3root="s3://bucket", tmproot=self.folder.name, session_vars={"profile_name": "other"}).info("a")
        with mock.patch.dict(os.environ, {"AWS_PROFILE": "third"}):
            S3(s3root="s3://bucket", tmproot=self.folder.name).info("a")
        self.assertEqual([each[2] for each in self.starts()], ["None", "other", "third"])

    def test_the_child_of_a_fork_starts_its_own_and_the_parent_keeps_its(self):
        self.s3.info("a")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if self.s3.info("b").size == 3 else 1
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.s3.info("c")
        pids = [int(each[0]) for each in self.starts()]
        self.assertEqual(len(pids), 2)
        self.assert_ended(pids[1])
        self.assertTrue(os.path.exists(f"/proc/{pids[0]}"))

    def test_an_interrupted_request_ends_its_process_and_the_next_one_has_another(self):
        def interrupt(*_):
            raise TimeoutError("too long")
        before = signal.signal(signal.SIGALRM, interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.s3.info("first")
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with self.assertRaises(TimeoutError):
            self.s3.info("wait")
        self.assertEqual(self.s3.info("next").size, 3)
        self.assertEqual(len(self.starts()), 2)

    def test_a_process_that_somebody_has_ended_while_it_was_idle_is_replaced(self):
        self.s3.info("a")
        os.kill(int(self.starts()[0][0]), signal.SIGKILL)
        self.assert_ended(int(self.starts()[0][0]))
        self.assertEqual(self.s3.info("b").size, 3)

    def test_a_signal_to_the_program_s_group_does_not_reach_it(self):
        self.s3.info("a")
        pid = int(self.starts()[0][0])
        self.assertNotEqual(os.getpgid(pid), os.getpgid(0))

    def test_a_process_that_dies_says_its_last_words(self):
        with self.assertRaisesRegex(MetaflowS3Exception, "has ended: no further thread"):
            self.s3.info("die")
        self.assertEqual(self.s3.info("a").size, 3)

    def test_a_program_that_ends_leaves_no_process(self):
        for ending in ("", "os._exit(0)", "os.kill(os.getpid(), 9)"):
            script = textwrap.dedent(f"""
                import os, sys
                sys.path.insert(0, {ROOT!r})
                from muster import S3
                with S3(tmproot={self.folder.name!r}) as s3:
                    s3.info("s3://bucket/a")
                {ending}
                """)
            with self.subTest(ending):
                subprocess.run([sys.executable, "-c", script], check=not ending.endswith("9)"))
                self.assert_ended(int(self.starts()[-1][0]))

    def test_a_program_that_cannot_be_started_is_named(self):
        with mock.patch.dict(os.environ, {"MUSTER_NODE_AGENT": "/nowhere/agent"}):
            with self.assertRaisesRegex(MetaflowS3Exception, "/nowhere/agent, which moves objects of S3, cannot be started"):
                self.s3.info("a")

    def test_many_items_go_in_several_requests(self):
        with mock.patch.object(helper, "_BATCH", 3):
            self.assertEqual([each.url[-1] for each in self.s3.info_many("abcdefgh")], list("abcdefgh"))
        self.assertEqual([len(each["items"]) for each in self.requests()], [3, 3, 2])

    def test_failures_have_the_classes_of_metaflow(self):
        with self.assertRaisesRegex(MetaflowS3NotFound, "there is no s3://bucket/root/missing"):
            self.s3.get_many(["a", "missing"])
        with self.assertRaises(MetaflowS3AccessDenied):
            self.s3.get_many(["a", "secret"], return_missing=True)
        self.assertEqual([each.exists for each in self.s3.get_many(["a", "missing"], return_missing=True)], [True, False])

    def test_what_is_asked_for_twice_is_fetched_once(self):
        found = self.s3.get_many(["a", S3GetObject("a", 1, 2), "a", S3GetObject("a", 1, 2)])
        self.assertEqual(len({each.path for each in found}), 2)
        self.assertEqual(
            [{name: each[name] for name in each if name != "path"} for each in self.requests()[0]["items"]],
            [{"url": "s3://bucket/root/a"}, {"url": "s3://bucket/root/a", "offset": 1, "length": 2}])

    def test_values_in_memory_share_a_file_and_files_are_sent_from_where_they_lie(self):
        path = os.path.join(self.folder.name, "own")
        with open(path, "w") as file:
            file.write("0123456789")
        with open(path, "rb") as opened, open(path, "r+b") as written:
            opened.seek(4)
            written.write(b"ab")
            stored = self.s3.put_many([
                ("text", "ü"), ("bytes", b"xyz"), ("file", opened), S3PutObject("kept", "k"), ("buffer", io.BytesIO(b"uvw")),
                ("written", written)])
        self.assertEqual([key for key, _ in stored], ["text", "bytes", "file", "buffer", "written"])
        request, *seen = self.requests()
        self.assertEqual([each["data"] for each in seen], ["ü", "xyz", "456789", "k", "uvw", "23456789"])
        self.assertEqual([each["path"] == path for each in request["items"]], [False, False, True, False, False, True])
        # The file of the others is gone.
        self.assertEqual(os.listdir(self.s3._tmpdir), [])

    def test_a_value_that_cannot_be_stored_and_a_folder_are_refused_before_anything_is_sent(self):
        with self.assertRaisesRegex(MetaflowS3InvalidObject, "'number' is not a string or a bytes object"):
            self.s3.put_many([("a", "x"), ("number", 3)])
        with self.assertRaisesRegex(MetaflowS3Exception, "is a folder"):
            self.s3.put_files([("a", self.folder.name)])
        self.assertFalse(os.path.exists(self.variables["REQUESTS"]))
        self.assertEqual(os.listdir(self.s3._tmpdir), [])

    def test_keys_of_any_form_are_part_of_an_address_as_they_are(self):
        for key in ("a?b=c", "a#b", "a;b", "a b", "a%20b", "ü", "a\nb", "a//b", "a/../b", "/slash"):
            self.s3.info(key)
        self.assertEqual(
            [each["items"][0]["url"].removeprefix("s3://bucket/root/") for each in self.requests()],
            ["a?b=c", "a#b", "a;b", "a b", "a%20b", "ü", "a\nb", "a//b", "a/../b", "slash"])

    def test_a_closed_s3_says_so(self):
        path = self.s3.get("a").path
        self.assertTrue(os.path.exists(path))
        self.s3.close()
        self.s3.close()
        self.assertFalse(os.path.exists(path))
        with self.assertRaisesRegex(MetaflowS3Exception, "has been closed"):
            self.s3.get("a")


class PlaceTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "METAFLOW_", "AWS_"))}
        variables.update(METAFLOW_HOME=self.folder.name, MUSTER_STORE=self.folder.name)
        patch = mock.patch.dict(os.environ, variables, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def place(self, more, **arguments):
        run = SimpleNamespace(id="7", parent=SimpleNamespace(id="Flow"))
        with mock.patch.dict(os.environ, more), S3(run=run, tmproot=self.folder.name, **arguments) as s3:
            return s3._s3root

    def test_the_data_of_a_run_have_a_place_below_the_root_that_is_set(self):
        for variables, place in (
                ({"METAFLOW_DATATOOLS_S3ROOT": "s3://a/tools/"}, "s3://a/tools/Flow/7"),
                ({"METAFLOW_DATATOOLS_S3ROOT": "s3://a", "METAFLOW_DATASTORE_SYSROOT_S3": "s3://b"}, "s3://a/Flow/7"),
                ({"METAFLOW_DATASTORE_SYSROOT_S3": "s3://b/store/"}, "s3://b/store/data/Flow/7"),
                ({"METAFLOW_DATASTORE_SYSROOT_S3": "s3://b", "METAFLOW_DATATOOLS_SUFFIX": "own"}, "s3://b/own/Flow/7"),
                ({"MUSTER_STORE_ADDRESS": "s3://c/x"}, "s3://c/x/data/Flow/7"),
                ({"MUSTER_STORE": "s3://d"}, "s3://d/data/Flow/7")):
            with self.subTest(place):
                self.assertEqual(self.place(variables), place)

    def test_bucket_and_prefix_take_the_place_of_the_root_s(self):
        root = {"METAFLOW_DATATOOLS_S3ROOT": "s3://a/tools"}
        self.assertEqual(self.place(root, bucket="b"), "s3://b/tools/Flow/7")
        self.assertEqual(self.place(root, prefix="/own/"), "s3://a/own/Flow/7")
        self.assertEqual(self.place({}, bucket="b", prefix="own"), "s3://b/own/Flow/7")

    def test_metaflow_s_file_of_settings_is_read_and_a_variable_wins(self):
        for name, text in (("config.json", "s3://file"), ("config_own.json", "s3://own")):
            with open(os.path.join(self.folder.name, name), "w") as file:
                json.dump({"METAFLOW_DATASTORE_SYSROOT_S3": text}, file)
        self.assertEqual(self.place({}), "s3://file/data/Flow/7")
        self.assertEqual(self.place({"METAFLOW_PROFILE": "own"}), "s3://own/data/Flow/7")
        self.assertEqual(self.place({"METAFLOW_DATASTORE_SYSROOT_S3": "s3://b"}), "s3://b/data/Flow/7")

    def test_where_there_is_no_place_the_ways_to_one_are_named(self):
        with self.assertRaisesRegex(MetaflowS3URLException, "--store s3://bucket/prefix"):
            self.place({})

    def test_the_arguments_of_boto3_become_variables_and_others_are_refused(self):
        with mock.patch.dict(os.environ, {"AWS_ACCESS_KEY_ID": "a", "AWS_SESSION_TOKEN": "t", "METAFLOW_S3_ENDPOINT_URL": "http://m"}):
            seen = S3(tmproot=self.folder.name)._variables
            self.assertEqual((seen["AWS_ACCESS_KEY_ID"], seen["AWS_ENDPOINT_URL_S3"]), ("a", "http://m"))
            seen = S3(
                tmproot=self.folder.name, role="arn:r",
                client_params={"endpoint_url": "http://x", "region_name": "eu-1", "verify": "/ca"},
                session_vars={"aws_access_key_id": "b", "aws_secret_access_key": "c"})._variables
        self.assertEqual(
            [seen.get(name) for name in (
                "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_REGION",
                "AWS_CA_BUNDLE", "MUSTER_ASSUME_ROLE")], ["b", "c", None, "http://x", "eu-1", "/ca", "arn:r"])
        with self.assertRaisesRegex(MetaflowS3Exception, "'use_ssl' among"):
            S3(tmproot=self.folder.name, client_params={"use_ssl": False})
        with self.assertRaisesRegex(MetaflowS3Exception, "certificates are always checked"):
            S3(tmproot=self.folder.name, client_params={"verify": False})
        with self.assertRaisesRegex(MetaflowS3Exception, "external_client is not possible"):
            S3(tmproot=self.folder.name, external_client=object())

    def test_addresses_and_keys_are_not_mixed(self):
        s3 = S3(tmproot=self.folder.name)
        for call, said in (
                (lambda: s3.get("key"), "Initialize S3 with an 's3root' or 'run'"), (lambda: s3.get("s3://bucket"), "Initialize"),
                (s3.get_all, "without a prefix"), (lambda: S3(s3root="/x"), "prefixed with s3://"),
                (lambda: S3(s3root="s3://b", tmproot=self.folder.name).get("s3://b/x"), "Don't use absolute S3 URLs")):
            with self.subTest(said), self.assertRaisesRegex(MetaflowS3URLException, said):
                call()


if __name__ == "__main__":
    unittest.main()
