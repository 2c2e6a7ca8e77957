/* A rank that has met the others and then waits, with something in shared memory. */
#include <mpi.h>
#include <unistd.h>

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Barrier(MPI_COMM_WORLD);
    for (;;) sleep(600);
}
