"""What this interpreter was started with: the flow's file and the options that stand before the verb.

Set once, before the flow's module runs, because decorators and configs are evaluated while it does.
"""

import os
import sys


class Launch:
    def __init__(self):
        # Absolute path of the flow's source; None outside of a flow that Muster runs.
        self.file = None
        # Decorators for every step, as `--with` spells them.
        self.attached = []
        # Texts of configs that were given, by name, and files of others.
        self.config_values = {}
        self.config_files = {}
        # What a step's Python environment is: `local` leaves decorators such as @pypi alone.
        self.environment = None
        # Options of @project that are given when the flow is started.
        self.project = {}
        # Whether MyFlow() in the flow's source is to act on the verb, or the launcher waits for the module to end.
        self.verb = []
        self._has_read_script = False

    def read_script(self):
        """Reads the options before the verb of `python flow.py`, whose module runs before the verb is looked at."""
        main = getattr(sys.modules.get("__main__"), "__file__", None)
        if self.file or self._has_read_script or not main or os.path.abspath(main) != os.path.abspath(sys.argv[0]):
            return
        self._has_read_script = True
        from .commands.front import Front
        from .commands.grammar import Refused
        front = Front()
        try:
            front.read(sys.argv[1:])
        except Refused:
            # Said once the flow is there.
            return
        option = "--flow-option="
        take_front([word[len(option):] for word in front.words if word.startswith(option)], self)
        self._tell_in_sentences()

    @staticmethod
    def _tell_in_sentences():
        """Has what is wrong with a flow that runs as a script said as by the launcher."""
        def tell(kind, error, trace, before=sys.excepthook):
            from .errors import MusterException
            if not issubclass(kind, MusterException):
                return before(kind, error, trace)
            sys.stderr.write(f"{error}\n")
        sys.excepthook = tell

    @property
    def is_settled(self):
        """True if all options were read by the calling process and are handed on; environment variables are ignored then."""
        return self.verb[:1] in (["step"], ["serve"], ["values"])

    def project_options(self):
        """Options of @project that were given: on the command line, or in METAFLOW_BRANCH and METAFLOW_PRODUCTION."""
        found = {}
        if not self.is_settled and os.environ.get("METAFLOW_BRANCH"):
            found["branch"] = os.environ["METAFLOW_BRANCH"]
        if not self.is_settled and truth(os.environ.get("METAFLOW_PRODUCTION", "")):
            found["production"] = True
        return {**found, **self.project}

    def front(self):
        """The options again, in a form that does not depend on files: what every later call of the flow gets."""
        words = []
        for text in self.attached:
            words += ["--with", text]
        if self.environment:
            words += ["--environment", self.environment]
        for name, value in sorted(self.project_options().items()):
            words += [f"--{name}"] if value is True else [f"--{name}", value]
        return words


def truth(text):
    """True if a variable's text means yes."""
    return text.strip().lower() in ("true", "t", "1", "yes", "y", "on")


launch = Launch()


def take_front(words, launch):
    """Reads the options before the verb into `launch` and returns the rest.

    Raises ValueError for one that is not known.
    """
    words = list(words)
    while words and words[0].startswith("--"):
        option, _, value = words.pop(0).partition("=")

        def argument():
            if value:
                return value
            if not words:
                raise ValueError(f"{option} needs a value after it")
            return words.pop(0)

        if option == "--with":
            launch.attached.append(argument())
        elif option == "--environment":
            launch.environment = argument()
        elif option == "--config":
            name = argument()
            launch.config_files[name] = words.pop(0) if words else ""
        elif option == "--config-value":
            name = argument()
            launch.config_values[name] = words.pop(0) if words else ""
        elif option == "--config-more":
            # The next piece of a text that is too long for one word.
            name = argument()
            launch.config_values[name] = launch.config_values.get(name, "") + (words.pop(0) if words else "")
        elif option == "--branch":
            launch.project["branch"] = argument()
        elif option == "--production":
            launch.project["production"] = True
        else:
            raise ValueError(f"{option} is no option that may stand before the verb")
    return words
