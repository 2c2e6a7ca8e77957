"""Makes the pages of a task and passes them to the agent, which stores them."""

import os
import signal
import sys
import threading
import time
import traceback

from .page import page, renewed

# A refresh is skipped until this multiple of the last one's duration has passed.
SPARING = 10


class _Late(BaseException):
    """No subclass of Exception, which a component may catch."""


class PageWriter:
    """Makes and stores the page of one @card of a task."""

    def __init__(self, task, decorator, place):
        options = decorator.options
        self.task = task
        self.options = options
        self.type = decorator.kind
        self.id = options["id"]
        # The card's index in the step, its type, and its id if it has one, with `_` between them.
        self.name = f"{place}_{self.type.replace('_', '-')}" + (f"_{self.id}" if self.id else "")
        self._next = 0
        # The value that the step has passed to `refresh` last.
        self._data = {}
        self._foreign = None
        if not decorator.is_own:
            from .foreign import ForeignPage
            self._foreign = ForeignPage(task, options["type"], options["options"] or {})

    @property
    def takes_components(self):
        return self._foreign is None or self._foreign.takes_components

    def refresh(self, components, force=False, data=None):
        self._data = self._data if data is None else data
        began = time.monotonic()
        if began < self._next and not force:
            return
        self._write(lambda: self._running(components))
        ended = time.monotonic()
        self._next = ended + SPARING * (ended - began)

    def finish(self, components, error=None):
        """Stores the last page, after the body or with the failure that has ended it. Never raises."""
        error = error if self.options["save_errors"] else None
        try:
            with _limit(self.options["timeout"]):
                self._write(lambda: self._last(components, error))
        except _Late:
            seconds = self.options["timeout"]
            self._complain(f"it took longer than {seconds} s; give it more with @card(timeout=…)")
            if self.options["save_errors"]:
                from .foreign import ForeignPage
                self._write(lambda: ForeignPage(self.task, self.type, {}).error(
                    f"Card rendering timed out after {seconds} seconds. To increase the timeout duration for card rendering, "
                    "please set the `timeout` parameter in the @card decorator."))

    def _running(self, components):
        renewal = self.options["refresh_interval"]
        if self._foreign is None:
            return page(self.task, components, self.type == "blank", renewal=renewal)
        text = self._foreign.running(components, self._data)
        return renewed(text, renewal) if text and renewal else text

    def _last(self, components, error):
        if self._foreign is None:
            return page(self.task, components, self.type == "blank", error=error)
        if self.task.is_over:
            # Metaflow renders such cards only of tasks that have succeeded.
            return self._foreign.error(f"The step has failed:\n\n{error}") if error else None
        text = self._foreign.last(components, self._data)
        if len(components) and not self._foreign.failure and not self.takes_components:
            sys.stderr.write(
                f"muster: what step {self.task.step} put on the card {self.name} is not shown: the class of the type {self.type} "
                "has not ALLOW_USER_COMPONENTS = True\n")
        if self._foreign.failure:
            self._complain(self._foreign.failure)
        return text if self.options["save_errors"] or not self._foreign.failure else None

    def _write(self, make):
        """Stores a page. An error in it is printed and fails no task. make: returns the page, or None for no page."""
        task = self.task
        file = f"card-{self.name}.html"
        try:
            text = make()
            if text is None:
                return
            with open(os.path.join(task.folder, file), "w", encoding="utf-8", errors="replace") as opened:
                opened.write(text)
            task.agent.ask({"card": {"name": self.name, "path": file}})
        except Exception:
            self._complain(traceback.format_exc())

    def _complain(self, reason):
        sys.stderr.write(f"muster: the card {self.name} of step {self.task.step} could not be made: {reason}\n")


class _limit:
    """A context manager that raises _Late in its body after so many seconds. Does nothing outside of the main thread,
    which alone gets signals.
    """

    def __init__(self, seconds):
        self.seconds = float(seconds) if seconds and threading.current_thread() is threading.main_thread() else 0

    def __enter__(self):
        if self.seconds > 0:
            self.handler = signal.signal(signal.SIGALRM, self._end)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    @staticmethod
    def _end(*_):
        raise _Late

    def __exit__(self, *_):
        if self.seconds > 0:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.handler or signal.SIG_DFL)
