"""S3 with a server, where Muster does more than Metaflow: `python s3_own.py s3://BUCKET/PREFIX`, a place where nothing is."""

import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

from metaflow import S3
from metaflow.plugins.datatools.s3 import (
    MetaflowS3AccessDenied, MetaflowS3Exception, MetaflowS3NotFound, MetaflowS3URLException, S3GetObject, S3PutObject)

ROOT = sys.argv.pop(1)


class S3Tests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.s3 = S3(s3root=f"{ROOT}/{self.id().rpartition('.')[2]}", tmproot=self.folder.name)
        self.addCleanup(self.s3.close)

    def test_a_thousand_objects_and_more_than_a_page_of_them(self):
        values = {f"{number:04}": f"value {number}" for number in range(1203)}
        self.assertEqual(len(self.s3.put_many(values.items())), 1203)
        self.assertEqual({each.key: each.text for each in self.s3.get_many(values)}, values)
        self.assertEqual([each.key for each in self.s3.list_paths()], list(values))
        self.assertEqual([each.key for each in self.s3.list_recursive()], list(values))
        self.assertEqual([each.text for each in self.s3.get_all()], list(values.values()))
        self.assertEqual({each.size for each in self.s3.info_many(values)}, {9 - 2, 8, 9, 10})

    def test_keys_of_any_form(self):
        keys = ["a?b=c&d", "a#b", "a;b", "a b", "a%20b", "a+b", "ü", "u\u0308", "日本/語", "a'b\"c", "a\\b", "a*b", "a$b", "~", "a=b", "a@b:c"]
        self.s3.put_many([(key, key) for key in keys])
        self.assertEqual([each.text for each in self.s3.get_many(keys)], keys)
        self.assertEqual({each.key for each in self.s3.list_recursive()}, set(keys))
        self.assertEqual([self.s3.info(key).size for key in keys], [len(key.encode()) for key in keys])

    def test_an_object_may_be_the_prefix_of_others(self):
        self.s3.put_many([("a", "1"), ("a/b", "2"), ("a/b/c", "3"), ("ab", "4"), ("a/", "5")])
        self.assertEqual([(each.key, each.exists) for each in self.s3.list_paths()], [("a", True), ("ab", True), ("a", False)])
        self.assertEqual([each.url.rpartition(self.id().rpartition(".")[2])[2] for each in self.s3.list_paths(["a"])],
                         ["/a/", "/a/b", "/a/b/"])
        self.assertEqual([each.text for each in self.s3.get_recursive(["a"])], ["1", "5", "2", "3", "4"])
        self.assertEqual([each.text for each in self.s3.get_many(["a", "a/b", "a/b/c"])], ["1", "2", "3"])

    def test_an_object_of_many_parts_and_ranges_of_it(self):
        block = os.urandom(1 << 20)
        path = os.path.join(self.folder.name, "large")
        with open(path, "wb") as file:
            for number in range(75):
                file.write(number.to_bytes(4, "big") + block[4:])
        size = 75 << 20
        self.s3.put_files([S3PutObject("large", path=path, content_type="x/y", metadata={"k": "v"})])
        with open(path, "rb") as opened:
            self.s3.put("opened", opened, metadata={"k": "w"}, overwrite=False)
        with open(path, "rb") as file:
            data = file.read()
        for key, value in (("large", "v"), ("opened", "w")):
            found = self.s3.get(key)
            self.assertTrue(found.blob == data)
            self.assertEqual((found.metadata, found.range_info), ({"k": value}, (size, 0, size)))
        for offset, length, start, end in (
                (5, 40 << 20, 5, 5 + (40 << 20)), ((16 << 20) - 1, 2, (16 << 20) - 1, (16 << 20) + 1),
                (20 << 20, None, 20 << 20, size), (0, -(33 << 20), size - (33 << 20), size), (size - 1, 100, size - 1, size)):
            found = self.s3.get(S3GetObject("large", offset, length))
            self.assertTrue(found.blob == data[start:end], (offset, length))
            self.assertEqual(found.range_info, (size, start, end - start))

    def test_one_of_many_writers_makes_an_object(self):
        stored = []
        threads = [
            threading.Thread(target=lambda number=number: stored.append(
                (number, self.s3.put_many([("one", f"{number}"), (f"own {number}", "x")], overwrite=False))))
            for number in range(6)]
        self.s3.put_many([("before", "x")], overwrite=False)
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        winners = [number for number, pairs in stored if "one" in dict(pairs)]
        self.assertEqual([f"{number}" for number in winners], [self.s3.get("one").text])
        self.assertTrue(all(f"own {number}" in dict(pairs) for number, pairs in stored))

    def test_attributes_that_no_header_holds_are_refused(self):
        for attributes in ({"content_type": "a\nb"}, {"content_type": "ü"}):
            with self.subTest(attributes), self.assertRaisesRegex(MetaflowS3URLException, "a header holds printable ASCII"):
                self.s3.put("a", "x", **attributes)
        self.assertEqual(self.s3.list_paths(), [])

    def test_a_missing_bucket_is_never_taken_for_a_missing_object(self):
        with S3(tmproot=self.folder.name) as s3:
            for call in (lambda url: s3.get(url, return_missing=True), lambda url: s3.info_many([url], return_missing=True),
                         lambda url: s3.put(url, "x"), lambda url: s3.put_many([(url, "x")])):
                with self.assertRaisesRegex(MetaflowS3NotFound, "there is no bucket no-such-bucket"):
                    call("s3://no-such-bucket/x")
            with self.assertRaisesRegex(MetaflowS3URLException, "A_B cannot be the name of a bucket"):
                s3.get("s3://A_B/x")

    def test_refusals_come_within_five_seconds(self):
        with tempfile.TemporaryDirectory() as home:
            nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": home, "AWS_EC2_METADATA_DISABLED": "true"}
            for variables, kind, said in (
                    (nobody, MetaflowS3AccessDenied, "there are no credentials of AWS: set AWS_ACCESS_KEY_ID"),
                    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, MetaflowS3AccessDenied, "SignatureDoesNotMatch"),
                    ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, MetaflowS3Exception, "cannot be reached")):
                with self.subTest(said), mock.patch.dict(os.environ, variables):
                    began = time.monotonic()
                    with S3(s3root=ROOT, tmproot=self.folder.name) as s3, self.assertRaisesRegex(kind, said):
                        s3.get_many(["a", "b", "c"])
                    self.assertLess(time.monotonic() - began, 5)

    def test_no_file_is_left_where_a_fetch_failed(self):
        self.s3.put("a", "x")
        with self.assertRaises(MetaflowS3NotFound):
            self.s3.get_many(["a", "b", "c"])
        self.assertEqual([each for each in os.listdir(self.s3._tmpdir) if not each.endswith("-a")], [])

    def test_a_killed_program_leaves_no_process_though_its_child_lives(self):
        script = (
            "import os, sys, time; sys.argv = ['x']; from metaflow import S3; s3 = S3(tmproot=sys.argv[0] and '/tmp')\n"
            f"s3.info({ROOT!r} + '/x', return_missing=True)\n"
            # A child that holds the pipes' ends, as C code that forks by itself leaves them.
            "from muster.s3 import helper; helper._pool.forget = None\n"
            "import ctypes\n"
            "child = ctypes.CDLL(None).fork()\n"
            "if child == 0: time.sleep(20); os._exit(0)\n"
            "print(child, *(each._process.pid for each in helper._pool.all), s3._tmpdir, flush=True); time.sleep(20)\n")
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
            child, moving, folder = process.stdout.readline().split()
            process.kill()
            for _ in range(60):
                if not os.path.exists(f"/proc/{moving}"):
                    break
                time.sleep(0.1)
            self.assertTrue(os.path.exists(f"/proc/{child}"))
            os.kill(int(child), 9)
            os.rmdir(folder)
            self.assertFalse(os.path.exists(f"/proc/{moving}"))


if __name__ == "__main__":
    unittest.main()
