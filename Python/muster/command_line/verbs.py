"""The verbs of `python flow.py`, their options, and the functions that carry them out."""

from .grammar import flag, value


class Verb:
    """One verb, or one of a verb that has several.

    does: `module.function` of `muster.commands`; None for a verb of the command `muster`, which has the same name there
    or that in `becomes`. natives: options that only `muster` has; a line with one of them is passed on to it. count:
    the least and the greatest number of arguments. path: the forms of the argument PATH. ignored: options without
    effect. refused: options that are not supported, each with a sentence.
    """

    def __init__(
            self, name, help, arguments="", count=(0, 0), options=(), does=None, becomes=None, natives=(), path=None,
            ignored=(), refused=None):
        self.name, self.help, self.arguments, self.count, self.path = name, help, arguments, count, path
        self.ignored, self.refused = ignored, refused or {}
        self.options, self.does, self.becomes, self.natives = list(options), does, becomes, natives

    @property
    def variables(self):
        return f"METAFLOW_{self.name.replace(' ', '_').replace('-', '_').upper()}_"


STREAMS = (
    flag("--stdout", "--no-stdout", "Standard output."), flag("--stderr", "--no-stderr", "Standard error."),
    flag("--both", "--no-both", "Both, which is the default.", default=True))
ATTEMPT = value("--attempt", "N", "This attempt, counted from 0; the last one by default.", kind=int)
CARDS = (
    value("--hash", "HASH", "The card whose hash begins so."), value("--type", "TYPE", "Cards of this type."),
    value("--id", "ID", "The card with this id."),
    flag("--follow-resumed", "--no-follow-resumed", "Of a task that was taken over, the cards of the one it comes from.", default=True))
RUN_ID = value("--run-id", "RUN", "The run.")
JSON, NODE = flag("--json"), value("--node", "K")
TAGGED = (RUN_ID, value("--namespace", "NAME", "The run has to be in this namespace; user:NAME by default."))
TASKS = "RUN/STEP or RUN/STEP/TASK"
CARD_OF = "STEP, RUN/STEP or RUN/STEP/TASK"

# Options of `run` and `resume` with values, which variables such as METAFLOW_RUN_MAX_WORKERS may set.
RUNNING = (
    value("--tags", "TAG", many=True), value("--max-workers", "N"), value("--max-num-splits", "N"),
    value("--max-log-size", "N"), value("--decospecs", "DECORATOR", many=True), value("--run-id-file", "FILE"),
    value("--runner-attribute-file", "FILE"))

