"""Domain errors as gRPC statuses and back: ErrorInfo carries the code, a Struct the typed context (AIP-193)."""

import json
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2, json_format, struct_pb2
from google.rpc import error_details_pb2, status_pb2

from kit.errors import (
    Conflict,
    DomainError,
    Duplicate,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
    Violation,
)

DETAILS_KEY = "grpc-status-details-bin"
CODES: dict[type[DomainError], grpc.StatusCode] = {
    Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Duplicate: grpc.StatusCode.ALREADY_EXISTS,
    Refused: grpc.StatusCode.FAILED_PRECONDITION,
    Conflict: grpc.StatusCode.ABORTED,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    Exhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
}
KINDS = {code: kind for kind, code in CODES.items()}
EXACT_INTEGER = 2**53


def code_of(error: DomainError) -> grpc.StatusCode:
    """Returns the gRPC status code of the error's kind."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def to_status(error: DomainError, message: str, domain: str) -> status_pb2.Status:
    """Returns the wire form of the error; domain names the service that found it, such as `orders.comanda`."""
    info = error_details_pb2.ErrorInfo(reason=error.code, domain=domain)
    for name, value in error.context.items():
        info.metadata[name] = value if isinstance(value, str) else json_text(value)
    details: list[Any] = [info]
    if error.context:
        details.append(json_format.ParseDict(plain(error.context), struct_pb2.Struct()))
    if error.violations:
        details.append(_bad_request(error.violations))
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(int(error.retry_after * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return status_pb2.Status(code=code_of(error).value[0], message=message, details=[_pack(each) for each in details])


def from_rpc_error(error: grpc.aio.AioRpcError) -> DomainError | None:
    """Rebuilds the domain error that a service raised; None when the status has no planned reason (INTERNAL and the like)."""
    kind = KINDS.get(error.code())
    if kind is None:
        return None
    status = status_pb2.Status()
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY:
            status.ParseFromString(value if isinstance(value, bytes) else value.encode())
    return _rebuild(kind, error.details() or "", status)


def _rebuild(kind: type[DomainError], message: str, status: status_pb2.Status) -> DomainError:
    info, context = error_details_pb2.ErrorInfo(), struct_pb2.Struct()
    bad, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in status.details:
        for target in (info, context, bad, retry):
            detail.Unpack(target)
    unreached = kind is Unavailable and not info.reason  # then the words are gRPC's own, and tell addresses
    rebuilt = kind(
        info.reason or ("unavailable" if unreached else kind.__name__.lower()),
        message="" if unreached else message,
        violations=[Violation(each.field, each.reason, each.description) for each in bad.field_violations],
        retry_after=retry.retry_delay.ToMilliseconds() / 1000 if retry.HasField("retry_delay") else None,
    )
    rebuilt.context = {name: integral(value) for name, value in json_format.MessageToDict(context).items()}
    return rebuilt


def plain(value: Any) -> Any:
    """Returns a context value as plain JSON: what JSON has no form for becomes text."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_INTEGER:
        return str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def integral(value: Any) -> Any:
    """Returns a value read from a Struct with whole doubles as integers again, at every depth."""
    if isinstance(value, dict):
        return {name: integral(each) for name, each in value.items()}
    if isinstance(value, list):
        return [integral(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def json_text(value: Any) -> str:
    """Returns the value as JSON text, for the text-only metadata of ErrorInfo."""
    return json.dumps(plain(value), ensure_ascii=False)


def _bad_request(violations: tuple[Violation, ...]) -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.message, reason=v.rule)
            for v in violations
        ]
    )


def _pack(message: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
