"""The syntax trees of functions and classes, found in the tree of their file by name and line.

`inspect.getsource` finds them by reading tokens, and to compile the regular expressions of `tokenize` takes longer than
to describe a small flow: this saves 9 ms of 38, which are 3 % of a whole gang (Benchmarks: python-gang). Where the file
is not plain Python, such as a notebook, `inspect` finds them all the same.
"""

import ast
import linecache
import sys

# By file: its lines, and the tree that they give.
_trees = {}


def unwrapped(function):
    """The innermost function that decorators with `functools.wraps` stand around."""
    seen = set()
    while hasattr(function, "__wrapped__") and id(function) not in seen:
        seen.add(id(function))
        function = function.__wrapped__
    return function


def of_function(function):
    """(definition, offset): the definition's node, and what to add to its line numbers for those of the file.

    Raises OSError where there is no source, SyntaxError where it cannot be parsed.
    """
    function = unwrapped(function)
    code = function.__code__
    found = [
        node for node in _nodes(code.co_filename, function.__globals__)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name == code.co_name and _first_line(node) == code.co_firstlineno]
    if len(found) == 1:
        return found[0], 0
    import inspect
    import textwrap
    lines, first = inspect.getsourcelines(function)
    return ast.parse(textwrap.dedent("".join(lines))).body[0], first - 1


def place_of_class(kind):
    """(file, line) of the class's statement, below its decorators. Raises OSError or TypeError where there is no
    source.
    """
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    found = [
        node for node in _nodes(file, vars(module)) if isinstance(node, ast.ClassDef) and node.name == kind.__qualname__
    ] if file else []
    if len(found) == 1:
        return file, found[0].lineno
    import inspect
    lines, first = inspect.getsourcelines(kind)
    offset = next((offset for offset, line in enumerate(lines) if line.lstrip().startswith("class ")), 0)
    return inspect.getsourcefile(kind), max(first, 1) + offset


def _first_line(node):
    """The line that a function's code begins with: its first decorator's, or its own."""
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def _nodes(file, names):
    """All nodes of a file. names: the variables of its module, which may have a loader that knows the source."""
    lines = linecache.getlines(file, names)
    known, tree = _trees.get(file, (None, None))
    if known is not lines:
        try:
            tree = ast.parse("".join(lines))
        except (SyntaxError, ValueError):
            tree = ast.Module(body=[], type_ignores=[])
        _trees[file] = lines, tree
    return ast.walk(tree)
