"""Imports that describing a flow does without.

NumPy and its like can take longer to load than all the rest of a description, and mostly the bodies of steps alone use them.
They are loaded late where nothing could tell: in a file that, as it is read, imports nothing else but the standard library
and Metaflow, and calls nothing but what flows are made of. Every other file has its imports made as ever.
"""

import ast
import importlib.util
import sys
from importlib.machinery import PathFinder, SourceFileLoader

from .inert import has_plain_signature, is_inert
from .origins import Origins

# Libraries that change nothing outside of themselves which a description could meet.
LATE = ("jax", "matplotlib", "numpy", "pandas", "scipy", "sklearn", "tensorflow", "torch")
# Who else is known to load nothing of those.
_FRONT_ENDS = ("metaflow", "muster")
# What of Metaflow runs nobody's code when it is called while a flow is read, beside the decorators.
_QUIET = ("FlowSpec", "IncludeFile", "JSONType", "Parameter")


def postpone(source):
    """Has the libraries loaded late that the flow's file imports whole and cannot miss."""
    names = _Reading(ast.parse(source)).late
    if names:
        sys.meta_path.insert(0, _Finder(names))


class _Reading:
    """What running a file's top level would do, as far as its source shows it."""

    def __init__(self, tree):
        self.origins = Origins()
        # Names that can be used in expressions.
        self.quiet = {"bool", "float", "int", "str", "True", "False", "None"}
        #: The libraries that can be loaded late; none where something might see that.
        self.late = set()
        if not all(self._is_blind(each) for each in tree.body):
            self.late = set()

    def _is_blind(self, statement):
        """Whether a statement comes out the same with the libraries loaded and without."""
        self.quiet -= set(_bound(statement))
        if isinstance(statement, ast.Import):
            return all(self._may_import(alias.name) for alias in statement.names)
        if isinstance(statement, ast.ImportFrom):
            return statement.level == 0 and self._takes_from(statement)
        if isinstance(statement, ast.ClassDef):
            return is_inert(statement) or self._is_flow(statement)
        if isinstance(statement, ast.If):
            return self._is_start(statement)
        if isinstance(statement, ast.Assign) and is_inert(statement):
            self.quiet.update(each.id for each in statement.targets)
        return is_inert(statement)

    def _may_import(self, name):
        root = name.split(".")[0]
        if name in LATE and self._is_from(root, self.origins.is_installed):
            self.late.add(name)
            return True
        return root not in LATE and self._is_from(root, self.origins.is_standard)

    def _takes_from(self, statement):
        from .decorators import __all__ as decorators
        root = statement.module.split(".")[0]
        if root in _FRONT_ENDS and statement.module == root:
            known = {*decorators, *_QUIET}
            names = {alias.asname or alias.name: alias.name for alias in statement.names}
            self.quiet.update(known if "*" in names else [name for name in names if names[name] in known])
        return root not in LATE and self._is_from(root, self.origins.is_standard)

    @staticmethod
    def _is_from(root, rule):
        if root in sys.builtin_module_names:
            return True
        spec = importlib.util.find_spec(root)
        return spec is not None and spec.origin is not None and (not spec.has_location or rule(spec.origin))

    def _is_flow(self, statement):
        expressions = [*statement.bases, *statement.decorator_list]
        # A method could stand for a decorator of its name.
        are_apart = self.quiet.isdisjoint(name for each in statement.body for name in _bound(each))
        return (are_apart and not statement.keywords and all(map(self._is_quiet, expressions))
                and all(map(self._is_member, statement.body)))

    def _is_member(self, statement):
        if isinstance(statement, ast.FunctionDef):
            return (not statement.name.startswith("__") and has_plain_signature(statement)
                    and all(map(self._is_quiet, statement.decorator_list)))
        if isinstance(statement, ast.Assign):
            return all(isinstance(each, ast.Name) for each in statement.targets) and self._is_quiet(statement.value)
        return is_inert(statement) and not isinstance(statement, (ast.ClassDef, ast.AsyncFunctionDef))

    def _is_quiet(self, expression):
        """Whether an expression uses nothing but constants and what is known of Metaflow."""
        if isinstance(expression, ast.Constant):
            return True
        if isinstance(expression, ast.Name):
            return expression.id in self.quiet
        if isinstance(expression, (ast.Tuple, ast.List, ast.Set)):
            return all(map(self._is_quiet, expression.elts))
        if isinstance(expression, ast.Dict):
            return all(map(self._is_quiet, [each for each in [*expression.keys, *expression.values] if each]))
        if isinstance(expression, ast.Call):
            words = [*expression.args, *(each.value for each in expression.keywords)]
            return isinstance(expression.func, ast.Name) and all(map(self._is_quiet, [expression.func, *words]))
        return isinstance(expression, ast.UnaryOp) and isinstance(expression.operand, ast.Constant)

    @staticmethod
    def _is_start(statement):
        """`if __name__ == "__main__": MyFlow()`"""
        test = statement.test
        is_main = isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
        return is_inert(statement) or is_main and not statement.orelse and all(
            isinstance(each, ast.Expr) and isinstance(each.value, ast.Call) and isinstance(each.value.func, ast.Name)
            and not each.value.args and not each.value.keywords for each in statement.body)


def _bound(statement):
    """The names that a statement gives a meaning to, as far as those are told apart here."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    if isinstance(statement, ast.Assign):
        return [each.id for each in statement.targets if isinstance(each, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return [statement.name] if hasattr(statement, "name") else []


class _Finder:
    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name) if name in self.names else None
        # Other loaders, such as those of modules in C, need not know of loading late.
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
