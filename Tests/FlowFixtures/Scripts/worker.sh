# A worker that waits, with a daemon.
setsid sleep 601 </dev/null >/dev/null 2>&1 &
exec sleep 600
