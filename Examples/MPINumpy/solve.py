"""Solves a system of linear equations on all ranks together by conjugate gradients; rank 0 writes what came out.

Every rank makes and keeps a block of the matrix's rows. A step multiplies that block with the whole vector, which the
ranks put together from their parts, and adds up dot products over all of them. The matrix is made from its indices, so
every number of ranks solves the same system, and the true solution is known.
"""

import argparse
import socket

import numpy
from mpi4py import MPI

parser = argparse.ArgumentParser()
parser.add_argument("output")
parser.add_argument("--size", type=int, default=1200)
arguments = parser.parse_args()

ranks = MPI.COMM_WORLD
size = arguments.size
if size < ranks.size:
    parser.error(f"--size has to be at least the number of ranks, {ranks.size}")
starts = [size * rank // ranks.size for rank in range(ranks.size + 1)]
counts = numpy.diff(starts)
mine = slice(starts[ranks.rank], starts[ranks.rank + 1])

# Symmetric and positive definite: far from the diagonal it fades, on it it dominates.
rows, columns = numpy.meshgrid(numpy.arange(mine.start, mine.stop), numpy.arange(size), indexing="ij")
block = 1 / (1.0 + (rows - columns) ** 2)
block[rows == columns] += 2
truth = numpy.sin(numpy.arange(size))


def whole(part):
    """The vector of which every rank has a part."""
    vector = numpy.empty(size)
    ranks.Allgatherv(part, [vector, counts])
    return vector


def dot(left, right):
    return ranks.allreduce(float(left @ right))


solution = numpy.zeros(counts[ranks.rank])
residual = block @ truth
direction = residual.copy()
square = dot(residual, residual)
iterations = 0
while square > 1e-24 and iterations < size:
    product = block @ whole(direction)
    length = square / dot(direction, product)
    solution += length * direction
    residual -= length * product
    before, square = square, dot(residual, residual)
    direction = residual + square / before * direction
    iterations += 1

error = ranks.allreduce(float(numpy.abs(solution - truth[mine]).max()), op=MPI.MAX)
hosts = ranks.gather(socket.gethostname())
if ranks.rank == 0:
    print(f"{size} unknowns, {ranks.size} ranks on {len(set(hosts))} nodes, {iterations} iterations, largest error {error:.1e}")
    numpy.array([error, iterations, ranks.size, len(set(hosts))], dtype=numpy.float64).tofile(arguments.output)
