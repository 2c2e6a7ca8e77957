"""One link of a ring: takes the token from the node before and gives it to the next one, some laps long."""

import socket
import sys
import time

own, following = sys.argv[1], sys.argv[3]
port, target, laps, node, pause = int(sys.argv[2]), int(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6]), int(sys.argv[7])
server = socket.create_server((own, port))
deadline = time.monotonic() + 30
while True:
    try:
        next_link = socket.create_connection((following, target), timeout=5)
        break
    except ConnectionRefusedError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.02)
before, _ = server.accept()
for lap in range(laps):
    time.sleep(pause / 1000)
    if node == 0:
        next_link.sendall(b"t")
    if before.recv(1) != b"t":
        sys.exit("the token is lost")
    print(f"lap {lap}: the token came by node {node}", flush=True)
    if node != 0:
        next_link.sendall(b"t")
