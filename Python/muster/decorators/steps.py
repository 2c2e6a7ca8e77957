"""Decorators for every kind of step."""

import os
import re

from ..errors import CAUGHT
from .amounts import number, reserve, whole
from .base import Decorator, step_decorator


class Resources(Decorator):
    """The amounts that each node of the step reserves. Memory counts only if it is written, unlike Metaflow's default
    of 4 GB.
    """

    name = "resources"
    defaults = {"cpu": 1, "gpu": None, "disk": None, "memory": 4096, "shared_memory": None}

    def apply(self, settings):
        options = self.options
        reserve(self, settings, options["cpu"], options["gpu"], options["memory"] if "memory" in self.given else None)


class Retry(Decorator):
    """Attempts after the first. Without minutes_between_retries there is no pause, as under Metaflow on one machine."""

    name = "retry"
    defaults = {"times": 3, "minutes_between_retries": 2}

    def apply(self, settings):
        options = self.options
        minutes = options["minutes_between_retries"] if "minutes_between_retries" in self.given else 0
        settings["retry"] = {
            "times": whole(self, "times", options["times"]),
            "minutesBetween": number(self, "minutes_between_retries", minutes),
        }


class Catch(Decorator):
    """Continues the run when every attempt has failed. `var` names the artifact that holds the failure then, and None
    otherwise.
    """

    name = "catch"
    defaults = {"var": None, "print_exception": True}

    @property
    def artifact(self):
        return self.options["var"] or CAUGHT

    def apply(self, settings):
        settings["catchInto"] = self.artifact

    def suits(self, source):
        """False for a step whose body decides the transition: after a failure the decision is unknown."""
        return source.goes_on_without_body

    def finish(self, task):
        setattr(task.flow, self.artifact, None)

    def hides_failure(self, task):
        """True with `print_exception=False` in the last attempt."""
        retries = max((each.options["times"] for each in task.function.decorators if each.name == "retry"), default=0)
        return not self.options["print_exception"] and task.description["attempt"]["attempt"] >= int(retries)


class Timeout(Decorator):
    """A limit for one attempt of the step, or of the whole gang."""

    name = "timeout"
    defaults = {"seconds": 0, "minutes": 0, "hours": 0}
    # Seconds for a body that was interrupted to store what it has set, before the agent kills it. A busy machine stood
    # still for 2 s, and what was set was lost.
    PATIENCE = 10.0

    def apply(self, settings):
        if self._seconds <= 0:
            self.fail("it needs seconds, minutes or hours")
        settings["timeout"], settings["timeoutPatience"] = self._seconds, self.PATIENCE

    @property
    def _seconds(self):
        options = self.options
        return sum(number(self, unit, options[unit]) * factor
                   for unit, factor in (("seconds", 1), ("minutes", 60), ("hours", 3600)))

    def prepare(self, task):
        """Sets a timer whose signal raises TimeoutException in the body, as under Metaflow, so that its artifacts are
        stored.
        """
        import signal
        import time
        deadline = task.description.get("deadline")
        if deadline is not None:
            signal.signal(signal.SIGALRM, lambda *_: self._interrupt(task))
            signal.setitimer(signal.ITIMER_REAL, max(deadline - time.time(), 0.001))

    def finish(self, task):
        self._disarm()

    def failed(self, task, text):
        self._disarm()

    def _interrupt(self, task):
        from ..errors import TimeoutException
        if not task.is_over and os.getpid() == task.process:
            raise TimeoutException(f"the step took longer than its timeout of {self._seconds:g} s")

    @staticmethod
    def _disarm():
        import signal
        signal.setitimer(signal.ITIMER_REAL, 0)


class Environment(Decorator):
    """Variables for all processes of the step."""

    name = "environment"
    defaults = {"vars": {}}

    def apply(self, settings):
        variables = self.options["vars"]
        if not isinstance(variables, dict):
            self.fail(f"vars has to be a dict, not {variables!r}")
        for name, value in variables.items():
            name, value = str(name), str(value)
            try:
                (name + value).encode()
            except UnicodeEncodeError:
                self.fail(f"{name!r} or its value {value!r} is no UTF-8; set it in the body with os.environb")
            settings["environment"][name] = value


class _Packages(Decorator):
    """Packages of the Python that runs the step."""

    defaults = {"packages": {}, "python": None, "disabled": None}
    # The end of the message about a package that cannot be installed.
    origin = None

    def apply(self, settings):
        from ..launch import launch
        options = self.options
        if options["disabled"] or launch.environment == "local":
            return
        python = settings.get("python") or {"packages": []}
        packages = {**options.get("libraries", {}), **options["packages"]}
        known = {requirement(self, name, version) for name, version in packages.items()}
        python["packages"] = sorted(known | set(python["packages"]))
        if options["python"]:
            python["python"] = str(options["python"])
        if self.origin:
            python["origin"] = self.origin
        settings["python"] = python


def requirement(decorator, name, version):
    """Returns a PEP 508 requirement. A bare version is pinned, an empty one allows all."""
    version = str(version).strip()
    if name.startswith("git+") or "://" in name:
        return f"{name}@{version}" if version else name
    if not version or version == "*":
        return name
    return f"{name}{version}" if version[0] in "<>=!~@ " else f"{name}=={version}"


class PyPI(_Packages):
    """Packages of the Python that runs the step, from PyPI."""

    name = "pypi"


class Conda(_Packages):
    """Packages of the Python that runs the step. They are installed from PyPI, under the same names."""

    name = "conda"
    defaults = {"packages": {}, "libraries": {}, "python": None, "disabled": None}
    origin = (
        "@conda takes packages from PyPI, under PyPI's names (conda's pytorch is torch): take the name or version that PyPI "
        "has; install what is no Python package (compilers, CUDA) on the machine and leave it out; or make the environment "
        "with conda yourself, and start the flow with its python and --environment local")


class Card(Decorator):
    """A page about the task: its artifacts, parameters, graph and times, and the components added to `current.card`."""

    name = "card"
    is_repeatable = True
    KINDS = ("default", "blank")
    defaults = {
        "type": "default", "options": {}, "scope": "task", "rank": None, "timeout": 45, "id": None, "save_errors": True,
        "customize": False, "refresh_interval": 5,
    }

    @property
    def is_own(self):
        """True for a page that Muster makes itself, not a class of the flow or of another package."""
        return self.options["type"] in self.KINDS

    @property
    def kind(self):
        """The type under which the page is stored: `error`, as under Metaflow, for a type that is no name."""
        kind = str(self.options["type"])
        return kind if re.fullmatch("[a-zA-Z0-9_]{1,90}", kind) else "error"

    def apply(self, settings):
        id = self.options["id"]
        if id is not None and not re.fullmatch("[a-zA-Z0-9_]{1,100}", str(id)):
            self.fail(f"id is {id!r}; it has to be letters, digits and _")

    def prepare(self, task):
        # The first @card makes the object for all of them.
        task.current.card

    def finish(self, task):
        card = self._card(task)
        card.writer.finish(card.components)

    def failed(self, task, text):
        card = self._card(task)
        card.writer.finish(card.components, text)

    def _card(self, task):
        place = [each for each in task.function.decorators if each.name == self.name].index(self)
        return list(task.current.card)[place]


resources = step_decorator(Resources)
retry = step_decorator(Retry)
catch = step_decorator(Catch)
timeout = step_decorator(Timeout)
environment = step_decorator(Environment)
pypi = step_decorator(PyPI)
conda = step_decorator(Conda)
card = step_decorator(Card)
