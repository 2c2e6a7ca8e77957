"""The command line of this interpreter: the flow's file, the options before the verb, and the verb.

It is filled before the flow's module runs, because decorators and configs are evaluated while it does.
"""

import os


class Launch:
    def __init__(self):
        # Absolute path of the flow's source; None outside of a flow that Muster runs.
        self.file = None
        # The verb and the words after it.
        self.verb = []
        # Decorators for every step, as `--with` spells them.
        self.attached = []
        # Texts of given configs by name, and files of others.
        self.config_values = {}
        self.config_files = {}
        # `local` if decorators such as @pypi are to be ignored.
        self.environment = None
        # Given options of @project.
        self.project = {}
        # Called by `MyFlow()` in the flow's source, with its class and the new object. `muster/__init__.py` sets it,
        # because the code that carries out verbs stands above flows.
        self.act = None
        # Set once the options before the verb of `python flow.py …` were read.
        self.has_read_script = False

    @property
    def is_settled(self):
        """True if the calling process has read all options and passes them on; variables are ignored then."""
        return self.verb[:1] in (["step"], ["serve"], ["values"])

    def project_options(self):
        """Given options of @project: from the command line, or from METAFLOW_BRANCH and METAFLOW_PRODUCTION."""
        found = {}
        if not self.is_settled and os.environ.get("METAFLOW_BRANCH"):
            found["branch"] = os.environ["METAFLOW_BRANCH"]
        if not self.is_settled and truth(os.environ.get("METAFLOW_PRODUCTION", "")):
            found["production"] = True
        return {**found, **self.project}

    def front(self):
        """Returns the options as words that depend on no file: every later call of the flow gets them."""
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
