"""Starts `mpiexec` on node 0, which starts its daemons on the other nodes through `mpi-agent` in place of ssh.

The variables are those of Open MPI 4, Open MPI 5 and MPICH together: each ignores those of the others.
"""

import pathlib

AGENT = pathlib.Path(__file__).with_name("mpi-agent")


def first_collective(programs, python, script, nodes):
    names = [f"node-{node}" for node in range(nodes)]
    for name in names:
        (programs.folder / name).mkdir()
    slots, counts = programs.folder / "slots", programs.folder / "counts"
    slots.write_text("".join(f"{name} slots=1\n" for name in names))
    counts.write_text("".join(f"{name}:1\n" for name in names))
    mpiexec = python.parent / "mpiexec"
    started = programs.start(
        # Node 0 needs its name from the hostfile, otherwise mpiexec starts a daemon for it as well.
        [AGENT, names[0], mpiexec if mpiexec.exists() else "mpiexec", "-n", nodes, python, script],
        NODES=str(programs.folder),
        OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_mpi_yield_when_idle="1",
        OMPI_MCA_plm_rsh_agent=str(AGENT), OMPI_MCA_orte_default_hostfile=str(slots),
        PRTE_MCA_plm_ssh_agent=str(AGENT), PRTE_MCA_prte_default_hostfile=str(slots),
        PRTE_MCA_hwloc_default_binding_policy="none",
        HYDRA_LAUNCHER="ssh", HYDRA_LAUNCHER_EXEC=str(AGENT), HYDRA_HOST_FILE=str(counts), HYDRA_IFACE="lo",
        HYDRA_ENV="none")
    taken = programs.first_collective(nodes)
    programs.finish([started])
    return taken
