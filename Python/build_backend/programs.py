"""The two programs of the wheel: found, checked to be static, and stripped."""

import os
import platform
import shutil
import subprocess
import sysconfig
import tempfile

NAMES = ("muster", "muster-agent")
ELF = b"\x7fELF"
# The program header that names a dynamic linker.
PT_INTERP = 3


def paths(root):
    """The programs of the release build; MUSTER_BUILD_FOLDER names another folder."""
    folder = os.environ.get("MUSTER_BUILD_FOLDER") or os.path.join(root, ".build", "release")
    found = [os.path.join(folder, name) for name in NAMES]
    missing = [path for path in found if not os.access(path, os.X_OK)]
    if missing:
        raise SystemExit(f"{missing[0]} is not there: run `make wheel`, or name a folder in MUSTER_BUILD_FOLDER")
    return found


def platforms():
    """The platform tags of a wheel whose programs are static: any glibc, any musl.

    manylinux2014 is manylinux_2_17 as pip before 20.3, which comes with the first releases of Python 3.9, calls it.
    """
    if platform.system() != "Linux":
        return [sysconfig.get_platform().replace("-", "_").replace(".", "_")]
    machine = platform.machine()
    return [f"manylinux2014_{machine}", f"manylinux_2_17_{machine}", f"musllinux_1_1_{machine}"]


def stripped(path):
    """The program's bytes without its symbols, which are more than half of it."""
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(ELF):
        return data
    if needs_linker(data):
        raise SystemExit(f"{path} is linked dynamically and would not start on other systems: run `make wheel`")
    tool = shutil.which("strip") or shutil.which("llvm-strip")
    if tool is None:
        raise SystemExit("there is no `strip` on the PATH: install binutils")
    with tempfile.TemporaryDirectory() as folder:
        result = os.path.join(folder, os.path.basename(path))
        subprocess.run([tool, "-o", result, path], check=True)
        with open(result, "rb") as file:
            return file.read()


def needs_linker(data):
    """True for a 64-bit ELF file that names a dynamic linker."""
    def number(place, size):
        return int.from_bytes(data[place:place + size], "little")
    table, size, count = number(32, 8), number(54, 2), number(56, 2)
    return any(number(table + index * size, 4) == PT_INTERP for index in range(count))
