import json
import os
import sqlite3
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401
from muster.client.history import History

MANIFEST = {
    "parameters": [{"name": "alpha", "kind": {"double": {}}}],
    "language": "python", "systemTags": ["python_version:3.11.7", "runtime:dev"],
    "steps": [
        {"name": "start", "settings": {"retry": {"times": 0}}}, {"name": "work", "settings": {"retry": {"times": 1}}},
        {"name": "gang", "settings": {}}, {"name": "join", "join": {}, "settings": {}},
        {"name": "join_gang", "join": {}, "settings": {}}, {"name": "end", "settings": {}},
    ],
}


def result(transition, **artifacts):
    return {"transition": transition, "artifacts": artifacts}


def payload(value):
    return json.dumps(value).encode()


def events():
    """A foreach of two, one of which needs a second attempt, then a gang of two."""
    work = payload([result({"step": {"to": "join"}})])
    return [
        (1.0, "started", None, None, None),
        (1.1, "attemptStarted", 1, 0, None),
        (2.0, "attemptSucceeded", 1, 0, payload([result({"foreach": {"to": "work", "count": 2}})])),
        (2.1, "attemptStarted", 2, 0, None), (2.1, "attemptStarted", 3, 0, None),
        (3.0, "attemptSucceeded", 3, 0, work),
        (3.1, "attemptFailed", 2, 0, payload({"failure": {"code": "step.error", "message": "no"}})),
        (3.2, "attemptStarted", 2, 1, None),
        (4.0, "attemptSucceeded", 2, 1, work),
        (5.0, "cloned", 4, None, payload({"fromRun": "6", "fromTask": 9, "nodes": [result({"nodes": {"to": "gang", "count": 2}})]})),
        (5.1, "attemptStarted", 5, 0, None),
        (6.0, "attemptSucceeded", 5, 0, payload([result({"step": {"to": "join_gang"}})] * 2)),
        (7.0, "attemptSucceeded", 6, 0, payload([result({"step": {"to": "end"}})])),
    ]


def database(path, runs):
    """A database in write-ahead mode with these runs, open; closing it moves everything into one file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, flow TEXT, run TEXT, created REAL)")
    connection.executemany("INSERT INTO runs (flow, run, created) VALUES ('F', ?, 1)", [(run,) for run in runs])
    connection.commit()
    return connection


class ReadOnlyStoreTests(unittest.TestCase):
    """Stores in read-only folders, in which SQLite cannot create files."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="a?b#c%41-")
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "muster.db")
        patch = mock.patch("os.access", return_value=False)
        patch.start()
        self.addCleanup(patch.stop)

    def flows(self):
        from muster.client.store import Store
        return Store(self.folder.name).database.flows()

    def test_a_database_that_nobody_has_open_is_read_as_it_is(self):
        database(self.path, ["1"]).close()
        self.assertEqual(self.flows(), ["F"])
        self.assertEqual(os.listdir(self.folder.name), ["muster.db"])

    def test_what_a_program_that_died_left_in_the_log_is_read_too(self):
        connection = database(self.path, ["1"])
        dead = tempfile.TemporaryDirectory()
        self.addCleanup(dead.cleanup)
        for ending in ("", "-wal"):
            with open(self.path + ending, "rb") as source, open(os.path.join(dead.name, "muster.db" + ending), "wb") as copy:
                copy.write(source.read())
        connection.close()
        from muster.client.store import Store
        self.assertEqual(Store(dead.name).database.flows(), ["F"])
        self.assertEqual(sorted(os.listdir(dead.name)), ["muster.db", "muster.db-wal"])

    def test_a_database_that_somebody_writes_is_read_with_what_was_written_last(self):
        connection = database(self.path, ["1"])
        self.addCleanup(connection.close)
        self.assertEqual(self.flows(), ["F"])

    def test_what_is_damaged_is_told_with_its_run(self):
        from muster.client.objects import Run
        from muster.client.store import Store
        from muster.errors import MusterException
        store = Store(self.folder.name)
        record = json.dumps({"flow": "F", "manifest": MANIFEST})
        for text, events, says in (
            ("rubbish", [], "the record of the run 7 cannot be read"), ("[]", [], "the record of the run 7 cannot be read"),
            (record, [(1, "attemptStarted", 9, 0, None)], "the events of the run F/7 do not fit its flow"),
            (record, [(1, "started", None, None, None), (2, "attemptSucceeded", 1, 0, b"[]")], "the events of the run F/7"),
        ):
            with self.subTest(text=text, events=events), mock.patch.object(
                    store.database, "_query", lambda words, *_: events if "sequence" in words else [("7", text, None, "failed")]):
                with self.assertRaisesRegex(MusterException, says):
                    Run("F/7", _store=store, _namespace_check=False)._now()

    def test_a_store_that_cannot_be_reached_is_no_empty_one(self):
        from muster.client.store import Store
        from muster.errors import MusterException
        with mock.patch("os.stat", side_effect=PermissionError(13, "Permission denied")):
            with self.assertRaisesRegex(MusterException, "cannot be read: Permission denied"):
                Store(self.folder.name).database.flows()


