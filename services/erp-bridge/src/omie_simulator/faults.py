"""How Omie says no. Numbers and wordings are those seen in production (omie-api.md 1.3); who invents a text says so."""

from typing import Any


class Fault(Exception):
    """An answer that is an error: HTTP status, faultcode and faultstring (Form A)."""

    def __init__(self, code: str, text: str, status: int = 500) -> None:
        super().__init__(code, text)
        self.code, self.text, self.status = code, text, status

    def body(self) -> dict[str, Any]:
        """Returns the JSON that goes over the wire."""
        return {"faultstring": self.text, "faultcode": self.code}

    def headers(self) -> dict[str, str]:
        """Returns the headers that come with it."""
        number = self.code.rpartition("-")[2]
        text = f"{number if number.isdigit() else 0} - {self.text.removeprefix('ERROR: ')}"
        return {"OmieAPI-Error": text.encode("ascii", "ignore").decode()}


class NoMethod(Fault):
    """The service has no such method (Form B)."""

    def __init__(self, name: str) -> None:
        super().__init__("", f"Method {name} not exists")

    def body(self) -> dict[str, Any]:
        """Returns the JSON that goes over the wire."""
        return {"status": "error", "message": self.text}


class TooMany(Fault):
    """Too many calls a minute (Form C)."""

    def __init__(self) -> None:
        super().__init__("", "Too Many Requests", 429)

    def body(self) -> dict[str, Any]:
        """Returns the JSON that goes over the wire."""
        return {"error_code": 429, "error_message": self.text, "error_hash": "b1946ac9"}


def client(number: int, text: str) -> Fault:
    """A fault of the caller, by its number."""
    return Fault(f"SOAP-ENV:Client-{number}", f"ERROR: {text}")


def malformed() -> Fault:
    """The body is not the JSON that Omie takes; the number is invented."""
    return client(8001, "Invalid JSON Object")


def blocked(seconds: float) -> Fault:
    """The method is closed to this caller for misuse."""
    text = f"ERROR: API bloqueada por consumo indevido. Tente novamente em {int(seconds)} segundos."
    return Fault("MISUSE_API_PROCESS", text, 425)


def credentials() -> Fault:
    """Key or secret are wrong."""
    return Fault("SOAP-ENV:Server", "ERROR: A chave de acesso está inválida ou o aplicativo está suspenso.", 403)


def redundant(seconds: float) -> Fault:
    """The same question came less than a minute ago."""
    wait = max(1, round(seconds))
    text = f"Consumo redundante detectado. Aguarde {wait} segundos para tentar novamente (REDUNDANT)."
    return client(6, text)


def busy() -> Fault:
    """The same method is running."""
    return client(
        1880,
        "Já existe uma requisição desse método sendo executada e você pode tentar novamente em alguns instantes. (1)",
    )


def in_process(at: str) -> Fault:
    """The same request is being worked on."""
    text = f"Esta requisição já foi processada ou está sendo processada e você pode tentar novamente às {at}"
    return client(8020, text)


def unknown_tag(tag: str, structure: str) -> Fault:
    """A field that the structure does not have."""
    return client(5001, f"Tag [{tag.upper()}] não faz parte da estrutura do tipo complexo [{structure}]!")


def wrong_type(tag: str, structure: str) -> Fault:
    """A value of another type; the wording is invented."""
    return client(3102, f"Tipo inválido para a tag [{tag.upper()}] do tipo complexo [{structure}]!")


def no_parameter() -> Fault:
    """The parameter is empty."""
    return client(71, "Nenhum parâmetro foi recebido em WS_PARAMS!")


def required(*tags: str) -> Fault:
    """A field is missing; of several, one would do."""
    if len(tags) == 1:
        return client(1000, f"O preenchimento da tag [{tags[0]}] é obrigatório!")
    return client(1000, f"O preenchimento das tags {' ou '.join(f'[{tag}]' for tag in tags)} é obrigatório!")


def no_records(page: int) -> Fault:
    """A listing has nothing on that page."""
    return client(5113, f"Não existem registros para a página [{page}]!")


def too_long(tag: str, length: int) -> Fault:
    """A text is too long."""
    return client(102, f"O número máximo de caracteres permitido para o elemento [{tag}] é de {length}")


def closed_period(month: str) -> Fault:
    """The books of the month are closed."""
    return client(102, f"O período contábil de {month} foi bloqueado por contador@example.com")
