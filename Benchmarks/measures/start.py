"""The start of both programs as the wheel carries them, and the sizes of the wheel and of what it installs."""

import pathlib
import statistics
import time
import zipfile

from harness import Result

LIMIT = 15.0
ROUNDS = 30


def measure(bench):
    bench.check(["make", "wheel"], cwd=bench.root)
    wheel = next((bench.root / ".build" / "wheel").glob("*.whl"))
    folder = bench.folder("wheel")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    programs = sorted(folder.glob("*.data/scripts/*"))
    columns, installed = {}, sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    for program in programs:
        program.chmod(0o755)
        columns[program.name] = [_start(bench, program) for _ in range(ROUNDS)]
    sizes = ", ".join(f"{each.name} {_mebibytes(each)}" for each in programs)
    return Result(
        columns, statistics.median(columns["muster"]), LIMIT, "milliseconds",
        f"`--version`; value is the median of muster; wheel {_mebibytes(wheel)}, installed {installed / 2**20:.1f} MiB: {sizes}")


def _start(bench, program: pathlib.Path):
    begin = time.perf_counter()
    bench.check([program, "--version"])
    return 1000 * (time.perf_counter() - begin)


def _mebibytes(path):
    return f"{path.stat().st_size / 2**20:.1f} MiB"
