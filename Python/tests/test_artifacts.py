import array
import os
import pickle
import tempfile
import unittest

import support  # noqa: F401
from muster import artifacts
from muster.errors import ArtifactUnreadable, CaughtFailure


class Blob:
    """An object with an out-of-band buffer, as arrays of numbers have."""

    def __init__(self, data):
        self.data = data

    def __reduce_ex__(self, protocol):
        return Blob, (pickle.PickleBuffer(self.data),)


class ArtifactTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "artifact")

    def written(self, value):
        artifacts.write(value, self.path)
        with open(self.path, "rb") as file:
            return file.read()

    def test_an_artifact_without_large_buffers_is_a_pickle_alone(self):
        value = {"a": [1, 2.5, "x"], "b": Blob(bytearray(b"few")).data}
        self.assertEqual(pickle.loads(self.written(value)), value)
        self.assertEqual(artifacts.read(self.path), value)

    def test_large_buffers_stand_beside_the_pickle_at_multiples_of_64_bytes(self):
        first, second = bytearray(os.urandom(100_001)), bytearray(os.urandom(70_003))
        data = self.written([Blob(first), Blob(second)])
        self.assertTrue(data.endswith(artifacts.MARK))
        for buffer in (first, second):
            self.assertEqual(data.index(buffer) % 64, 0)
        again = artifacts.read(self.path)
        self.assertEqual([bytes(each.data) for each in again], [bytes(first), bytes(second)])

    def test_what_was_read_can_be_changed_and_the_file_stays(self):
        before = self.written(Blob(bytearray(100_000)))
        artifacts.read(self.path).data[0] = 1
        with open(self.path, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_a_change_is_seen_wherever_it_is(self):
        self.written([Blob(bytearray(3 << 20)), {"x": 1}])
        self.assertTrue(artifacts.is_unchanged(artifacts.read(self.path), self.path))
        changes = {
            "in the pickle": lambda value: value[1].update(x=2),
            "at the end of a buffer": lambda value: value[0].data.__setitem__(-1, 1),
            "in the length": lambda value: value.append(1),
        }
        for place, change in changes.items():
            with self.subTest(place):
                value = artifacts.read(self.path)
                change(value)
                self.assertFalse(artifacts.is_unchanged(value, self.path))

    def test_a_large_text_of_bytes_is_written_as_it_is(self):
        data = os.urandom(3 << 20)
        self.assertEqual(pickle.loads(self.written(data)), data)

    def test_every_encoding_of_the_store_becomes_a_value(self):
        cases = [
            ("json", b'{"a": [1, null]}', {"a": [1, None]}), ("data", b"\x00\xff", b"\x00\xff"),
            ("int16", array.array("h", [-1, 300]).tobytes(), array.array("h", [-1, 300])),
            ("float64", array.array("d", [0.5]).tobytes(), array.array("d", [0.5])),
        ]
        for encoding, data, expected in cases:
            with open(self.path, "wb") as file:
                file.write(data)
            reference = {"encoding": encoding, "digest": "d" * 64, "size": len(data)}
            self.assertEqual(artifacts.decode(self.path, reference, "x"), expected)

    def test_a_caught_failure_is_an_exception_that_can_be_kept(self):
        with open(self.path, "w") as file:
            file.write('{"code": "process.signal", "message": "it was killed", "signal": 9, "lastLines": ["a"]}')
        failure = artifacts.decode(self.path, {"encoding": "json", "digest": "d" * 64}, "x")
        self.assertIsInstance(failure, CaughtFailure)
        self.assertEqual(str(pickle.loads(pickle.dumps(failure))), "it was killed")
        self.assertEqual((failure.code, failure.signal, failure.stacktrace), ("process.signal", 9, "a"))

    def test_a_caught_failure_tells_of_the_exception_that_was_raised(self):
        raised = {"type": "builtins.KeyError", "text": "'a'", "trace": "Traceback …"}
        failure = CaughtFailure({"code": "step.error", "message": "node 1: KeyError: 'a'", "node": 1, "exception": raised})
        failure = pickle.loads(pickle.dumps(failure))
        self.assertEqual((failure.type, failure.exception, failure.stacktrace, failure.node), ("builtins.KeyError", "'a'", "Traceback …", 1))
        self.assertEqual(str(failure), "Traceback …")

    def test_without_an_exception_it_is_what_metaflow_calls_such_a_failure(self):
        for code, name in (("task.timeout", "timeout_decorator.TimeoutException"), ("process.exit", "catch_decorator.FailureHandledByCatch")):
            failure = CaughtFailure({"code": code, "message": "it went wrong"})
            self.assertEqual((failure.type, failure.exception), (f"metaflow.plugins.{name}", "it went wrong"))

    def test_a_pickle_that_cannot_be_read_is_named(self):
        with open(self.path, "wb") as file:
            file.write(b"\x80\x05cnosuchmodule\nThing\n.")
        with self.assertRaisesRegex(ArtifactUnreadable, r"artifact 'model' \(dddddddddddd\) cannot be read: ModuleNotFoundError"):
            artifacts.decode(self.path, {"encoding": "pickle", "digest": "d" * 64}, "model")


@unittest.skipUnless(__import__("importlib.util").util.find_spec("numpy"), "NumPy is not installed")
class NumPyTests(unittest.TestCase):
    def test_an_array_is_mapped_and_can_be_changed(self):
        import numpy
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "array")
            artifacts.write({"a": numpy.arange(100_000), "b": numpy.ones((3, 3))}, path)
            value = artifacts.read(path)
            self.assertTrue(artifacts.is_unchanged(value, path))
            value["a"][5] += 1
            self.assertEqual(value["a"][5], 6)
            self.assertFalse(artifacts.is_unchanged(value, path))
            self.assertEqual(artifacts.read(path)["a"][5], 5)


if __name__ == "__main__":
    unittest.main()
