import os
import socket
import threading
import time
import unittest

import support  # noqa: F401  puts the front end in the path
from muster.serving import early_exit


def notice_and_exit_code(body=lambda: None, code=7):
    """Forks a child that runs `body` and then sends its early exit notice. Returns the notice and the exit code."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            last = early_exit.EarlyExitNotice(writing)
            body()
            last.send(code)
        finally:
            os._exit(code)
    os.close(writing)
    try:
        return early_exit.wait_for_notice(reading, child), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(reading)


@unittest.skipUnless(early_exit.is_supported(), "this system cannot wait for both")
class EarlyExitTests(unittest.TestCase):
    def test_a_child_that_holds_nothing_says_its_code(self):
        for code in (0, 1, 255):
            self.assertEqual(notice_and_exit_code(code=code), (code, code))

    def test_it_is_heard_before_the_child_has_ended(self):
        reading, writing = os.pipe()
        held, held_by_us = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                early_exit.EarlyExitNotice(writing).send(3)
                os.close(held_by_us)
                os.read(held, 1)
            finally:
                os._exit(3)
        self.assertEqual(early_exit.wait_for_notice(reading, child), 3)
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
            "memory": lambda: kept.append(bytearray(early_exit.LITTLE * 1024 + (16 << 20))),
        }
        for name, body in bodies.items():
            with self.subTest(name):
                self.assertEqual(notice_and_exit_code(body), (None, 7))

    def test_a_process_that_the_step_forked_speaks_for_nobody(self):
        def body():
            if os.fork() == 0:
                return
            os.wait()
            os._exit(9)
        self.assertEqual(notice_and_exit_code(body), (None, 9))

    def test_a_child_that_is_killed_says_nothing(self):
        self.assertEqual(notice_and_exit_code(lambda: os.kill(os.getpid(), 9)), (None, -9))


if __name__ == "__main__":
    unittest.main()
