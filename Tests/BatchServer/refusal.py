"""How a request is refused: the name of AWS's error, the status of HTTP, a sentence."""


class Refusal(Exception):
    def __init__(self, message, code="ClientException", status=400):
        super().__init__(message)
        self.message, self.code, self.status = message, code, status
