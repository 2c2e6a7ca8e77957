"""Parsers for configs: `Config("packages", default="requirements.txt", parser=requirements_txt_parser)`.

Parsers of package lists return `{"packages": {name: version}, "python": version}`, the options of @pypi and @conda.
"""

import re

from ..errors import ParameterError

# A package's name with its extras, then its URL or its versions.
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(?:@\s*(\S+)|\(?([<>=!~][^;@()]*)\)?)?\s*")
_CONDA = re.compile(r"([A-Za-z0-9_.-]+)\s*([=<>!~].*)?")


class ParserValueError(ParameterError):
    """A line of a list of packages cannot be read."""

    headline = "Value error"


def yaml_parser(content):
    """Parses YAML with the installed PyYAML."""
    try:
        import yaml
    except ImportError:
        raise ParameterError(
            "yaml_parser needs PyYAML, which is not installed here: install it (pip install pyyaml), or keep the config as JSON") from None
    return yaml.safe_load(content)


def requirements_txt_parser(content):
    """Parses the packages of a requirements.txt."""
    found = {"packages": {}, "python": None}
    for line in _lines(content):
        if line != "-e file:.":
            _add(found, line, " =")
    return found


def pyproject_toml_parser(content):
    """Parses `requires-python` and `dependencies` of the project in a pyproject.toml."""
    try:
        import tomllib
    except ImportError:
        try:
            import tomli as tomllib
        except ImportError:
            raise ParameterError("before Python 3.11, pyproject_toml_parser needs tomli: pip install tomli") from None
    project = tomllib.loads(content).get("project", {})
    python = project.get("requires-python")
    found = {"packages": {}, "python": None if python is None else python.lstrip("=").strip()}
    for line in project.get("dependencies", []):
        _add(found, line.strip(), "=")
    return found


def conda_environment_yml_parser(content):
    """Parses the dependencies of a conda environment.yml, one package a line."""
    found, is_inside = {"packages": {}, "python": None}, False
    for line in _lines(content):
        if line.lower().startswith("dependencies:"):
            is_inside = True
            continue
        is_inside = is_inside and line.startswith("-")
        if not is_inside:
            continue
        line = line.lstrip("-").strip()
        match = None if line.endswith(":") else _CONDA.fullmatch(line)
        if not match:
            raise ParserValueError(f"'{line}' in environment.yml is no package that can be read: packages are written name=version")
        _put(found, match[1], match[1], (match[2] or "").strip().lstrip("=").strip(), line)
    return found


def _lines(content):
    """Yields the lines without comments, but for empty ones."""
    for line in content.splitlines():
        line = re.sub(r"(^|\s+)#.*$", "", line.strip()).strip()
        if line:
            yield line


def _add(found, line, before):
    """before: characters to strip in front of a version."""
    match = _REQUIREMENT.fullmatch(line)
    if ";" in line:
        raise ParserValueError(f"'{line}' counts in some places only, which a step's packages cannot; write it without the condition")
    if not match:
        raise ParserValueError(f"'{line}' is no requirement that can be read: write name==version, name>=version or name")
    name, extras, url, versions = match.groups()
    extras = ",".join(each.strip() for each in extras[1:-1].split(",")) if extras else ""
    key = name + (f"[{extras}]" if extras else "") + (f"@{url}" if url else "")
    versions = ",".join(sorted(re.sub(r"\s+", "", each) for each in (versions or "").split(",")))
    _put(found, name, key, versions.lstrip(before), line)


def _put(found, name, key, version, line):
    if name.lower() != "python":
        found["packages"][key] = version
    elif found["python"] is not None and version:
        raise ParserValueError(f"'{line}': the version of Python is there already")
    else:
        found["python"] = version or None
