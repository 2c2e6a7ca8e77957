"""`card list`, `get`, `view`: the pages of tasks."""

import json
import os
import shutil
import sys

from ..client.cards import get_cards
from ..command_line.grammar import Refused
from ..errors import MetaflowNotFound
from ..names import hint
from . import pathspecs

# The beginning of the message about a missing card, as under Metaflow.
NONE = "Card not found in datastore"


class Found:
    """The cards of a task that match the options."""

    def __init__(self, given, task):
        """Raises MetaflowNotFound if there are none."""
        cards = get_cards(task, id=given.id, type=given.type, follow_resumed=given.follow_resumed)
        self.cards = [card for card in cards if given.hash is None or card.hash.startswith(given.hash)]
        self.pathspec = _origin(task) if given.follow_resumed else task.pathspec
        if not self.cards:
            raise _none(given, self.pathspec)

    def json(self):
        return {"pathspec": self.pathspec, "cards": [
            {"id": card.id, "hash": card.hash, "type": card.type, "filename": os.path.basename(card.path)}
            for card in self.cards]}

    def tell(self, screen):
        for card in self.cards:
            screen.say(
                f"\n\tCard Id: {card.id}\n\tCard Type: {card.type}\n\tCard Hash: {card.hash}\n\tCard Path: {card.path}")


def _origin(task):
    run, number, record = task._origin()
    return f"{task.pathspec.split('/')[0]}/{run}/{record.step}/{number}" + (f"-node-{task._node}" if task._node else "")


def _none(given, pathspec):
    name, value = next(
        ((name, getattr(given, name)) for name in ("hash", "type", "id") if getattr(given, name) is not None), (None, None))
    which = f"Card with {name} '{value}'" if name else "Card"
    return MetaflowNotFound(f"{NONE}: {which} not found for pathspec {pathspec}")


def _task(text, flow):
    """Returns the task of STEP, RUN/STEP or RUN/STEP/TASK; the first one of a step with several."""
    found = pathspecs.parts(text, flow)
    if not 1 <= len(found) <= 3 or not all(found):
        raise Refused(f"'{text}' names no task; write STEP, RUN/STEP or RUN/STEP/TASK")
    run = pathspecs.newest(flow) if len(found) == 1 else pathspecs.run(flow, found[0])
    step = found[0] if len(found) == 1 else found[1]
    if step not in run:
        known = pathspecs.steps(run)
        reason = " by now" if step in known else hint(step, known)
        raise MetaflowNotFound(f"Cannot resolve task for pathspec: the run {run.pathspec} has no step '{step}'{reason}")
    return run[step][found[2]] if len(found) == 3 else run[step].task


def list_cards(given, screen):
    if not given.arguments:
        return _list_run(given, screen)
    task = _task(given.arguments[0], screen.flow)
    if not given.as_json:
        screen.say(f"Resolving card: {task.pathspec}")
    found = Found(given, task)
    if given.as_json:
        return _write(found.json(), given, screen)
    screen.say(f"Found {len(found.cards)} card matching for your query...")
    found.tell(screen)


def _list_run(given, screen):
    run, every = pathspecs.newest(screen.flow), []
    if not given.as_json:
        screen.say(f"Listing cards for run {run.pathspec}")
    for step in run:
        for task in step:
            try:
                every.append(Found(given, task))
            except MetaflowNotFound:
                continue
            if not given.as_json:
                screen.say(f"Step : {step.id}\n\tTask: {task.id}")
                every[-1].tell(screen)
    if not every:
        raise _none(given, run.pathspec)
    if given.as_json:
        _write([found.json() for found in every], given, screen)


def _write(content, given, screen):
    if given.file is None:
        screen.show(json.dumps(content, indent=4))
        return
    with open(given.file, "w", encoding="utf-8") as file:
        json.dump(content, file)


def _one(given, screen):
    """Returns the only card that matches the options."""
    task = _task(given.arguments[0], screen.flow)
    screen.say(f"Resolving card: {task.pathspec}")
    found = Found(given, task)
    if len(found.cards) > 1:
        found.tell(screen)
        raise Refused(f"{found.pathspec} has {len(found.cards)} such cards; choose one with --id, --type or --hash")
    return found.cards[0]


def get(given, screen):
    card = _one(given, screen)
    if len(given.arguments) == 2:
        shutil.copyfile(card.path, given.arguments[1])
    else:
        sys.stdout.write(card.get() + "\n")


def view(given, screen):
    card = _one(given, screen)
    screen.show(card.path)
    # Without a display a text browser would take the terminal.
    if os.environ.get("DISPLAY") or os.environ.get("BROWSER") or sys.platform == "darwin":
        card.view()
