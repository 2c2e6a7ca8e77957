// A flow names what the step protocol is made of (`TaskFailure`, `JSONValue`, `StepSettings`) without a second import.
@_exported public import MusterFrameworks
@_exported public import MusterModel
