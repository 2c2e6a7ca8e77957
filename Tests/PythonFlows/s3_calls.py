"""Prints what every method of S3 gives, line by line: under Metaflow and under Muster the same.

    python s3_calls.py s3://BUCKET/PREFIX      a place where nothing is
"""

import io
import os
import sys
import tempfile

from metaflow import S3
from metaflow.plugins.datatools.s3 import S3GetObject, S3PutObject

ROOT = sys.argv[1]
BUCKET = ROOT.split("/")[2]


def shown(value):
    if isinstance(value, list):
        return [shown(each) for each in value]
    if not hasattr(value, "downloaded"):
        return value
    return {
        "url": value.url, "key": value.key, "prefix": value.prefix, "exists": value.exists, "downloaded": value.downloaded,
        "size": value.size, "text": value.text, "blob": value.blob, "has_info": value.has_info, "metadata": value.metadata,
        "content_type": value.content_type, "encryption": value.encryption,
        "range": tuple(value.range_info) if value.range_info else None,
        "is_recent": None if value.last_modified is None else value.last_modified > 1.7e9,
        "file": bool(value.path) and os.path.getsize(value.path), "str": str(value) if value.size else None}


def tell(name, call, ordered=True):
    try:
        result = shown(call())
    except Exception as error:
        result = f"{type(error).__name__} {getattr(error, 'headline', None)}"
    if not ordered:
        result = sorted(result, key=str)
    print(f"{name}: {result}", flush=True)


class Unreadable(io.RawIOBase):
    pass


with S3(s3root=ROOT + "/") as s3, tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "file with spaces")
    with open(path, "wb") as file:
        file.write(b"from a file" * 1000)
    tell("put text", lambda: s3.put("tree/0.txt", "zero ü"))
    tell("put bytes", lambda: s3.put(b"tree/b/1.txt".decode(), b"one\xff"))
    tell("put with a slash", lambda: s3.put("/tree/c/2.txt", "two"))
    tell("put attributes", lambda: s3.put(
        "tree/d/e/3.txt", "three", content_type="text/x-own", metadata={"a": "ü", "B": 1, "deep": {"c": [1]}}))
    tell("put empty", lambda: s3.put("empty", b""))
    tell("put a file", lambda: s3.put("opened", open(path, "rb")))
    tell("put a buffer", lambda: s3.put("buffer", io.BytesIO(b"buffered")))
    moved = io.BytesIO(b"buffered")
    moved.seek(4)
    tell("put a buffer from its beginning", lambda: s3.put("moved", moved))
    tell("the buffer is closed", lambda: moved.closed)
    tell("put again", lambda: s3.put("buffer", "other", overwrite=False))
    tell("what stayed", lambda: s3.get("buffer"))
    tell("put over it", lambda: s3.put("buffer", "other"))
    tell("what came", lambda: s3.get("buffer").text)
    tell("put a number", lambda: s3.put("number", 3))
    tell("put nothing", lambda: s3.put("number", None))
    tell("put an unreadable file", lambda: s3.put("number", Unreadable()))
    moved = io.BytesIO(b"buffered")
    moved.seek(4)
    tell("put many", lambda: s3.put_many([
        ("many/a", "a"), ("many/b", b"b"), ("many/c", moved), S3PutObject("many/d", "d", content_type="text/d"),
        S3PutObject("many/e", value=b"e", metadata={"k": "v"}), ("many/ü ä/+&=%2F", "strange"), ("many/🙂", "smile")]))
    tell("put many again", lambda: s3.put_many([("many/a", "other"), ("many/f", "f")], overwrite=False))
    tell("put none", lambda: s3.put_many([]))
    tell("put many numbers", lambda: s3.put_many([("number", 3)]))
    tell("put files", lambda: s3.put_files([
        ("files/1", path), S3PutObject("files/2", path=path, content_type="text/f", metadata={"f": "g"})]))
    tell("put a missing file", lambda: s3.put_files([("files/3", path + "3")]))
    tell("put files again", lambda: s3.put_files([("files/1", path)], overwrite=False))
    tell("put no file", lambda: s3.put_files([]))

    tell("get", lambda: s3.get("tree/0.txt"))
    tell("get without info", lambda: s3.get("tree/d/e/3.txt", return_info=False))
    tell("get attributes", lambda: s3.get("tree/d/e/3.txt"))
    tell("get empty", lambda: s3.get("empty"))
    tell("get a missing one", lambda: s3.get("missing"))
    tell("get a missing one that may be", lambda: s3.get("missing", return_missing=True))
    tell("get a prefix", lambda: s3.get("tree"))
    tell("get a range", lambda: s3.get(S3GetObject("files/1", 5, 6)))
    tell("get a range behind the end", lambda: s3.get(S3GetObject("tree/c/2.txt", 1, 600)))
    tell("get an open range", lambda: s3.get(S3GetObject("tree/c/2.txt", 1, None)))
    tell("get the end", lambda: s3.get(S3GetObject("files/1", 0, -4)))
    tell("get more than the end", lambda: s3.get(S3GetObject("tree/c/2.txt", 0, -400)))
    tell("get outside", lambda: s3.get(S3GetObject("tree/c/2.txt", 100, 4)))
    tell("get many", lambda: s3.get_many(["tree/c/2.txt", "tree/0.txt", "empty", "many/ü ä/+&=%2F", "many/🙂"]))
    tell("get many parts", lambda: s3.get_many([S3GetObject("files/1", 5, 6), S3GetObject("files/1", 0, -4), "tree/0.txt"]))
    tell("get many without info", lambda: s3.get_many(["many/e", "many/a"], return_info=False))
    tell("get the same", lambda: s3.get_many(["many/e", "many/e"]))
    tell("get none", lambda: s3.get_many([]))
    tell("get many, one missing", lambda: s3.get_many(["many/e", "missing"]))
    tell("get many, one may be missing", lambda: s3.get_many(["missing", "many/e", "missing too"], return_missing=True))
    tell("get many, one may be missing, without info", lambda: s3.get_many(
        ["many/e", "missing"], return_missing=True, return_info=False))
    tell("get recursive", lambda: s3.get_recursive(["tree"]))
    tell("get recursive with info", lambda: s3.get_recursive(["tree/d", "many/a"], return_info=True))
    tell("get by a part of a name", lambda: s3.get_recursive(["many", "fil"]))
    tell("get nothing recursive", lambda: s3.get_recursive(["missing"]))
    tell("get all", lambda: s3.get_all())
    tell("get all with info", lambda: s3.get_all(return_info=True))

    tell("info", lambda: s3.info("tree/d/e/3.txt"))
    tell("info of an empty one", lambda: s3.info("empty"))
    tell("info of a missing one", lambda: s3.info("missing"))
    tell("info of a missing one that may be", lambda: s3.info("missing", return_missing=True))
    tell("info of many", lambda: s3.info_many(["tree/d/e/3.txt", "empty"]))
    tell("info of many, one missing", lambda: s3.info_many(["empty", "missing"]))
    tell("info of many, one may be missing", lambda: s3.info_many(["missing", "empty"], return_missing=True))

    tell("list", lambda: s3.list_paths())
    tell("list below", lambda: s3.list_paths(["tree", "many/"]))
    tell("list an object", lambda: s3.list_paths(["empty"]))
    tell("list nothing", lambda: s3.list_paths(["missing"]))
    tell("list no key", lambda: s3.list_paths([]))
    tell("list recursive", lambda: s3.list_recursive())
    tell("list recursive below", lambda: s3.list_recursive(["tree/d", "files", "tree"]))
    tell("list a part of a name", lambda: s3.list_recursive(["fil"]))
    tell("a whole address", lambda: s3.get(f"{ROOT}/empty"))

