"""`tag list`, `add`, `remove`, `replace`: the tags of runs."""

from ..client import Flow
from ..command_line.grammar import Refused
from ..errors import MetaflowNamespaceMismatch, MetaflowTaggingError
from ..users import identity
from . import pathspecs

# Columns of a table of tags, and the spaces between two of them.
WIDTH, GAP = 120, 4


# Changes

def add(given, screen):
    _change(given, screen, adding=given.arguments)


def remove(given, screen):
    _change(given, screen, removing=given.arguments)


def replace(given, screen):
    if not given.remove:
        raise Refused("tag replace needs a tag that goes, with --remove; tag add adds some")
    if not given.add:
        raise Refused("tag replace needs a tag that comes, with --add; tag remove takes some off")
    _change(given, screen, given.add, given.remove)


def _change(given, screen, adding=(), removing=()):
    run = _run(given, screen)
    try:
        run.replace_tags(list(removing), list(adding))
    except MetaflowTaggingError as error:
        raise Refused(str(error)) from None
    screen.say("Operation successful. New tags:")
    _show({run.pathspec: run.system_tags}, {run.pathspec: run.tags}, screen)


def _run(given, screen):
    """Returns the named run. It has to be in the namespace, by default the user's own."""
    name = identity() if given.namespace is None else given.namespace
    if given.run_id is None:
        run = next((each for each in Flow(screen.flow, _namespace_check=False).runs(*([name] if name else []))), None)
        newest = f"; the newest in the namespace {name} is {run.id}" if run else ""
        raise Refused(f"which run? name it with --run-id{newest}")
    run = pathspecs.run(screen.flow, pathspecs.parts(given.run_id, screen.flow)[-1])
    if name and name not in run.tags:
        raise MetaflowNamespaceMismatch(f"the run {run.pathspec} is not in the namespace {name}; --namespace names another")
    return run


# The list

def list_tags(given, screen):
    name = given.run_id or (given.arguments[0] if given.arguments else None)
    _check(given)
    if name:
        runs = [pathspecs.run(screen.flow, pathspecs.parts(name, screen.flow)[-1])]
    else:
        runs = list(Flow(screen.flow, _namespace_check=False).runs(*([identity()] if given.my_runs else [])))
    system = {run.pathspec: frozenset() if given.hide_system_tags else run.system_tags for run in runs}
    every = {run.pathspec: run.tags - run.system_tags if given.hide_system_tags else run.tags for run in runs}
    if given.flat:
        for tag in sorted({tag for tags in every.values() for tag in tags}):
            screen.tell(tag)
    elif given.group_by_tag:
        _show_by_tag(runs, system, every, screen)
    elif given.group_by_run:
        _show(system, every, screen)
    else:
        together = ",".join(every)
        _show({together: frozenset().union(*system.values())}, {together: frozenset().union(*every.values())}, screen)


def _check(given):
    exclusive = (
        (given.all and given.my_runs, "--all and --my-runs"),
        (given.run_id is not None and bool(given.arguments), "--run-id and a run's id as an argument"),
        (given.group_by_run and given.group_by_tag, "--group-by-run and --group-by-tag"),
        (given.flat and (given.group_by_run or given.group_by_tag), "--flat and --group-by-…"))
    for both, names in exclusive:
        if both:
            raise Refused(f"{names} exclude each other")


def _show_by_tag(runs, system, every, screen):
    _head(screen)
    tags = sorted({tag for tags in every.values() for tag in tags})
    for tag in tags:
        having = [run.pathspec for run in runs if tag in every[run.pathspec]]
        is_system = any(tag in system[each] for each in having)
        if screen.is_quiet:
            screen.tell(f"{'system' if is_system else 'user'}:{tag} ; {','.join(having)}")
        else:
            screen.show(f"For tag {tag if is_system else screen.marked(tag)}")
            _columns(having, screen)


def _show(system, every, screen):
    """Prints the tags of each run, with those marked that can be changed."""
    _head(screen)
    for run in sorted(every):
        if screen.is_quiet:
            screen.tell(" ; ".join([run, ",".join(sorted(system[run])), ",".join(sorted(every[run] - system[run]))]))
            continue
        if len(every) > 1:
            screen.show(f"For run {run}")
        _columns([tag if tag in system[run] else screen.marked(tag) for tag in sorted(every[run])], screen)


def _head(screen):
    if not screen.is_quiet:
        screen.show(f"\nSystem tags and {screen.marked('tags')}; only {screen.marked('tags')} can be modified\n{'-' * 56}\n")


def _columns(texts, screen):
    width = max(map(len, texts), default=0)
    count = max(1, (WIDTH + GAP) // (width + GAP))
    rows = -(-len(texts) // count)
    for row in range(rows):
        screen.show((" " * GAP).join(f"{text:{width}}" for text in texts[row::rows]).rstrip())
    screen.show("")
