"""What is no HTTP at all is refused in the same shape as everything else."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway import responses
from kit.errors import Invalid
from kit.ids import uuid7

HEAD = "content-type: {}\r\ncontent-length: {}\r\nx-request-id: {}\r\nconnection: close\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, which answers bytes that it cannot read with a problem instead of plain text."""

    def send_400_response(self, msg: str) -> None:
        """Refuses what cannot be read, in English: the headers that would name a language cannot be read either."""
        request_id = str(uuid7())
        refusal = responses.problem(Invalid("invalid_http"), "en", request_id)
        head = HEAD.format(refusal.content_type, len(refusal.body), request_id)
        self.transport.write(STATUS_LINE[refusal.status] + head.encode() + refusal.body)
        self.transport.close()
