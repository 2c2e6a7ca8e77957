"""A stand-in for AWS Batch, for tests: one machine's containers in place of AWS's instances.

Jobs are real containers, run by podman, each with a network address, a file system, a memory limit and an end of its own.
AWS's rules for them are kept: see `rules.py` for what is refused, `jobs.py` for how a job of one or several nodes lives,
`containers.py` for what a container gets and which reasons its end has, `batch.py` for the operations. Requests must have
the shape of AWS's own model and a valid signature. CloudWatch Logs is moto's, and holds what the containers print.

Where AWS would keep something else, this server differs:

- Instances are not made: a job starts at once, and all machines are one. Everything is forgotten when the server ends.
- A role's credentials are the server's own key, at the address that ECS has for them, with a token that means nothing.
- With an S3 server given, containers get AWS_ENDPOINT_URL_S3 and AWS_REGION, for they do not reach AWS.
- TerminateJob and CancelJob refuse a job that is unknown. AWS says nothing of that.
- When a job of several nodes ends, its status is final once all its containers are gone.

Scripts/batch-server starts it.
"""

import argparse
import io
import json
import logging
import os
import pathlib
import threading
import urllib.parse

import moto.moto_server.werkzeug_app
import werkzeug.serving

import forward
import gateway
import signatures
from batch import Batch
from logs import Logs
from model import Model
from network import Network
from podman import Podman
from refusal import Refusal
from settings import ACCOUNT, REGION, Place, Settings


class Server:
    """The application of WSGI: Batch, moto for the rest, and what tests ask for below /muster-test."""

    def __init__(self, settings, batch):
        self._settings, self._batch, self._model = settings, batch, Model()
        self._moto = moto.moto_server.werkzeug_app.DomainDispatcherApplication(moto.moto_server.werkzeug_app.create_backend_app)
        self._calls, self._faults = threading.Lock(), []

    def __call__(self, environ, start_response):
        body = _body(environ)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        target, method = environ["RAW_URI"], environ["REQUEST_METHOD"]
        try:
            if target.startswith("/muster-test/"):
                return _answer(start_response, self._control(target, body))
            headers = {
                name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
            # WSGI names these two otherwise.
            headers |= {"content-type": environ.get("CONTENT_TYPE", ""), "content-length": environ["CONTENT_LENGTH"]}
            service = signatures.check(
                method, target, headers, body, self._settings.access_key, self._settings.secret_key)
            if service != "batch":
                self._note(headers.get("x-amz-target", f"{method} {target}").rpartition(".")[2], body)
                return self._moto(environ, start_response)
            return self._call(start_response, method, target, body)
        except Refusal as refusal:
            return _refuse(start_response, refusal)

    def _call(self, start_response, method, target, body):
        path, _, query = target.partition("?")
        operation, members = self._model.operation(method, path)
        self._note(operation.name, body)
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            raise Refusal("the body is no JSON", "SerializationException") from None
        if isinstance(request, dict):
            request |= members
            if "tagKeys" in (arguments := urllib.parse.parse_qs(query)):
                request["tagKeys"] = arguments["tagKeys"]
        fault = self._fault(operation.name)
        if fault and not fault["carriedOut"]:
            return _fail(start_response, fault)
        self._model.check(operation, request)
        answer = self._model.answer(operation, self._batch.call(operation.name, request, len(body)))
        return _fail(start_response, fault) if fault else _answer(start_response, answer)

    def _note(self, operation, body):
        """A line of JSON for each call."""
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            request = None
        with self._calls, open(self._settings.folder / "calls", "a") as file:
            file.write(json.dumps({"operation": operation, "request": request}) + "\n")

    def _control(self, target, body):
        request = json.loads(body)
        if target == "/muster-test/lose":
            name, _, index = request["node"].partition("#")
            self._batch.lose(name, int(index or 0))
        elif target == "/muster-test/fault":
            with self._calls:
                self._faults.append(request)
        else:
            raise Refusal(f"there is no {target}", "UnknownOperationException", 404)
        return {}

    def _fault(self, operation):
        with self._calls:
            for fault in self._faults:
                if fault["operation"] == operation:
                    fault["times"] -= 1
                    if fault["times"] <= 0:
                        self._faults.remove(fault)
                    return dict(fault)
        return None


def _body(environ):
    # The end of a body that comes in chunks is in itself.
    length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
    return environ["wsgi.input"].read(length)


def _answer(start_response, value):
    text = json.dumps(value).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
    return [text]


def _refuse(start_response, refusal):
    # Batch names the error in a header, CloudWatch Logs in the body.
    text = json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
    start_response(f"{refusal.status} Refused", [
        ("Content-Type", "application/json"), ("Content-Length", str(len(text))), ("x-amzn-ErrorType", refusal.code)])
    return [text]


def _fail(start_response, fault):
    if fault["status"] == 0:
        # No answer at all: the connection closes.
        raise ConnectionAbortedError("a test asked for it")
    return _refuse(start_response, Refusal("a test asked for it", fault["code"], fault["status"]))


class Handler(werkzeug.serving.WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer's head and body are sent one after the other: without this the body waits 40 ms for the head's receipt.
    disable_nagle_algorithm = True

    def connection_dropped(self, error, environ=None):
        self.close_connection = True

    def log(self, type, message, *args):
        if type == "error":
            super().log(type, message, *args)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bridge", required=True)
    parser.add_argument("--cgroup", required=True)
    parser.add_argument("--s3")
    arguments = parser.parse_args()
    folder, variables = arguments.folder, os.environ
    logging.basicConfig(level=logging.WARNING)
    network = Network(arguments.bridge, folder / "run/network")
    settings = Settings(
        folder=folder, access_key=variables["AWS_ACCESS_KEY_ID"], secret_key=variables["AWS_SECRET_ACCESS_KEY"],
        s3=forward.reachable(arguments.s3, network.gateway) if arguments.s3 else None,
        second=float(variables.get("MUSTER_TEST_BATCH_SECOND", 1)),
        child_delay=float(variables.get("MUSTER_TEST_BATCH_CHILD_DELAY", 0.5)),
        invisible=float(variables.get("MUSTER_TEST_BATCH_INVISIBLE", 0)))
    place = Place(
        podman=Podman(str(folder / "run/podman.socket")), network=network, logs=Logs(ACCOUNT, REGION),
        log_folder=folder / "log/containers", volume_folder=folder / "run/volumes", cgroup_parent=arguments.cgroup,
        defaults=settings.defaults)
    for each in (place.log_folder, place.volume_folder, folder / "control"):
        each.mkdir(parents=True, exist_ok=True)
    gateway.serve_metadata(settings, arguments.bridge)
    server = werkzeug.serving.make_server(
        "127.0.0.1", 0, Server(settings, Batch(settings, place)), threaded=True, request_handler=Handler)
    if settings.s3:
        (folder / "run/s3").write_text(settings.s3)
    # Whoever reads the port finds a server that answers.
    new = folder / "run/port.new"
    new.write_text(str(server.server_port))
    new.rename(folder / "run/port")
    server.serve_forever()


if __name__ == "__main__":
    main()