VERBS = [
    Verb("run", "Run the flow; `run --help` shows its parameters.", options=(*RUNNING, value("--user-namespace", "NAME"))),
    Verb("resume", "Run what did not succeed of a run, or STEP and what follows it.", "[STEP]",
         options=(*RUNNING, value("--origin-run-id", "RUN"), value("--run-id", "RUN")), ignored=("--no-reentrant",),
         refused={
             "--reentrant": "resume has no --reentrant: one `muster` at a time moves a run",
             "--resume-identifier": "resume has no --resume-identifier: one `muster` at a time moves a run"}),
    Verb("show", "Show the flow: its parameters, its steps and how they follow each other."),
    Verb("check", "Check the flow without running it (the default).", ignored=("--warnings", "--no-warnings"),
         options=[flag("--warnings", "--no-warnings", "Pylint's, which is not asked: they change nothing.")], natives=(JSON,)),
    Verb("list", "The runs of the flow."),
    Verb("status", "The state of a run.", "RUN"),
    Verb("cancel", "End a run.", "RUN"),
    Verb("attach", "Show a run that was started with --detach, to its end.", "[RUN]"),
    Verb("doctor", "Whether the flow can run here, or at a place, and what is missing."),
    Verb("dump", "The artifacts of a task, or of every task of a step.", "PATH", (1, 1), [
        flag("--private", "--no-private", "Also artifacts whose names begin with _."),
        value("--max-value-size", "N", "Values that are larger are not shown; 0 shows names alone.", kind=int, default=1000),
        value("--include", "NAMES", "Only these, with commas between them.", default=""),
        value("--file", "FILE", "Write them into this file: a pickle of {RUN/STEP/TASK: {name: value}}."),
    ], "dump.dump", natives=(JSON, NODE), path=TASKS),
    Verb("logs show", "The output of a task, or of every task of a step.", "PATH", (1, 1), [
        *STREAMS, flag("--timestamps", "--no-timestamps", "Each line's time."), ATTEMPT,
    ], "logs.show", natives=(JSON, NODE, flag("--follow"), flag("--cluster")), path=TASKS),
    Verb("logs scrub", "Take the output of a task, or of every task of a step, out of the store.", "PATH", (1, 1), [
        *STREAMS, ATTEMPT, flag("--latest", "--all", "The latest attempt, which is the default, or all.", default=True),
        flag("--include-not-done", help="Also tasks that are not over."),
    ], "scrub.scrub", path=TASKS),
    Verb("tag list", "The tags of all runs of the flow, or of one.", "[RUN]", (0, 1), [
        RUN_ID, flag("--all", help="Of all runs, which is the default."), flag("--my-runs", help="Of your own runs."),
        flag("--hide-system-tags", help="Without those that hold by themselves."),
        flag("--group-by-tag", help="The runs of each tag."), flag("--group-by-run", help="The tags of each run."),
        flag("--flat", help="One a line, on standard error."),
    ], "tags.list_tags", natives=(JSON,)),
    Verb("tag add", "Add tags to a run.", "TAG …", (1, None), TAGGED, "tags.add"),
    Verb("tag remove", "Take tags off a run.", "TAG …", (1, None), TAGGED, "tags.remove"),
    Verb("tag replace", "Replace tags of a run by others, in one step.", "", (0, 0), [
        *TAGGED, value("--add", "TAG", "A tag that comes; may be given several times.", many=True),
        value("--remove", "TAG", "A tag that goes; may be given several times.", many=True),
    ], "tags.replace"),
    Verb("card list", "The cards of a task, or of the newest run.", "[PATH]", (0, 1), [
        *CARDS, flag("--as-json", help="As JSON."), value("--file", "FILE", "Write the JSON into this file."),
    ], "cards.list_cards", path=CARD_OF),
    Verb("card get", "A card's page, on standard output or in FILE.", "PATH [FILE]", (1, 2), CARDS, "cards.get", path=CARD_OF),
    Verb("card view", "Open a card's page in a browser.", "PATH", (1, 1), CARDS, "cards.view", path=CARD_OF),
    Verb("package list", "The files that a run takes with it.", options=[
        flag("--archive", "--no-archive", "As they lie in the package; otherwise as they lie here.")],
        does="package.list_files", natives=(JSON,)),
    Verb("package save", "Write the files that a run takes with it into a tar file, compressed by gzip.", "FILE", (1, 1), does="package.save"),
    Verb("package info", "How large the code package is.", does="package.info"),
    Verb("output-dot", "The flow as a graph for Graphviz.", becomes=("show", "--dot")),
    Verb("output-raw", "The flow as Muster has it, in JSON.", options=[flag("--json", help="The same.")], becomes=("show", "--json")),
    Verb("help", "This page.", does="line"),
    Verb("version", "The version of Muster.", does="line"),
]
BY_NAME = {verb.name: verb for verb in VERBS}
# Verbs of `muster` whose help it prints itself.
HELPED = ("run", "resume", "show", "list", "status", "cancel", "attach", "doctor")
# Verbs that have verbs of their own, each with the default one.
OUTER = {"logs": "logs show", "tag": None, "card": None, "package": None}

_DEPLOYED = "Muster deploys no flows; `run` runs the flow on this machine"
# Verbs of Metaflow's that are not supported, each with a sentence.
ELSEWHERE = {
    "spin": "there is no spin; `resume STEP --origin-run-id RUN` runs a step again, and what follows it, on what that run has left",
    "spin-step": "spin-step is Metaflow's own affair; its counterpart is the step protocol",
    "init": "init is Metaflow's own affair; a run needs no such call",
    "batch": f"{_DEPLOYED}, steps with @batch included",
    "kubernetes": f"{_DEPLOYED}, steps with @kubernetes included",
    "spot-metadata": "spot-metadata is Metaflow's own affair; Muster runs the flow on this machine",
    "card create": "cards are made by @card while a step runs; put it on the step, or use `run --with card`",
    "card server": "there is no server of cards; `card view` opens a page, and that of a running task renews itself",
    **{name: _DEPLOYED for name in ("argo-workflows", "step-functions", "airflow")},
}
