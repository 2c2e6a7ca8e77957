"""Requests made up from the API's description are answered as it says."""

import subprocess
import sys
import unittest

from server import DEADLINE, Store


class DescriptionTests(unittest.TestCase):
    def test_schemathesis_finds_no_difference(self):
        store = Store()
        self.addCleanup(store.close)
        self.assertEqual(store.finish("lines"), 0)
        # That before, after and at exclude each other cannot be described: such a request may be refused.
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "run", f"{store.serve()}api/openapi.json", "--checks", "all",
             "--exclude-checks", "positive_data_acceptance", "--max-examples", "20", "--seed", "1", "--no-color",
             "--generation-database", "none"], cwd=store.folder, capture_output=True, text=True, timeout=DEADLINE * 3)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
