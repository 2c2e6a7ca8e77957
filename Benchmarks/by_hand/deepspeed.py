"""Starts one `deepspeed --no_ssh` on each node, with a hostfile; its other launchers need ssh."""

from by_hand.programs import address, free_port


def first_collective(programs, python, script, nodes):
    port = free_port(0)
    hostfile = programs.folder / "hostfile"
    hostfile.write_text("".join(f"{address(node)} slots=1\n" for node in range(nodes)))
    started = [
        programs.start(
            [python, python.parent / "deepspeed", "--hostfile", hostfile, "--no_ssh", "--node_rank", node, "--master_addr",
             address(0), "--master_port", port, "--no_local_rank", script],
            DS_ACCELERATOR="cpu")
        for node in range(nodes)
    ]
    taken = programs.first_collective(nodes)
    programs.finish(started)
    return taken
