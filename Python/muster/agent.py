"""Sends requests to the node's agent over its Unix socket: one line of JSON for a request, one for its answer."""

import json
import socket

from .errors import ProtocolError, StepFailure


class Agent:
    """The agent of this node. Every request opens a connection of its own, so that threads and forked processes share
    none.
    """

    def __init__(self, path):
        self.path = path

    def ask(self, request):
        """Sends `request` and returns the answer's one entry as (name, fields).

        Raises StepFailure if the agent reports a failure, ProtocolError if the agent cannot be reached.
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
        """Returns the path of an artifact's bytes, whose digest the agent has checked."""
        return self.ask({"artifact": {"reference": reference}})[1]["path"]

    def try_locate(self, references):
        """Returns the paths of several artifacts' bytes. If one is missing it returns none: reading that one reports
        the error.
        """
        try:
            return self.ask({"artifacts": {"references": references}})[1]["paths"]
        except StepFailure:
            return []

    def launch(self, framework, options):
        """Starts processes of the step's framework and returns when they have ended on every node. Raises StepFailure."""
        self.ask({"framework": {"framework": framework, "options": options}})

    def run(self, arguments, environment=None):
        """Runs one program on this node as a child of its agent. Raises StepFailure unless it exits with 0."""
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
