"""A server of steps loads what its children share: libraries, and the part of the flow's module that is safe to share."""

import ast
import gc
import os
import signal
import sys

from . import early_exit, fork_safety, program
from .captured import Captured
from .origins import Installation
from .toplevel import TopLevel

# When garbage is collected while libraries are loaded: with thousands of objects that all stay, the usual thresholds cost a
# fifth of the time that their imports take.
UNHURRIED = (100_000, 50, 50)


class Loading:
    """Where a library may not be shared, the program is replaced by one that stops before it (`--at-most N`)."""

    def __init__(self, path, words, again, connection):
        """
        - words: What the verb was given.
        - again: The words that start this program, up to the verb.
        - connection: The socket that requests come on, which the program finds as its standard input.
        """
        self.path, self.again, self.connection = path, again, connection
        self.folder, self.environment = os.getcwd(), dict(os.environb)
        self.limit = int(words[1]) if words[:1] == ["--at-most"] else None
        self.captured = Captured()
        self.thresholds = None
        self.source = self.code = self.preload = self.watch = self.seen = self.installation = None
        # The module that runs as the program: libraries may ask for it while they are loaded.
        self.main = program.main_module(path)

    def perform(self):
        """Returns why no step can be served; None where it can."""
        # Loaded here once for all children; a step without a server loads them too.
        from . import arguments, artifacts, failures, frameworks, graph, inputs, items, running, state, task  # noqa: F401
        import faulthandler  # noqa: F401
        self.thresholds = gc.get_threshold()
        gc.set_threshold(*UNHURRIED)
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
        return self._reconsidered(reason, self.preload.count)

    def _load(self, tree):
        from .preload import Preload
        self.watch = fork_safety.Watch()
        self.preload = Preload(tree, self.path, self.limit, self._look)
        try:
            self.preload.run()
        except _Guilty as guilty:
            return str(guilty)
        except BaseException as error:
            # The step's own import says so where people see it.
            return f"an import ended in {type(error).__name__}: {error}"
        finally:
            self.watch.end()
        fork_safety.forget_temporary_folder()
        # A child looks for itself which modules there are: an earlier step may have written some.
        sys.path_importer_cache.clear()
        return None

    def _share(self, tree):
        """Runs the beginning of the flow's module whose source shows that it comes out the same in every process, once for
        all steps (saves a fifth of a short task, Benchmarks: python-foreach). Steps run the rest."""
        count = TopLevel(lambda statement: statement in self.preload.made).beginning(tree.body)
        features = [each for each in tree.body[:count] if getattr(each, "module", None) == "__future__"]
        shared, rest = (ast.Module(body=body, type_ignores=[]) for body in (tree.body[:count], features + tree.body[count:]))
        try:
            exec(compile(shared, self.path, "exec", dont_inherit=True), vars(self.main))
        except BaseException:
            # Every step runs into it, and says so where people see it.
            self.main = program.main_module(self.path)
        else:
            self.code = compile(rest, self.path, "exec", dont_inherit=True)

    def _look(self):
        reason = self.watch.reason_against(self.preload.count)
        if reason:
            raise _Guilty(reason)

    def settle(self):
        """What is there now stays: a child that looked for garbage among it would copy every page it lies on."""
        gc.freeze()
        if gc.get_threshold() == UNHURRIED:
            gc.set_threshold(*self.thresholds)

    def reason_after_fork(self):
        """Why what has been loaded cannot be shared, as far as that is seen once this process has been divided."""
        if fork_safety.has_one_thread():
            return None
        return self._reconsidered("a library has started threads", self.watch.first_with_threads())

    def _reconsidered(self, reason, guilty):
        """Begins anew without the guilty import and those after it. Returns the reason where that is no way out."""
        if reason and (self.limit is None or guilty < self.limit):
            self._begin_anew(["--at-most", str(guilty)])
        return reason

    def _begin_anew(self, words):
        sys.stdout.flush()
        sys.stderr.flush()
        # What a library has started goes with what was loaded; the next one starts it where it is wanted.
        for process in early_exit.children() or []:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.dup2(self.connection.fileno(), 0)
        # A library can have changed them.
        os.chdir(self.folder)
        os.execve(sys.executable, [sys.executable, *self.again, "serve", *words], self.environment)

    def reason_now(self, request):
        """Why this step cannot be served though others were: something that was read has changed, or is elsewhere."""
        if "MUSTER_FLOW_FOLDER" in request["environment"]:
            return "the step has a copy of the flow of its own"
        signature = _signature(self.path)
        if signature != self.seen and not self._is_same_file(signature):
            return "the flow's file has changed"
        return "an installed package has changed" if self.installation.has_changed() else None

    def _is_same_file(self, signature):
        """Whether the flow's file is only another copy of what it was."""
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


class _Guilty(Exception):
    """The last import may not be shared."""
