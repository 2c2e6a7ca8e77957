"""Benchmarks/RESULTS.md: the latest recorded table of each measure, and the machine it was taken on."""

import datetime
import os
import pathlib
import platform
import re

HEAD = """# Results

Written by `Benchmarks/run --record NAME…`. [Benchmarks](../Documentation/Benchmarks.md) says what is measured and how.
"""


def record(root, names, name, table):
    """Replaces the section `name`, and keeps the sections in the order of `names`."""
    file = root / "Benchmarks" / "RESULTS.md"
    sections = {}
    if file.exists():
        for section in re.split(r"^(?=## )", file.read_text(), flags=re.M)[1:]:
            sections[section.split()[1]] = section.strip() + "\n"
    sections[name] = f"## {name}\n\n{machine()}\n\n```\n{table.rstrip()}\n```\n"
    ordered = [sections[each] for each in names if each in sections]
    file.write_text("\n".join([HEAD] + ordered))


def machine():
    cpus = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", cpus, re.M)
    memory = int(re.search(r"^MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M).group(1)) / (1 << 20)
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(), re.M)
    return (f"{datetime.date.today().isoformat()}, {model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, "
            f"{memory:.0f} GiB, {system.group(1) if system else platform.system()}, Linux {platform.release().split('-')[0]}")
