"""Judges by their source which statements at a file's top level have no side effects."""

import ast

from .inert import has_plain_signature, is_inert

# The packages that define FlowSpec and its decorators.
FRONT_ENDS = ("metaflow", "muster")
# Names of Metaflow, beside the decorators, whose calls run no code of the user's.
_PURE = ("FlowSpec", "IncludeFile", "JSONType", "Parameter")


class TopLevel:
    """Judges the statements of a file one after the other. may_import: decides about each import statement."""

    def __init__(self, may_import):
        self.may_import = may_import
        # Names whose use in expressions has no side effects.
        self.pure_names = {"bool", "float", "int", "str", "True", "False", "None"}

    def is_pure(self, statement):
        """True if a statement, after others of this kind, only executes allowed imports and Metaflow's own code: it
        neither reads nor changes state outside of its module, and draws no random number.
        """
        self.pure_names -= set(_bound(statement))
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            return self.may_import(statement) and self._takes(statement)
        if isinstance(statement, ast.ClassDef):
            return is_inert(statement) or self._is_flow(statement)
        if isinstance(statement, ast.Assign) and is_inert(statement):
            self.pure_names.update(each.id for each in statement.targets)
        return is_inert(statement)

    def leading_count(self, statements):
        """Returns the number of leading statements of this kind."""
        return next((index for index, each in enumerate(statements) if not self.is_pure(each)), len(statements))

    def _takes(self, statement):
        """Notes the imported names that may be called. Returns false for `import *`, whose names are unknown."""
        from ..decorators import __all__ as decorators
        if isinstance(statement, ast.Import):
            return True
        names = {alias.asname or alias.name: alias.name for alias in statement.names}
        if statement.level == 0 and statement.module in FRONT_ENDS:
            known = {*decorators, *_PURE}
            self.pure_names.update(known if "*" in names else [name for name in names if names[name] in known])
            return True
        return "*" not in names

    def _is_flow(self, statement):
        expressions = [*statement.bases, *statement.decorator_list]
        # A method of a decorator's name would be called in its place.
        are_apart = self.pure_names.isdisjoint(name for each in statement.body for name in _bound(each))
        return (are_apart and not statement.keywords and all(map(self._is_known, expressions))
                and all(map(self._is_member, statement.body)))

    def _is_member(self, statement):
        if isinstance(statement, ast.FunctionDef):
            return (not statement.name.startswith("__") and has_plain_signature(statement)
                    and all(map(self._is_known, statement.decorator_list)))
        if isinstance(statement, ast.Assign):
            return all(isinstance(each, ast.Name) for each in statement.targets) and self._is_known(statement.value)
        return is_inert(statement) and not isinstance(statement, (ast.ClassDef, ast.AsyncFunctionDef))

    def _is_known(self, expression):
        """True if an expression uses only constants and known names of Metaflow."""
        if isinstance(expression, ast.Constant):
            return True
        if isinstance(expression, ast.Name):
            return expression.id in self.pure_names
        if isinstance(expression, (ast.Tuple, ast.List, ast.Set)):
            return all(map(self._is_known, expression.elts))
        if isinstance(expression, ast.Dict):
            return all(map(self._is_known, [each for each in [*expression.keys, *expression.values] if each]))
        if isinstance(expression, ast.Call):
            words = [*expression.args, *(each.value for each in expression.keywords)]
            return isinstance(expression.func, ast.Name) and all(map(self._is_known, [expression.func, *words]))
        return isinstance(expression, ast.UnaryOp) and isinstance(expression.operand, ast.Constant)


def is_start(statement):
    """True for `if __name__ == "__main__": MyFlow()`."""
    test = statement.test if isinstance(statement, ast.If) else None
    is_main = isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
    return is_main and not statement.orelse and all(
        isinstance(each, ast.Expr) and isinstance(each.value, ast.Call) and isinstance(each.value.func, ast.Name)
        and not each.value.args and not each.value.keywords for each in statement.body)


def _bound(statement):
    """Returns the names that a statement defines, for the kinds of statements that are judged here."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    if isinstance(statement, ast.Assign):
        return [each.id for each in statement.targets if isinstance(each, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return [statement.name] if hasattr(statement, "name") else []
