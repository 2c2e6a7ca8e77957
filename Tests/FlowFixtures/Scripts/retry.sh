#!/bin/sh
# retry.sh ATTEMPT PORTS: writes down where this attempt's cluster meets; the first attempt fails, once both nodes have.
echo "$MASTER_PORT $TORCHELASTIC_RUN_ID" >>"$2"
for _ in $(seq 200); do
    test "$(wc -l <"$2")" -ge $((2 * $1 + 2)) && break
    sleep 0.05
done
test "$1" -gt 0
