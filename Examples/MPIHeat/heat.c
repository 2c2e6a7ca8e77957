/* Heat in a square plate, on all ranks together.

       heat OUTPUT [SIZE [STEPS]]

   The plate has SIZE x SIZE inner points; its upper edge is held at 1, the other edges at 0. Every rank keeps a block of
   rows and, above and below it, one row of its neighbours (the halo), which they exchange before each step. Rank 0 writes
   all inner points to OUTPUT: doubles, row by row.

   A point's new value depends on its four neighbours alone and is added up in the same order everywhere, and a maximum
   does not depend on the order either: the result is the same, to the last bit, whatever the number of ranks. */

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first row of a rank's block; ranks differ by one row at most. */
static int first_row(int rank, int ranks, int size) { return (int)((long)size * rank / ranks); }

/* Gives each neighbour the row of ours that it needs and takes its own. Beyond the plate MPI_PROC_NULL leaves the edge as
   it is. */
static void exchange(double *grid, int rows, int width, int above, int below) {
    double *first = grid + width, *last = grid + rows * width;
    MPI_Sendrecv(first, width, MPI_DOUBLE, above, 0, last + width, width, MPI_DOUBLE, below, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Sendrecv(last, width, MPI_DOUBLE, below, 1, first - width, width, MPI_DOUBLE, above, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* One step from `old` to `new`; answers the largest change of a point. */
static double step(const double *old, double *new, int rows, int width) {
    double largest = 0;
    for (int row = 1; row <= rows; row++) {
        const double *here = old + row * width;
        for (int column = 1; column < width - 1; column++) {
            double mean = 0.25 * ((here[column - width] + here[column + width]) + (here[column - 1] + here[column + 1]));
            double change = fabs(mean - here[column]);
            if (change > largest) largest = change;
            new[row * width + column] = mean;
        }
    }
    return largest;
}

/* Takes the blocks one after the other, so that rank 0 never holds the whole plate. */
static int write_plate(const char *path, const double *grid, int rank, int ranks, int size) {
    int width = size + 2;
    if (rank > 0) {
        int rows = first_row(rank + 1, ranks, size) - first_row(rank, ranks, size);
        MPI_Send(grid + width, rows * width, MPI_DOUBLE, 0, 2, MPI_COMM_WORLD);
        return 1;
    }
    FILE *file = fopen(path, "wb");
    if (!file) return 0;
    double *block = malloc(sizeof(double) * width * (size / ranks + 1));
    for (int source = 0; source < ranks; source++) {
        int rows = first_row(source + 1, ranks, size) - first_row(source, ranks, size);
        if (source == 0)
            memcpy(block, grid + width, sizeof(double) * width * rows);
        else
            MPI_Recv(block, rows * width, MPI_DOUBLE, source, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        for (int row = 0; row < rows; row++) fwrite(block + row * width + 1, sizeof(double), size, file);
    }
    free(block);
    int failed = ferror(file);
    return fclose(file) == 0 && !failed;
}

int main(int count, char **arguments) {
    MPI_Init(&count, &arguments);
    int rank, ranks, length;
    char host[MPI_MAX_PROCESSOR_NAME];
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Get_processor_name(host, &length);

    int size = count > 2 ? atoi(arguments[2]) : 240, steps = count > 3 ? atoi(arguments[3]) : 2000;
    if (count < 2 || size < ranks || steps < 0) {
        if (rank == 0) fprintf(stderr, "usage: heat OUTPUT [SIZE [STEPS]]; SIZE is at least the number of ranks\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }

    int first = first_row(rank, ranks, size), rows = first_row(rank + 1, ranks, size) - first, width = size + 2;
    int above = rank > 0 ? rank - 1 : MPI_PROC_NULL, below = rank < ranks - 1 ? rank + 1 : MPI_PROC_NULL;
    double *old = calloc((size_t)(rows + 2) * width, sizeof(double)), *new = calloc((size_t)(rows + 2) * width, sizeof(double));
    if (rank == 0)
        for (int column = 0; column < width; column++) old[column] = new[column] = 1;
    printf("rank %d of %d on %s: rows %d to %d\n", rank, ranks, host, first, first + rows - 1);
    fflush(stdout);

    double largest = 0;
    for (int number = 0; number < steps; number++) {
        exchange(old, rows, width, above, below);
        double mine = step(old, new, rows, width);
        if (number == steps - 1) MPI_Allreduce(&mine, &largest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        double *swap = old;
        old = new;
        new = swap;
    }

    if (!write_plate(arguments[1], old, rank, ranks, size)) {
        perror(arguments[1]);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    if (rank == 0) printf("%d x %d points, %d steps, largest change in the last one %.3e\n", size, size, steps, largest);
    free(old);
    free(new);
    MPI_Finalize();
    return 0;
}
