"""Processes of a run, found by the mark that every one of them carries in its environment."""

import pathlib


def scoped():
    """Of every live process with MUSTER_SCOPE: its id, its program's name and its variables."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            block = (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            name = (folder / "comm").read_text().strip()
        except OSError:
            continue
        if b"MUSTER_SCOPE=" not in block or state in "ZX":
            continue
        variables = dict(entry.split("=", 1) for entry in block.decode(errors="replace").split("\0") if "=" in entry)
        if "MUSTER_SCOPE" in variables:
            found.append((int(folder.name), name, variables))
    return found


def peak_memory(pid):
    """The largest resident size that the process has had so far, in MiB; None when it has gone."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None
