// Flows use the model's types (`TaskFailure`, `JSONValue`, `StepSettings`) without a second import.
@_exported public import MusterFrameworks
@_exported public import MusterModel
