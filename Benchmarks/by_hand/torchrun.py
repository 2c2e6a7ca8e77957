"""Starts one torchrun on each node, with static rendezvous."""

from by_hand.programs import address, free_port


def first_collective(programs, python, script, nodes):
    port = free_port(0)
    started = [
        programs.start(
            [python, "-m", "torch.distributed.run", "--nnodes", nodes, "--nproc-per-node", 1, "--node-rank", node,
             "--master-addr", address(0), "--master-port", port, "--local-addr", address(node), script])
        for node in range(nodes)
    ]
    taken = programs.first_collective(nodes)
    programs.finish(started)
    return taken
