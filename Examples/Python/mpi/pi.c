// The area under 4 / (1 + x²) from 0 to 1, in strips that the ranks share out. Rank 0 writes the number of ranks and pi.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (argc < 3) MPI_Abort(MPI_COMM_WORLD, 2);
    long strips = atol(argv[2]);
    double part = 0, pi = 0;
    for (long strip = rank; strip < strips; strip += size) {
        double x = (strip + 0.5) / strips;
        part += 4 / (1 + x * x) / strips;
    }
    MPI_Reduce(&part, &pi, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        FILE *file = fopen(argv[1], "w");
        if (!file) MPI_Abort(MPI_COMM_WORLD, 3);
        fprintf(file, "%d %.6f\n", size, pi);
        fclose(file);
    }
    MPI_Finalize();
    return 0;
}
