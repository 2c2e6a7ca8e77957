#!/bin/sh
# fail.sh WAY RANK PIDS: every process leaves a daemon and sleeps for a minute, but RANK fails in its WAY after a second.
way=$1 failing=$2 pids=$3
rank=${RANK:-${PMIX_RANK:-${PMI_RANK:-${OMPI_COMM_WORLD_RANK:-$MUSTER_NODE_INDEX}}}}
setsid sh -c 'echo $$ >>"$0"; exec sleep 61' "$pids" </dev/null >/dev/null 2>&1 &
echo "rank $rank on node $MUSTER_NODE_INDEX with $MUSTER_NODES nodes, control task $MUSTER_CONTROL_TASK"
case $way in none | labelled) exit 0 ;; esac
# What everybody ignores is ignored by the programs that they become as well.
test "$way" = deaf && trap '' TERM
test "$rank" = "$failing" || exec sleep 60
sleep 1
echo "rank $rank fails on purpose" >&2
case $way in
    exit | deaf) exit 7 ;;
    kill) kill -9 $$ ;;
    segv) kill -SEGV $$ ;;
    # The parent is the agent's wrapper, where a launcher has started this.
    told) kill -TERM $PPID; sleep 60 ;;
    unwatched) kill -KILL $PPID; sleep 60 ;;
esac
