# Leaves a process in a session of its own behind, and does not wait for it.
setsid sleep 601 </dev/null >/dev/null 2>&1 &
