"""`package list`, `save`, `info`: the files of the code package, which the command `muster` lists."""

import json
import os
import subprocess

from ..muster_command import environment, required_command
from ..command_line.translation import native
from ..errors import MusterException


def _files(screen):
    """Returns the package's files as `muster` lists them, and shows its remarks."""
    words = native(screen.front, ["package", "list"], ["--json"], screen.path)
    done = subprocess.run([required_command(), *words], capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        raise MusterException(done.stderr.strip())
    for line in done.stderr.splitlines():
        screen.say(line)
    return json.loads(done.stdout)


def _folder(screen):
    return os.path.dirname(os.path.realpath(screen.path))


def list_files(given, screen):
    for file in _files(screen):
        screen.show(file["path"] if given.archive else os.path.join(_folder(screen), file["path"]))


def save(given, screen):
    import tarfile
    with tarfile.open(given.arguments[0], "w:gz") as archive:
        for file in _files(screen):
            archive.add(os.path.join(_folder(screen), file["path"]), arcname=file["path"], recursive=False)
    screen.say(f"Code package saved in {given.arguments[0]}")


def info(given, screen):
    files = _files(screen)
    screen.show(f"Package size: {sum(file['size'] for file in files)} bytes")
    screen.show(f"Number of files: {len(files)}")
    screen.show(f"Packaged from directory {_folder(screen)}")
