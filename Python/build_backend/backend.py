"""Builds the wheel: the package, and the programs `muster` and `muster-agent` of this source tree's release build.

`make wheel` runs it as a program, `pip install ./Python` calls `build_wheel`. Nothing is fetched for it. The same sources
and programs give the same bytes.
"""

import base64
import hashlib
import os
import sys
import zipfile

import metadata
import programs

PYTHON = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(PYTHON)
# `import metaflow` is Muster's where no Metaflow is installed; see muster_metaflow.py.
HOOK = "import muster_metaflow\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    version = metadata.version(PYTHON)
    tags = programs.platforms()
    name = f"muster-{version}-py3-none-{'.'.join(tags)}.whl"
    wheel = Wheel(os.path.join(wheel_directory, name), f"muster-{version}.dist-info")
    with wheel:
        for path in _sources():
            wheel.add_file(os.path.relpath(path, PYTHON), path)
        wheel.add("muster-metaflow.pth", HOOK.encode())
        for program in programs.paths(ROOT):
            data = programs.stripped(program)
            wheel.add(f"muster-{version}.data/scripts/{os.path.basename(program)}", data, mode=0o755)
        for place, path in metadata.licences(ROOT):
            wheel.add_file(f"{wheel.info}/licenses/{place}", path)
        wheel.add(f"{wheel.info}/METADATA", metadata.text(ROOT, version).encode())
        wheel.add(f"{wheel.info}/WHEEL", _wheel_file(tags).encode())
        wheel.add_record()
    return name


def _sources():
    yield os.path.join(PYTHON, "muster_metaflow.py")
    for folder, folders, names in os.walk(os.path.join(PYTHON, "muster")):
        folders[:] = sorted(each for each in folders if each != "__pycache__")
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py") or name == "VERSION")


def _wheel_file(tags):
    # Pure: the package goes to lib/, where `muster` looks for it, never to lib64/.
    lines = ["Wheel-Version: 1.0", "Generator: muster", "Root-Is-Purelib: true", *(f"Tag: py3-none-{tag}" for tag in tags)]
    return "\n".join(lines) + "\n"


class Wheel:
    """A wheel that is being written: its archive, and the lines of its RECORD."""

    def __init__(self, path, info):
        self.info, self.record = info, []
        self.archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.archive.close()

    def add_file(self, place, path):
        with open(path, "rb") as file:
            self.add(place, file.read())

    def add(self, place, data, mode=0o644):
        # ZipInfo's own date, 1980, keeps the archive reproducible.
        entry = zipfile.ZipInfo(place)
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self.archive.writestr(entry, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.record.append(f"{place},sha256={digest},{len(data)}\n")

    def add_record(self):
        place = f"{self.info}/RECORD"
        lines = [*self.record, f"{place},,\n"]
        self.add(place, "".join(lines).encode())


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    print(os.path.join(folder, build_wheel(folder)))
