import os
import socket
import threading
import time
import unittest

import support  # noqa: F401  puts the front end in the path
from muster import farewell


def heard(body=lambda: None, code=7):
    """What a parent hears of a child that runs `body` and then says farewell; and how the child ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            last = farewell.Farewell(writing)
            body()
            last.say(code)
        finally:
            os._exit(code)
    os.close(writing)
    try:
        return farewell.hear(reading, child), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(reading)


@unittest.skipUnless(farewell.can_be_heard(), "this system cannot wait for both")
class FarewellTests(unittest.TestCase):
    def test_a_child_that_holds_nothing_says_its_code(self):
        for code in (0, 1, 255):
            self.assertEqual(heard(code=code), (code, code))

    def test_it_is_heard_before_the_child_has_ended(self):
        reading, writing = os.pipe()
        held, held_by_us = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                farewell.Farewell(writing).say(3)
                os.close(held_by_us)
                os.read(held, 1)
            finally:
                os._exit(3)
        self.assertEqual(farewell.hear(reading, child), 3)
        self.assertEqual(os.waitpid(child, os.WNOHANG), (0, 0))
        for descriptor in (reading, writing, held, held_by_us):
            os.close(descriptor)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 3)

    def test_a_child_that_holds_something_ends_first(self):
        kept = []

        def fork():
            if os.fork() == 0:
                time.sleep(0.2)
                os._exit(0)

        bodies = {
            "a file": lambda: kept.append(open(os.devnull)),
            "a socket": lambda: kept.append(socket.socket()),
            "a thread": lambda: threading.Thread(target=time.sleep, args=(5,), daemon=True).start(),
            "a process": fork,
            "memory": lambda: kept.append(bytearray(farewell.LITTLE * 1024 + (16 << 20))),
        }
        for name, body in bodies.items():
            with self.subTest(name):
                self.assertEqual(heard(body), (None, 7))

    def test_a_process_that_the_step_forked_speaks_for_nobody(self):
        def body():
            if os.fork() == 0:
                return
            os.wait()
            os._exit(9)
        self.assertEqual(heard(body), (None, 9))

    def test_a_child_that_is_killed_says_nothing(self):
        self.assertEqual(heard(lambda: os.kill(os.getpid(), 9)), (None, -9))


if __name__ == "__main__":
    unittest.main()
