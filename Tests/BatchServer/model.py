"""AWS's own model of Batch, of botocore: which operation a path means, and whether a request has the model's shape."""

import re
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.validate

from refusal import Refusal


class Model:
    def __init__(self):
        self._service = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("batch", "service-2"))
        self._paths = []
        for name in self._service.operation_names:
            operation = self._service.operation_model(name)
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(operation.http["requestUri"]))
            self._paths.append((operation.http["method"], re.compile(pattern), operation))

    def operation(self, method, path):
        """The operation that `method` and `path` (as sent, still encoded) mean, and the members that the path holds."""
        for its_method, pattern, operation in self._paths:
            found = pattern.fullmatch(path)
            if found and method == its_method:
                return operation, {name: urllib.parse.unquote(value) for name, value in found.groupdict().items()}
        raise Refusal(f"there is no operation {method} {path}", "UnknownOperationException", 404)

    def check(self, operation, request):
        """Refuses a request that is not of its operation's shape. AWS itself passes over members that it does not know;
        here they are refused, because each is a slip of the one who asks."""
        if not isinstance(request, dict):
            raise Refusal("the body is no JSON object", "SerializationException")
        shape = operation.input_shape
        report = botocore.validate.ParamValidator().validate(request, shape)
        if report.has_errors():
            raise Refusal(report.generate_report())
        self._check_strictly(request, shape, operation.name)

    def _check_strictly(self, value, shape, place):
        if shape.type_name == "structure":
            for name, member in value.items():
                self._check_strictly(member, shape.members[name], f"{place}.{name}")
        elif shape.type_name == "list":
            for index, member in enumerate(value):
                self._check_strictly(member, shape.member, f"{place}[{index}]")
        elif shape.type_name == "map":
            for key, member in value.items():
                self._check_strictly(member, shape.value, f"{place}.{key}")
        elif shape.type_name in ("integer", "long") and isinstance(value, bool):
            raise Refusal(f"{place} is a truth value and not a number")
        elif getattr(shape, "enum", None) and value not in shape.enum:
            raise Refusal(f"{place} is {value!r} and none of {', '.join(shape.enum)}")

    def answer(self, operation, value):
        """`value` without the members that the model does not have, and without those that are None."""
        return self._prune(value, operation.output_shape) if operation.output_shape else {}

    def _prune(self, value, shape):
        if shape.type_name == "structure":
            return {
                name: self._prune(value[name], member)
                for name, member in shape.members.items() if value.get(name) is not None}
        if shape.type_name == "list":
            return [self._prune(each, shape.member) for each in value]
        return value
