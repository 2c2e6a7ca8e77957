"""Asks the node's agent over its Unix socket: one JSON object a line, one answer to each."""

import json
import socket

from .errors import ProtocolError, StepFailure


class Agent:
    """The agent of this node. Every request has a connection of its own, so threads and forks need no care."""

    def __init__(self, path):
        self.path = path

    def ask(self, request):
        """Sends `request` and returns the answer's one entry as (name, fields).

        Raises StepFailure when the agent says that it failed, ProtocolError when there is no agent to ask.
        """
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.connect(self.path)
                connection.sendall(json.dumps(request).encode() + b"\n")
                line = _line(connection)
        except OSError as error:
            raise ProtocolError(f"the agent at {self.path} could not be asked: {error}") from None
        (name, fields), = json.loads(line).items()
        if name == "failed":
            raise StepFailure(fields["failure"])
        return name, fields

    def locate(self, reference):
        """The path of an artifact's bytes, which the agent has checked."""
        return self.ask({"artifact": {"reference": reference}})[1]["path"]

    def try_locate(self, references):
        """The paths of several artifacts' bytes; none where one of them cannot be had, which then fails by itself."""
        try:
            return self.ask({"artifacts": {"references": references}})[1]["paths"]
        except StepFailure:
            return []

    def launch(self, framework, options):
        """Runs something of the step's framework and returns when it has ended well on every node."""
        self.ask({"framework": {"framework": framework, "options": options}})

    def run(self, arguments, environment=None):
        """Runs one program on this node, below its agent, and returns when it has left with 0."""
        self.ask({"process": {"arguments": arguments, "environment": environment or {}}})


def _line(connection):
    pieces = []
    while True:
        piece = connection.recv(1 << 16)
        if not piece:
            raise ProtocolError("the agent closed the connection without an answer")
        pieces.append(piece)
        if piece.endswith(b"\n"):
            return b"".join(pieces)