class HistoryTests(unittest.TestCase):
    def test_tasks_follow_from_the_events_in_a_fixed_order(self):
        tasks = History(MANIFEST, events()).tasks
        self.assertEqual(
            [(task.number, task.step, task.parents, task.nodes) for task in tasks],
            [(1, "start", [], None), (2, "work", [1], None), (3, "work", [1], None), (4, "join", [2, 3], None),
             (5, "gang", [4], 2), (6, "join_gang", [5], None), (7, "end", [6], None)])
        self.assertEqual((tasks[1].attempt, tasks[1].finished), (1, 4.0))
        self.assertEqual([scope.index for scope in tasks[2].scopes], [1])
        self.assertEqual((tasks[3].cloned_from, tasks[3].scopes), (("6", 9), []))
        self.assertEqual(tasks[6].status, "ready")

    def test_nothing_follows_a_failure_that_ends_the_run(self):
        log = events()[:7] + [
            (3.2, "attemptStarted", 2, 1, None),
            (3.3, "attemptFailed", 2, 1, payload({"failure": {"code": "step.error", "message": "again"}})),
        ]
        tasks = History(MANIFEST, log).tasks
        self.assertEqual([(task.step, task.status) for task in tasks], [("start", "succeeded"), ("work", "failed"), ("work", "succeeded")])

    def test_failures_of_the_place_are_retried_by_a_budget_of_their_own(self):
        log, failure = [*events()[:1]], payload({"failure": {"code": "place.failed", "message": "preempted"}})
        for attempt in range(4):
            log += [(2.0, "attemptStarted", 1, attempt, None), (2.1, "attemptSubmitted", 1, attempt, b'"4711"'),
                    (3.0, "attemptFailed", 1, attempt, failure)]
            status = "ready" if attempt < 3 else "failed"
            self.assertEqual([(task.status, task.failures) for task in History(MANIFEST, log).tasks], [(status, 0)])

    def test_a_run_that_has_ended_needs_no_starts_of_attempts(self):
        log = [*events(), (7.1, "attemptStarted", 7, 0, None), (8.0, "attemptSucceeded", 7, 0, payload([result({"end": {}})])),
               (8.1, "ended", None, None, payload("succeeded"))]
        states = [
            [vars(task) | {"scopes": [scope.index for scope in task.scopes]} for task in History(MANIFEST, each).tasks]
            for each in (log, [event for event in log if event[1] != "attemptStarted"])]
        self.assertEqual(*states)
        self.assertEqual([each.get("attempt", 0) for each in states[1]], [0, 1, 0, 0, 0, 0, 0])

    def test_a_submitted_job_changes_no_task(self):
        log = [*events()[:2], (9.0, "attemptSubmitted", 1, 0, b'"4711"')]
        self.assertEqual([(task.status, task.finished) for task in History(MANIFEST, log).tasks], [("running", None)])

    def test_a_caught_failure_goes_on_with_what_stands_in_for_the_result(self):
        log = [*events()[:2], (2.0, "attemptFailed", 1, 0, payload(
            {"failure": {"code": "step.error", "message": "no"}, "caught": [result({"step": {"to": "end"}})]}))]
        tasks = History(MANIFEST, log).tasks
        self.assertEqual([(task.step, task.was_caught) for task in tasks], [("start", True), ("end", False)])

    def test_two_branches_are_numbered_in_their_order(self):
        log = [*events()[:2], (2.0, "attemptSucceeded", 1, 0, payload([result({"branches": {"to": ["gang", "work"]}})]))]
        self.assertEqual([task.step for task in History(MANIFEST, log).tasks], ["start", "gang", "work"])


