/* Ranks that would wait for a minute, but for the one that the first argument names: it has all of them aborted. */
#include <mpi.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == atoi(argv[1])) MPI_Abort(MPI_COMM_WORLD, 5);
    sleep(60);
    MPI_Finalize();
    return 0;
}
