"""The network of the containers: a bridge that Scripts/batch-server makes. Each node has an address of its own on it and
a name in its /etc/hosts, reaches the other nodes and this machine, and nothing else: nothing is translated or routed.

podman's own networks would need rules of iptables, which outlive them. A container is made without a network, and its
device is put into it before its program starts.
"""

import itertools
import pathlib
import subprocess
import threading


class Network:
    def __init__(self, bridge, folder):
        self.bridge, self._folder = bridge, pathlib.Path(folder)
        # The bridge's number is its network's: mubatch201 has 10.201.0.0/16.
        self._prefix = f"10.{bridge.removeprefix('mubatch')}"
        self.gateway = f"{self._prefix}.0.1"
        self._numbers = itertools.count(10)
        self._lock = threading.Lock()
        self._folder.mkdir(parents=True, exist_ok=True)
        # No name server can be reached. This one refuses at once; any other would be waited for 10 s each time.
        self.resolv_conf = self._folder / "resolv.conf"
        self.resolv_conf.write_text("nameserver 127.0.0.1\n")

    def endpoint(self):
        with self._lock:
            number = next(self._numbers)
        return Endpoint(self, number, f"{self._prefix}.{number // 250 % 250}.{number % 250 + 2}", self._folder)


class Endpoint:
    """The place of one container in the network."""

    def __init__(self, network, number, address, folder):
        self.address = address
        self.host = f"ip-{address.replace('.', '-')}"
        self._network, self._device = network, f"{network.bridge.removeprefix('mu')}n{number}"
        self.hosts = folder / f"hosts-{number}"
        self.hosts.write_text(f"127.0.0.1 localhost\n::1 localhost\n{address} {self.host}.ec2.internal {self.host}\n")

    def attach(self, pid):
        """Puts the device into the network namespace of a process."""
        _run(["ip", "-batch", "-"],
             f"link add {self._device} type veth peer name eth0 netns {pid}\n"
             f"link set {self._device} master {self._network.bridge} up\n")
        _run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-batch", "-"],
             f"address add {self.address}/16 dev eth0\nlink set lo up\nlink set eth0 up\n"
             f"route add default via {self._network.gateway}\n")

    def cut(self):
        """Nothing that the container sends arrives any more. It may have ended already."""
        subprocess.run(["ip", "link", "set", self._device, "down"], stderr=subprocess.DEVNULL, check=False)

    def release(self):
        self.hosts.unlink(missing_ok=True)


def _run(command, text):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout.strip()}")