class ClientTests(unittest.TestCase):
    """Reads a store that the test writes according to Documentation/Store.md."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        patch = mock.patch.dict(os.environ, {"MUSTER_STORE": self.root, "MUSTER_USER": "ann"})
        patch.start()
        self.addCleanup(patch.stop)
        from muster import client
        self.client = client
        client.default_namespace()
        self.database = sqlite3.connect(os.path.join(self.root, "muster.db"))
        self.database.executescript("""
            CREATE TABLE runs (id INTEGER PRIMARY KEY, flow TEXT, run TEXT, created REAL, finished REAL, verdict TEXT, record BLOB);
            CREATE TABLE events (run INTEGER, sequence INTEGER, time REAL, kind TEXT, task INTEGER, attempt INTEGER, payload BLOB);
            CREATE TABLE tags (run INTEGER, tag TEXT, PRIMARY KEY (run, tag));
            """)
        self.add_run("7", "ann", 10.0, None, ["nightly"])
        self.add_run("6", "ann", 9.0, "succeeded", [])
        self.add_run("5", "bob", 8.0, "succeeded", [])
        self.addCleanup(self.database.close)

    def add_log(self, run, log, verdict):
        self.add_run(run, "ann", 11.0, verdict, [], log)

    def add_run(self, run, user, created, verdict, tags, log=None):
        record = {"run": run, "user": user, "created": created, "manifest": MANIFEST, "parameters": {"alpha": "0.5"}, "package": "abc",
                  "program": ["python3", "muster", "/flows/flow.py", "--with", "retry"], **({"originRun": "6"} if run == "7" else {})}
        cursor = self.database.execute(
            "INSERT INTO runs (flow, run, created, finished, verdict, record) VALUES ('F', ?, ?, ?, ?, ?)",
            (run, created, created + 1 if verdict else None, verdict, json.dumps(record)))
        if log is None:
            end = result({"end": {}}, answer=self.put({"x": 1}))
            log = [*events(), (8.0, "attemptSucceeded", 7, 0, payload([end]))]
        self.database.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(cursor.lastrowid, sequence, *event) for sequence, event in enumerate(log)])
        self.database.executemany("INSERT INTO tags VALUES (?, ?)", [(cursor.lastrowid, tag) for tag in tags])
        self.database.commit()

    def put(self, value):
        from muster import artifacts
        path = os.path.join(self.root, "new")
        artifacts.write(value, path)
        return self.put_file(path)

    def put_file(self, path):
        import hashlib
        with open(path, "rb") as file:
            data = file.read()
        digest = hashlib.sha256(data).hexdigest()
        os.makedirs(os.path.join(self.root, "artifacts", digest[:1]), exist_ok=True)
        os.rename(path, os.path.join(self.root, "artifacts", digest[:1], digest))
        return {"digest": digest, "size": len(data), "encoding": "pickle"}

    def test_runs_are_those_of_the_namespace_newest_first(self):
        flow = self.client.Flow("F")
        self.assertEqual([run.id for run in flow], ["7", "6"])
        self.assertEqual((flow.latest_run.id, flow.latest_successful_run.id), ("7", "6"))
        self.assertEqual([run.id for run in flow.runs("nightly")], ["7"])
        with self.assertRaises(self.client.MetaflowNamespaceMismatch):
            self.client.Run("F/5")
        self.client.namespace(None)
        self.assertEqual([run.id for run in self.client.Flow("F")], ["7", "6", "5"])
        self.client.namespace("user:bob")
        self.assertEqual([run.id for run in self.client.Flow("F")], ["5"])
        self.client.namespace("user:nobody")
        self.assertEqual(self.client.Metaflow().flows, [])
        self.client.default_namespace()
        self.assertEqual([flow.id for flow in self.client.Metaflow()], ["F"])

    def test_what_is_not_there_is_named_with_what_was_meant(self):
        with self.assertRaisesRegex(self.client.MetaflowNotFound, "there is no flow 'G'"):
            self.client.Flow("G")
        with self.assertRaisesRegex(self.client.MetaflowNotFound, "has no step 'wrok' by now; did you mean work"):
            self.client.Step("F/7/wrok")
        for pathspec in ("F/7/work/1", "F/7/work/99", "F/7/gang/5-node-2"):
            with self.assertRaises(self.client.MetaflowNotFound):
                self.client.Task(pathspec)

    def test_artifacts_and_parameters_are_read_by_name(self):
        task = self.client.Task("F/7/end/7")
        self.assertEqual((task.data.answer, task.data.alpha, task["answer"].data), ({"x": 1}, 0.5, {"x": 1}))
        self.assertEqual(sorted(each.id for each in task), ["alpha", "answer"])
        self.assertEqual(task.artifacts.answer.size, self.client.DataArtifact("F/7/end/7/answer").size)
        self.assertEqual(self.client.Run("F/6").data.answer, {"x": 1})
        with self.assertRaisesRegex(AttributeError, "has no artifact 'anser'; did you mean answer"):
            task.data.anser

    def test_parameters_are_what_the_flow_has(self):
        from muster.client import objects
        text = os.path.join(self.root, "text")
        with open(text, "wb") as file:
            file.write("ä\n".encode())
        reference = {**self.put_file(text), "encoding": "data"}
        entries = [
            {"name": "learning_rate", "kind": {"double": {}}, "artifact": {"name": "rate"}},
            {"name": "names", "kind": {"string": {}}, "artifact": {"name": "names", "separator": ","}},
            {"name": "note", "kind": {"file": {}}, "artifact": {"name": "note", "encoding": "utf-8"}},
            {"name": "raw", "kind": {"file": {}}}, {"name": "none", "kind": {"file": {}}}]
        values = {
            "learning_rate": "2", "names": "a,b", "note": json.dumps(reference), "raw": json.dumps(reference), "none": None}
        run = self.client.Run("F/7")
        run._record.update(manifest={**MANIFEST, "parameters": entries}, parameters=values, verdict="succeeded")
        task = objects.Task("F/7/end/7", _run=run)
        self.assertEqual(
            [task[name].data for name in ("rate", "names", "note", "raw", "none")], [2.0, ["a", "b"], "ä\n", "ä\n".encode(), None])
        self.assertEqual(type(task.data.rate), float)
        self.assertEqual((task["note"].sha, task["note"].size), (reference["digest"], 3))
        self.assertNotIn("learning_rate", task.data)

    def test_a_damaged_artifact_is_refused(self):
        reference = self.client.Task("F/7/end/7")._references["answer"]
        path = os.path.join(self.root, "artifacts", reference["digest"][:1], reference["digest"])
        with open(path, "r+b") as file:
            file.write(b"x")
        with self.assertRaisesRegex(Exception, "artifact 'answer' is corrupt"):
            self.client.Task("F/7/end/7").data.answer

    def test_steps_and_tasks_know_their_neighbours(self):
        run = self.client.Run("F/7")
        self.assertEqual([step.id for step in run], ["end", "join_gang", "gang", "join", "work", "start"])
        self.assertEqual([task.id for task in run["gang"]], ["5", "5-node-1"])
        self.assertEqual(run["gang"].control_task.id, "5")
        self.assertIsNone(run["work"].control_task)
        self.assertEqual([[task.id for task in run[step].control_tasks()] for step in ("gang", "work")], [["5"], []])
        self.assertEqual([task.id for task in run["join_gang"].task.parent_tasks], ["5", "5-node-1"])
        self.assertEqual([task.id for task in run["start"].task.child_tasks], ["2", "3"])
        self.assertEqual([step.id for step in run["join"].parent_steps], ["work"])
        self.assertEqual([step.id for step in run["start"].child_steps], ["work"])
        self.assertEqual([task.index for task in run["work"]], [0, 1])
        self.assertEqual((run["work"].task.successful, run["work"].task.current_attempt), (True, 1))

    def test_a_task_says_how_it_ended_and_where_it_stood(self):
        run = self.client.Run("F/7")
        self.assertEqual((run.finished, run.successful, run.created_at.timestamp()), (False, False, 10.0))
        done = self.client.Run("F/6")
        self.assertEqual((done.finished, done.successful, done.finished_at.timestamp()), (True, True, 10.0))
        self.assertEqual([task.index for task in run["gang"]], [0, 1])
        task = run["work"].task
        self.assertEqual((task.finished, task.exception, task.finished_at.timestamp()), (True, None, 4.0))
        self.assertEqual(task.code.path, os.path.join(self.root, "packages", "abc"))
        self.assertEqual((task.parent.id, task.parent.parent.id, task.pathspec), ("work", "7", "F/7/work/2"))
        self.assertEqual(task.path_components, ["F", "7", "work", "2"])
        self.assertIn("work", run)
        self.assertNotIn("wrok", run)

    def test_a_task_has_the_metadata_that_metaflow_keeps_of_it(self):
        run = self.client.Run("F/7")
        task = run["work"].task
        known = task.metadata_dict
        self.assertEqual(json.loads(known.pop("code-package"))["location"], os.path.join(self.root, "packages", "abc"))
        self.assertEqual(known, {
            "attempt": "1", "attempt_ok": "True", "attempt-done": "1", "ds-root": self.root, "ds-type": "local",
            "foreach-execution-path": "work:0", "origin-run-id": "6", "python_version": "3.11.7", "runtime": "dev",
            "script-name": "flow.py", "user": "ann"})
        self.assertEqual(
            [(each.value, each.type, each.created_at, each.task) for each in task.metadata if each.name == "attempt_ok"],
            [("False", "internal_attempt_status", 3100, task), ("True", "internal_attempt_status", 4000, task)])
        gang = run["gang"].control_task.metadata_dict
        self.assertEqual(
            (gang["parallel-world-size"], gang["internal_task_type"], gang["foreach-execution-path"]), (2, "control_task", "gang:0"))
        self.assertEqual(self.client.Task("F/7/gang/5-node-1").metadata_dict["internal_task_type"], "worker_task")
        self.assertEqual((task.runtime_name, task.environment_info), ("dev", "Local environment"))

    def test_an_attempt_of_a_task_is_one_by_itself(self):
        first, last = (self.client.Task("F/7/work/2", attempt=each) for each in (0, 1))
        self.assertEqual((first.successful, first.finished, first.exception.message, first.finished_at.timestamp()), (False, True, "no", 3.1))
        self.assertEqual((last.successful, last.exception, last.current_attempt), (True, None, 1))
        self.assertEqual((first.metadata_dict["attempt_ok"], str(first)), ("False", "Task('F/7/work/2', attempt=0)"))
        self.assertFalse(self.client.Task("F/7/work/2", attempt=5).finished)
        for wrong in (-1, "x"):
            with self.assertRaisesRegex(self.client.MetaflowNotFound, "an attempt is a whole number"):
                self.client.Task("F/7/work/2", attempt=wrong)
        with self.assertRaisesRegex(self.client.MetaflowNotFound, "Run has no attempts"):
            self.client.Run("F/7", attempt=1)

    def test_what_a_run_has_taken_over_names_its_origin(self):
        work = payload([result({"step": {"to": "join"}}, answer=self.put(1))])
        self.add_log("4", [*events()[:5], (3.0, "attemptSucceeded", 2, 0, work)], "failed")
        clone = payload({"fromRun": "4", "fromTask": 2, "nodes": json.loads(work)})
        log = [*events()[:3], (2.5, "cloned", 2, None, clone)]
        self.add_log("3", log, None)
        self.database.execute("UPDATE runs SET record = json_set(record, '$.originRun', '4') WHERE run = '3'")
        self.database.commit()
        run = self.client.Run("F/3")
        task = run["work"]["2"]
        self.assertEqual(
            [each.origin_pathspec for each in (run, run["work"], task, task["answer"], run["work"]["3"], self.client.Run("F/6"))],
            ["F/4", "F/4/work", "F/4/work/2", "F/4/work/2/answer", None, None])
        known = task.metadata_dict
        self.assertEqual((known["origin-run-id"], known["origin-task-id"], known["attempt_ok"]), ("4", "2", "True"))

    def test_every_level_has_the_run_s_tags(self):
        run = self.client.Run("F/7")
        for each in (run["work"], run["end"].task, run["end"].task["answer"]):
            self.assertEqual((each.tags, each.user_tags, each.system_tags), (run.tags, {"nightly"}, run.system_tags))
            self.assertTrue(each.is_in_namespace())
        self.assertEqual(self.client.Flow("F").tags, frozenset())
        self.assertEqual(self.client.Flow("F").created_at.timestamp(), 8.0)
        self.assertEqual(len(list(run.steps("nightly"))), len(list(run.steps())))
        self.assertEqual((list(run.steps("other")), list(run["work"].tasks("nightly", "other"))), ([], []))
        self.client.namespace("user:bob")
        self.assertFalse(run["work"].is_in_namespace())

    def test_what_is_read_can_be_pickled(self):
        import pickle
        run = self.client.Run("F/7")
        for each in (run, run.parent, run["work"], run["end"].task, run["end"].task["answer"], self.client.Task("F/7/work/2", attempt=0)):
            again = pickle.loads(pickle.dumps(each))
            self.assertEqual((again, again.tags), (each, each.tags))

    def test_missing_children_are_key_errors_and_wrong_pathspecs_are_said(self):
        run = self.client.Run("F/7")
        for parent, name in ((run, "wrok"), (run["work"], "99"), (run["end"].task, "anser"), (run.parent, "99"), (run["end"].task["answer"], "x")):
            with self.subTest(name), self.assertRaises(KeyError):
                parent[name]
            self.assertNotIn(name, parent)
        from muster.errors import MetaflowInvalidPathspec
        for kind, wrong in ((self.client.Flow, "F/7"), (self.client.Run, "F"), (self.client.Step, "F/7"), (self.client.Task, "F/7/work")):
            with self.assertRaisesRegex(MetaflowInvalidPathspec, "is no pathspec here; write"):
                kind(wrong)

    def test_another_store_is_read_on_demand(self):
        self.assertEqual(self.client.get_metadata(), f"local@{self.root}")
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, ".muster"))
            self.assertEqual(self.client.metadata(f"local@{folder}"), f"local@{folder}/.muster")
            with self.assertRaises(self.client.MetaflowNotFound):
                self.client.Flow("F")
            with self.assertRaisesRegex(Exception, "write local@FOLDER"):
                self.client.metadata("http://service")
        self.assertEqual(self.client.default_metadata(), f"local@{self.root}")
        self.client.Flow("F")

    def test_code_is_what_the_run_took_with_it(self):
        folder = os.path.join(self.root, "packages", "abc", "more")
        os.makedirs(folder)
        for path, text in (("../flow.py", "the flow"), ("note.txt", "a note")):
            with open(os.path.join(folder, path), "w") as file:
                file.write(text)
            os.chmod(file.name, 0o444)
        os.chmod(folder, 0o555)
        code = self.client.Run("F/7").code
        self.assertEqual((code.flowspec, code.script_name, str(code)), ("the flow", "flow.py", "<MetaflowCode: flow.py>"))
        self.assertEqual(code.info["environment_type"], "local")
        with code.tarball as archive:
            self.assertEqual(archive.getnames(), ["flow.py", "more", "more/note.txt"])
        with code.extract() as copy:
            with open(os.path.join(copy, "more", "note.txt"), "a") as file:
                file.write(", longer")
        os.chmod(folder, 0o755)

    def test_a_task_that_failed_has_its_exception(self):
        raised = {"type": "builtins.ValueError", "text": "no", "trace": "so it was"}
        failure = {"code": "step.error", "message": "ValueError: no (flow.py:3)", "exception": raised}
        log = [*events()[:2], (2.0, "attemptFailed", 1, 0, payload({"failure": failure}))]
        self.add_log("8", log, "failed")
        task = self.client.Run("F/8")["start"].task
        self.assertEqual((task.finished, task.successful), (True, False))
        self.assertEqual((task.exception.type, str(task.exception), task.exception.stacktrace), ("builtins.ValueError", "so it was", "so it was"))
        self.assertEqual((task.exception.exception, task.exception.message), ("no", failure["message"]))

    def test_a_run_whose_last_failure_was_caught_is_not_successful(self):
        failure = {"failure": {"code": "step.error", "message": "no"}}
        end = [result({"end": {}})]
        begin = [*events()[:2], (2.0, "attemptSucceeded", 1, 0, payload([result({"step": {"to": "end"}})]))]
        self.add_log("8", [*begin, (3.0, "attemptSucceeded", 2, 0, payload(end))], "succeeded")
        self.add_log("9", [*begin, (3.0, "attemptFailed", 2, 0, payload({**failure, "caught": end}))], "succeeded")
        self.database.execute("UPDATE runs SET record = json_set(record, '$.manifest.steps[5].settings.catchInto', 'failed')")
        self.database.commit()
        runs = [self.client.Run(f"F/{run}") for run in ("8", "9")]
        self.assertEqual([(run.successful, run.finished, run.end_task.finished) for run in runs], [(True, True, True), (False, True, True)])

    def test_cards_are_those_of_the_newest_attempt_that_has_some_and_of_the_run_that_made_them(self):
        from muster.cards import get_cards
        for run, step, names in (
                ("7", "work", ["2.0.node-0.card-0_default.html", "2.1.node-0.card-1_blank_why.html", "2.1.node-0.card-0_default.html",
                               "2.1.node-0.log", "3.0.node-0.card-0_default.html"]),
                ("6", "join", ["9.0.node-0.card-0_default.html"])):
            folder = os.path.join(self.root, "runs", "F", run, step)
            os.makedirs(folder)
            for name in names:
                with open(os.path.join(folder, name), "w") as file:
                    file.write(f"<p>{name}</p>")
        cards = get_cards("F/7/work/2")
        self.assertEqual([(card.type, card.id) for card in cards], [("default", None), ("blank", "why")])
        self.assertEqual(cards[1].get(), "<p>2.1.node-0.card-1_blank_why.html</p>")
        self.assertEqual([card.id for card in get_cards(self.client.Task("F/7/work/2"), id="why")], ["why"])
        self.assertEqual(len(get_cards("F/7/work/2", type="default")), 1)
        self.assertEqual(get_cards("F/7/gang/5"), [])

    def test_tags_are_added_removed_and_replaced(self):
        run = self.client.Run("F/7")
        self.assertEqual(run.tags, {"nightly", "user:ann", "language:python", "python_version:3.11.7", "runtime:dev", "date:1970-01-01"})
        run.add_tag("a")
        run.add_tags(["b", "c"])
        run.remove_tag("a")
        run.replace_tag("b", "d")
        self.assertEqual(self.client.Run("F/7").user_tags, {"c", "d", "nightly"})
        run.add_tag("user:ann")
        from muster.errors import MetaflowTaggingError
        with self.assertRaisesRegex(MetaflowTaggingError, "user:ann holds by itself"):
            run.remove_tag("user:ann")
        for wrong in ("", 3, "x" * 501):
            with self.assertRaisesRegex(MetaflowTaggingError, "is no tag"):
                run.add_tags([wrong])
        with self.assertRaisesRegex(MetaflowTaggingError, "50 tags at most"):
            run.add_tags(map(str, range(50)))
        run.replace_tags(["c", "d"], ["e", "f"])
        self.assertEqual(self.client.Run("F/7").user_tags, {"e", "f", "nightly"})

    def test_output_comes_as_text_and_as_lines_with_their_time(self):
        folder = os.path.join(self.root, "runs", "F", "7", "work")
        os.makedirs(folder)
        with open(os.path.join(folder, "2.1.node-0.log"), "wb") as file:
            for moment, process, kind, data in ((1e6, 0, "o", b"one\ntw"), (2e6, 0, "e", b"err\n"), (3e6, 0, "o", b"o\nthree")):
                file.write(b"%d %d %s %d\n%s\n" % (moment, process, kind.encode(), len(data), data))
        task = self.client.Task("F/7/work/2")
        self.assertEqual((task.stdout, task.stderr), ("one\ntwo\nthree", "err\n"))
        self.assertEqual((task.stdout_size, task.stderr_size), (13, 4))
        self.assertEqual([(moment.timestamp(), line) for moment, line in task.loglines("stdout")], [(1.0, "one"), (3.0, "two"), (3.0, "three")])


if __name__ == "__main__":
    unittest.main()
