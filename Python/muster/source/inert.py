"""Statements that only define names: they have no side effects, and no influence on imports after them."""

import ast
import builtins

_PLAIN = (ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.expr_context)


def is_inert(statement):
    """True if a statement only creates plain values, functions and classes. For imports it is false."""
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Assign):
        return all(isinstance(each, ast.Name) for each in statement.targets) and is_plain(statement.value)
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name) and is_plain(statement.value) and is_plain(statement.annotation)
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return not statement.decorator_list and has_plain_signature(statement)
    if isinstance(statement, ast.ClassDef):
        return _is_plain_class(statement)
    return isinstance(statement, ast.If) and _is_for_checkers(statement)


def is_plain(expression):
    """True for None, and for an expression of constants, names and containers of them."""
    return expression is None or all(
        isinstance(each, _PLAIN) or _is_negative_number(each) for each in ast.walk(expression))


def has_plain_signature(function):
    """True if defaults and annotations are plain, so that defining the function calls nothing."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    expressions = [*given.defaults, *given.kw_defaults, function.returns, *(each.annotation for each in every if each)]
    return all(is_plain(each) for each in expressions)


def _is_negative_number(node):
    return isinstance(node, (ast.UnaryOp, ast.unaryop)) and (
        isinstance(node, ast.unaryop) or isinstance(node.operand, ast.Constant))


def _is_plain_class(statement):
    """True if the bases are builtin types: any other base may have code that runs for a subclass."""
    bases = [getattr(builtins, each.id, None) if isinstance(each, ast.Name) else None for each in statement.bases]
    return (not statement.decorator_list and not statement.keywords and all(isinstance(each, type) for each in bases)
            and all(is_inert(each) for each in statement.body))


def _is_for_checkers(statement):
    """True for `if TYPE_CHECKING:`, whose body never runs."""
    test = statement.test
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING" and not statement.orelse