with S3() as s3:
    tell("whole: put", lambda: s3.put(f"{ROOT}/whole/x", "x"))
    tell("whole: get", lambda: s3.get(f"{ROOT}/whole/x"))
    tell("whole: get many", lambda: s3.get_many([f"{ROOT}/whole/x", f"{ROOT}/tree/0.txt"]))
    tell("whole: a missing one", lambda: s3.get_many([f"{ROOT}/nix"], return_missing=True))
    tell("whole: recursive", lambda: s3.get_recursive([f"{ROOT}/whole"]))
    tell("whole: recursive with info", lambda: s3.get_recursive([f"{ROOT}/whole"], return_info=True))
    tell("whole: list", lambda: s3.list_paths([f"{ROOT}/whole"]))
    tell("whole: list recursive", lambda: s3.list_recursive([f"{ROOT}/whole"]))
    tell("whole: info", lambda: s3.info(f"{ROOT}/whole/x"))
    tell("whole: info of many", lambda: s3.info_many([f"{ROOT}/whole/x"]))
    tell("whole: all", lambda: s3.get_all())
    tell("whole: a key", lambda: s3.get("x"))
    tell("whole: no key", lambda: s3.list_paths())
    tell("whole: a bucket", lambda: s3.get(f"s3://{BUCKET}"))
    tell("another bucket: get", lambda: s3.get("s3://no-such-bucket/x"))
    tell("another bucket: get many", lambda: s3.get_many(["s3://no-such-bucket/x"]))
    tell("another bucket: info", lambda: s3.info("s3://no-such-bucket/x"))
    tell("another bucket: put", lambda: s3.put("s3://no-such-bucket/x", "x"))
    tell("another bucket: list", lambda: s3.list_paths(["s3://no-such-bucket/"]))
    kept = s3.get(f"{ROOT}/whole/x").path
    tell("kept", lambda: os.path.exists(kept))
tell("removed", lambda: (os.path.exists(kept), [each for each in os.listdir() if each.startswith("metaflow.s3.")]))
tell("no address", lambda: S3(s3root="/tmp/x"))
