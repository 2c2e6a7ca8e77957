"""The API of `muster ui` over real runs, as Documentation/WebView.md describes it."""

import http.client
import json
import os
import signal
import subprocess
import unittest
import urllib.parse

from server import Store

POLICY = "default-src 'none'"


def setUpModule():
    global store, address
    store = Store()
    unittest.addModuleCleanup(store.close)
    assert store.finish("training") != 0
    assert store.finish("lines", "--tag", "kept") == 0
    address = store.serve()


class Client:
    def __init__(self, address):
        parts = urllib.parse.urlsplit(address)
        self.authority = parts.netloc
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=60)

    def ask(self, target, method="GET", body=None, **headers):
        """The answer's status, headers and bytes."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, target, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def json(self, target):
        status, _, body = self.ask(target)
        if status != 200:
            raise AssertionError(f"{target}: {status} {body}")
        return json.loads(body)

    def change(self, target, body, **headers):
        status, _, answer = self.ask(target, "POST", json.dumps(body), **({"Content_Type": "application/json"} | headers))
        return status, json.loads(answer)

    def events(self, target):
        """The events of a live resource, one after the other: their names and their data."""
        connection = http.client.HTTPConnection(self.authority, timeout=60)
        connection.request("GET", target, headers={"Accept": "text/event-stream"})
        name = "message"
        try:
            for line in connection.getresponse():
                line = line.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield name, json.loads(line[6:])
                    name = "message"
        finally:
            connection.close()


class ApiTests(unittest.TestCase):
    def setUp(self):
        self.client = self.client_of(address)

    def client_of(self, address):
        client = Client(address)
        self.addCleanup(client.connection.close)
        return client

    def run_of(self, flow):
        return self.client.json(f"/api/runs/{flow}/latest")

    def task_of(self, run, step):
        return next(task for task in run["tasks"] if task["step"] == step)

    def path(self, run, step, rest=""):
        return f"/api/runs/{run['flow']}/{run['run']}/tasks/{self.task_of(run, step)['task']}{rest}"

    # Runs

    def test_runs_newest_first_and_narrowed(self):
        runs = self.client.json("/api/runs")["runs"]
        self.assertEqual([run["created"] for run in runs], sorted((run["created"] for run in runs), reverse=True))
        self.assertLessEqual({"LinesFlow", "TrainingFlow"}, {run["flow"] for run in runs})
        for query, flows_found in (
                ("flow=TrainingFlow", ["TrainingFlow"]), ("status=failed", ["TrainingFlow"]), ("text=linesF&tag=kept", ["LinesFlow"]),
                ("user=reader&flow=TrainingFlow", ["TrainingFlow"]), ("user=nobody", []), ("tag=kept", ["LinesFlow"]),
                ("tag=none", [])):
            with self.subTest(query):
                answer = self.client.json(f"/api/runs?{query}")
                self.assertEqual([run["flow"] for run in answer["runs"]], flows_found)
                self.assertEqual(answer["total"], len(flows_found))

    def test_pages_of_runs(self):
        first = self.client.json("/api/runs?flow=TrainingFlow&limit=1")
        run = first["runs"][0]
        rest = self.client.json(f"/api/runs?flow=TrainingFlow&limit=1&after={run['flow']}/{run['run']}")
        self.assertEqual((len(rest["runs"]), rest["total"]), (first["total"] - 1, first["total"]))

    # One run

    def test_a_failed_gang_names_its_cause_first(self):
        run = self.run_of("TrainingFlow")
        self.assertEqual(run["status"], "failed")
        self.assertEqual(run["parameters"], {"epochs": 3, "failing": 1})
        self.assertEqual(run["steps"][0]["edges"], [{"kind": "nodes", "targets": ["train"]}])
        self.assertTrue(next(step for step in run["steps"] if step["name"] == "train")["isGang"])
        cause = run["failures"][0]
        self.assertEqual((cause["step"], cause["failure"]["node"], cause["failure"]["signal"]), ("train", 1, 9))
        self.assertIn("<script>window.pwned = 1</script>", cause["failure"]["lastLines"])
        task = self.client.json(self.path(run, "train"))
        states = [node["state"] for node in task["gang"]["nodes"]]
        self.assertEqual(states, ["stopped", "failed", "stopped"])
        self.assertEqual([log["node"] for log in task["logs"]], [0, 1, 2])
        self.assertEqual(task["attempts"][0]["end"], "failed")
        self.assertLess(task["gang"]["started"], task["gang"]["finished"])

    def test_a_succeeded_foreach(self):
        run = self.run_of("LinesFlow")
        self.assertEqual((run["status"], run["failures"]), ("succeeded", []))
        each = [task for task in run["tasks"] if task["step"] == "each"]
        self.assertEqual([task["status"] for task in each], ["succeeded"] * 3)
        self.assertEqual(
            [self.client.json(f"/api/runs/LinesFlow/{run['run']}/tasks/{task['task']}")["index"] for task in each], [0, 1, 2])

    def test_a_run_that_is_over_is_a_stream_of_one_state(self):
        for target in ("/api/runs/LinesFlow/latest", self.path(self.run_of("LinesFlow"), "each")):
            events = list(self.client.events(target))
            self.assertEqual([name for name, _ in events], ["message", "over"])

    # Logs

    def test_a_log_is_read_backwards_to_its_start(self):
        run = self.run_of("LinesFlow")
        log = self.client.json(self.path(run, "start", "/log?limit=100"))
        self.assertTrue(log["isOver"] and log["isEnd"] and not log["isStart"])
        self.assertEqual(log["lines"][-1][1:], [0, 0, "out", "line 2999"])
        lines = log["lines"]
        while not log["isStart"]:
            log = self.client.json(self.path(run, "start", f"/log?limit=100&before={log['before']}"))
            lines = log["lines"] + lines
        self.assertEqual([line[4] for line in lines], [f"line {number}" for number in range(3000)])

    def test_lines_of_a_gang_are_chosen(self):
        run = self.run_of("TrainingFlow")
        merged = self.client.json(self.path(run, "train", "/log"))["lines"]
        self.assertEqual([line[0] for line in merged], sorted(line[0] for line in merged))
        self.assertEqual({line[1] for line in merged}, {0, 1, 2})
        one = self.client.json(self.path(run, "train", "/log?node=2&stream=out"))["lines"]
        self.assertEqual([line[4] for line in one], [f"node 2 epoch {epoch} loss {1 / (epoch + 1):.2f}" for epoch in range(3)])
        found = self.client.json(self.path(run, "train", "/log?text=EPOCH%201"))["lines"]
        self.assertEqual(sorted(line[1] for line in found), [0, 1, 2])
        at = self.client.json(self.path(run, "train", f"/log?at={merged[3][0]!r}"))["lines"]
        self.assertEqual(at[0][0], merged[3][0])
        errors = self.client.json(self.path(run, "train", "/log?stream=err"))["lines"]
        self.assertEqual({line[4] for line in errors}, {"a warning", "<script>window.pwned = 1</script>"})
        self.assertTrue(self.client.json(self.path(run, "train", "/log?agent=1"))["isOver"])

    # Artifacts and cards

    def test_artifacts_are_shown_and_downloaded_and_pickles_are_not_loaded(self):
        run = self.run_of("LinesFlow")
        rows = {row["name"]: row for row in self.client.json(self.path(run, "join", "/artifacts"))}
        self.assertTrue(rows["letters"]["isNew"] and not rows.get("items", {"isNew": False})["isNew"])
        for row in rows.values():
            self.assertEqual("preview" in row, row["encoding"] != "pickle")
        status, headers, body = self.client.ask(self.path(run, "join", "/artifacts/letters"))
        self.assertEqual((status, len(body)), (200, rows["letters"]["size"]))
        self.assertIn("attachment", headers["Content-Disposition"])

    def test_a_card_has_no_origin_and_no_network(self):
        run = self.run_of("LinesFlow")
        task = self.client.json(self.path(run, "join"))
        self.assertEqual([(card["node"], card["type"]) for card in task["cards"]], [(0, "blank")])
        card = task["cards"][0]
        status, headers, body = self.client.ask(self.path(run, "join", f"/cards/{card['node']}/{card['name']}"))
        self.assertEqual(status, 200)
        self.assertIn(b"<html", body.lower())
        self.assertIn("sandbox allow-scripts; default-src 'none'", headers["Content-Security-Policy"])

    # Live, and changes

    def test_a_run_is_followed_cancelled_and_tagged(self):
        process = store.run("waiting")
        runs = self.client.events("/api/runs?flow=WaitingFlow")
        while not (found := next(runs)[1]["runs"]):
            pass
        runs.close()
        run = found[0]
        target = f"/api/runs/WaitingFlow/{run['run']}"
        log = self.client.events(f"{target}/tasks/1/log")
        events = self.client.events(target)
        self.assertEqual(next(events)[1]["status"], "running")
        while not any(line[4] == "waiting" for line in next(log)[1]["lines"]):
            pass
        status, answer = self.client.change(f"{target}/tags", {"add": ["good", "<img src=x>"], "remove": ["none"]})
        self.assertEqual(status, 200)
        self.assertLessEqual({"good", "<img src=x>"}, set(answer["tags"]))
        while "good" not in (state := next(events)[1])["tags"]:
            pass
        self.assertEqual(self.client.change(f"{target}/cancel", {}), (200, {"status": "cancelled"}))
        rest = list(events)
        self.assertEqual(rest[-1][0], "over")
        self.assertEqual(rest[-2][1]["status"], "cancelled")
        self.assertEqual(list(log)[-1][0], "over")
        self.assertNotEqual(process.wait(60), 0)
        self.assertEqual(self.client.change(f"{target}/cancel", {})[0], 200)
        self.assertEqual(self.client.json(target)["status"], "cancelled")

    def test_tasks_that_were_taken_over_show_the_work_of_their_run(self):
        origin = self.client.json("/api/runs?flow=LinesFlow")["runs"][-1]["run"]
        resumed = store.start(
            ["python3", "lines.py", "resume", "join", "--origin-run-id", origin], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.assertEqual(resumed.wait(120), 0)
        run = self.run_of("LinesFlow")
        self.assertEqual(run["originRun"], origin)
        start = self.task_of(run, "start")
        self.assertEqual((start["status"], start["attempts"]), ("taken over", []))
        task = self.client.json(self.path(run, "start"))
        self.assertEqual(task["workFrom"], f"LinesFlow/{origin}/start/1")
        log = self.client.json(self.path(run, "start", "/log?limit=1"))
        self.assertEqual(log["lines"][-1][4], "line 2999")
        self.assertIn("letters", [row["name"] for row in self.client.json(self.path(run, "join", "/artifacts"))])

    def test_a_run_whose_engine_was_killed_is_interrupted_and_can_be_ended(self):
        process = store.run("waiting")
        for _, answer in self.client.events("/api/runs?flow=WaitingFlow&status=running"):
            if answer["runs"]:
                break
        target = f"/api/runs/WaitingFlow/{answer['runs'][0]['run']}"
        events = self.client.events(target)
        while not any(task["status"] == "running" for task in next(events)[1]["tasks"]):
            pass
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        while (state := next(events)[1])["status"] != "interrupted":
            pass
        self.assertEqual([task["status"] for task in state["tasks"]], ["interrupted"])
        self.assertEqual(self.client.change(f"{target}/cancel", {}), (200, {"status": "cancelled"}))
        self.assertEqual(list(events)[-1][0], "over")

    def test_changes_that_are_none(self):
        target = f"/api/runs/LinesFlow/{self.run_of('LinesFlow')['run']}/tags"
        for body, headers in (("{", {}), ('{"add": "x"}', {}), ('{"add": ["a\\nb"]}', {}), ('{"add": [""]}', {}),
                              ('{"add": ["x"]}', {"Content_Type": "text/plain"})):
            with self.subTest(body=body, headers=headers):
                status, _, _ = self.client.ask(target, "POST", body, **({"Content_Type": "application/json"} | headers))
                self.assertEqual(status, 400)
        self.assertEqual(self.client.change("/api/runs/LinesFlow/1/tags", {"add": ["x"]})[0], 404)

    def test_read_only(self):
        client = self.client_of(store.serve("--read-only"))
        self.assertTrue(client.json("/api/store")["isReadOnly"])
        run = client.json("/api/runs/LinesFlow/latest")
        for verb, body in (("tags", {"add": ["x"]}), ("cancel", {})):
            status, answer = client.change(f"/api/runs/LinesFlow/{run['run']}/{verb}", body)
            self.assertEqual((status, answer["error"]["code"]), (403, "request.refused"))

    # Wrong requests

    def test_wrong_addresses_and_parameters(self):
        run = self.run_of("LinesFlow")
        start = self.path(run, "start")
        for target, status in (
                ("/api/runs/NoFlow/1", 404), ("/api/runs/LinesFlow/..%2f..%2fetc", 404), ("/api/nothing", 404),
                (f"/api/runs/LinesFlow/{run['run']}/tasks/99", 404), (f"/api/runs/LinesFlow/{run['run']}/tasks/x", 400),
                (f"/api/runs/LinesFlow/{run['run']}/tasks/0", 400), (f"{start}?attempt=7", 404), (f"{start}?attempt=-1", 400),
                (f"{start}/log?before=x", 400), (f"{start}/log?limit=0", 400), (f"{start}/log?at=nan", 400),
                (f"{start}/log?before=0:0&after=0:0", 400), (f"{start}/log?strem=out", 400), (f"{start}/artifacts/none", 404),
                (f"{start}/artifacts/..%2f..%2f..%2fmuster.db", 404), (f"{start}/cards/0/..%2f..%2fx", 404),
                ("/api/runs?limit=x", 400), ("/api/runs?flow=a&flow=b", 400), ("/api/runs?flow=%zz", 400), ("/api/runs?after=x", 400), ("/assets/..%2findex.html", 404),
                ("/assets/none.js", 404), ("/api/runs/LinesFlow/%ff", 400)):
            with self.subTest(target):
                found, headers, body = self.client.ask(target)
                self.assertEqual(found, status, body)
                self.assertTrue(json.loads(body)["error"]["message"])
                self.assertTrue(headers["Content-Security-Policy"].startswith(POLICY))

    # Safety

    def test_pages_from_elsewhere_are_refused(self):
        for headers in ({"Host": "evil.example"}, {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
                        {"Origin": "http://evil.example"}, {"Origin": "null"}):
            for method in ("GET", "POST"):
                with self.subTest(headers=headers, method=method):
                    target = "/api/runs" if method == "GET" else "/api/runs/LinesFlow/latest/tags"
                    status, _, body = self.client.ask(target, method, "{}", Content_Type="application/json", **headers)
                    self.assertEqual((status, json.loads(body)["error"]["code"]), (403, "request.refused"))

    def test_every_page_has_the_policy(self):
        for target in ("/", "/runs/LinesFlow/1", "/runs/LinesFlow/1/tasks/2?tab=log", "/assets/app.js", "/api/openapi.json"):
            with self.subTest(target):
                status, headers, _ = self.client.ask(target)
                self.assertEqual(status, 200)
                self.assertTrue(headers["Content-Security-Policy"].startswith(POLICY))
                self.assertNotIn("unsafe", headers["Content-Security-Policy"])
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_another_host_needs_the_token(self):
        shown = store.serve("--host", "0.0.0.0")
        client = self.client_of(shown)
        self.assertEqual(client.ask("/api/runs")[0], 403)
        self.assertEqual(client.ask("/?token=wrong")[0], 403)
        status, headers, _ = client.ask(f"/?{urllib.parse.urlsplit(shown).query}")
        self.assertEqual((status, headers["Location"]), (303, "/"))
        cookie = headers["Set-Cookie"]
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict", cookie)
        self.assertEqual(client.ask("/api/runs", Cookie=cookie.split(";")[0])[0], 200)
        self.assertEqual(client.ask("/api/runs", Cookie=cookie.split(";")[0] + "x")[0], 403)


if __name__ == "__main__":
    unittest.main()
