"""Loads what the children of a server share: libraries, and the first statements of the flow's module."""

import ast
import gc
import os
import signal
import sys

from ..program import module
from ..source.origins import Installation
from ..source.toplevel import TopLevel
from . import early_exit, fork_safety
from .captured import Captured

# Thresholds of the garbage collector while libraries are loaded. The objects of imports all stay, and with the usual
# thresholds the collector takes 32 ms of the 350 that NumPy and pandas take (Benchmarks: python-imports).
WHILE_LOADING = (100_000, 50, 50)


class Loading:
    """The shared part of a server. If an import is not safe to share, the server replaces itself by exec with one that
    stops before it (`--at-most N`)."""

    def __init__(self, path, words, again, connection):
        """words: the words after the verb. again: the words that start this program, up to the verb.

        connection: the socket of the requests, which the program that replaces this one finds as its standard input.
        """
        self.path, self.again, self.connection = path, again, connection
        self.folder, self.environment = os.getcwd(), dict(os.environb)
        self.limit = int(words[1]) if words[:1] == ["--at-most"] else None
        self.captured = Captured()
        self.thresholds = None
        self.source = self.code = self.preload = self.watch = self.seen = self.installation = None
        # Exists before the imports, because libraries may look at `__main__` while they are loaded.
        self.main = module.main_module(path)

    def perform(self):
        """Loads everything. Returns the reason if no step can be served, else None."""
        # The modules that a step loads, here once for all children.
        import faulthandler  # noqa: F401
        from .. import arguments, artifacts, items  # noqa: F401
        from ..program import decorate  # noqa: F401
        from ..task import current, failures, frameworks, inputs, run, state  # noqa: F401
        self.thresholds = gc.get_threshold()
        gc.set_threshold(*WHILE_LOADING)
        self.seen, self.installation = _signature(self.path), Installation()
        try:
            self.source = _content(self.path)
            tree = ast.parse(self.source, self.path)
            self.code = compile(tree, self.path, "exec", dont_inherit=True)
        except (OSError, SyntaxError, ValueError) as error:
            return f"the flow's file cannot be read: {error}"
        with self.captured:
            reason = self._load(tree)
            if not reason:
                self._share(tree)
        return self._retried(reason, self.preload.count)

    def _load(self, tree):
        from ..source.preload import Preload
        self.watch = fork_safety.Watch()
        self.preload = Preload(tree, self.path, self.limit, self._check_import)
        try:
            self.preload.run()
        except _Unsafe as unsafe:
            return str(unsafe)
        except BaseException as error:
            # The step makes the import again, and its own output shows the traceback.
            return f"an import ended in {type(error).__name__}: {error}"
        finally:
            self.watch.end()
        fork_safety.forget_temporary_folder()
        # An earlier step may write modules, so every child has to list folders anew.
        sys.path_importer_cache.clear()
        return None

    def _share(self, tree):
        """Runs the first statements of the flow's module whose source shows that they have no side effects, once for
        all steps. Steps run the rest. Saves 0.5 to 1.4 ms of 8 of a served step (Benchmarks: python-foreach).
        """
        count = TopLevel(lambda statement: statement in self.preload.made).leading_count(tree.body)
        features = [each for each in tree.body[:count] if getattr(each, "module", None) == "__future__"]
        shared, rest = (ast.Module(body=body, type_ignores=[]) for body in (tree.body[:count], features + tree.body[count:]))
        try:
            exec(compile(shared, self.path, "exec", dont_inherit=True), vars(self.main))
        except BaseException:
            # Every step meets the same error and prints it.
            self.main = module.main_module(self.path)
        else:
            self.code = compile(rest, self.path, "exec", dont_inherit=True)

    def _check_import(self):
        reason = self.watch.reason_against(self.preload.count)
        if reason:
            raise _Unsafe(reason)

    def freeze(self):
        """Takes all objects out of garbage collection: a child that traversed them would copy every page they lie on.
        Saves 0.4 ms of 7 of a served step (Benchmarks: python-foreach).
        """
        gc.freeze()
        if gc.get_threshold() == WHILE_LOADING:
            gc.set_threshold(*self.thresholds)

    def reason_after_fork(self):
        """Returns the reason if the first fork shows that the loaded libraries cannot be shared, else None."""
        if fork_safety.has_one_thread():
            return None
        return self._retried("a library has started threads", self.watch.first_with_threads())

    def _retried(self, reason, unsafe):
        """Starts the server again without the import of this number and those after it. Returns the reason if there is
        none, or if that has been tried."""
        if reason and (self.limit is None or unsafe < self.limit):
            self._start_again(["--at-most", str(unsafe)])
        return reason

    def _start_again(self, words):
        sys.stdout.flush()
        sys.stderr.flush()
        # Processes that a library has started. The new program starts them again if it loads that library.
        for process in early_exit.children() or []:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.dup2(self.connection.fileno(), 0)
        # A library may have changed folder and environment.
        os.chdir(self.folder)
        os.execve(sys.executable, [sys.executable, *self.again, "serve", *words], self.environment)

    def reason_now(self, request):
        """Returns the reason if this step cannot be served because its files are others than those loaded, else None."""
        if "MUSTER_FLOW_FOLDER" in request["environment"]:
            return "the step has a copy of the flow of its own"
        signature = _signature(self.path)
        if signature != self.seen and not self._has_same_content(signature):
            return "the flow's file has changed"
        return "an installed package has changed" if self.installation.has_changed() else None

    def _has_same_content(self, signature):
        try:
            is_same = _content(self.path) == self.source
        except OSError:
            return False
        self.seen = signature if is_same else self.seen
        return is_same


def _signature(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _content(path):
    with open(path, "rb") as file:
        return file.read()


class _Unsafe(Exception):
    """The last import is not safe to share."""
