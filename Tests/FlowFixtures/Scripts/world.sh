#!/bin/sh
# world.sh NODES: the cluster has as many ranks as the gang has nodes.
test "$WORLD_SIZE" = "$1"
