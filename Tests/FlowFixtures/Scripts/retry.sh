#!/bin/sh
# retry.sh ATTEMPT PORTS: writes down where this attempt's cluster meets; the first attempt fails.
echo "$MASTER_PORT $TORCHELASTIC_RUN_ID" >>"$2"
test "$1" -gt 0
