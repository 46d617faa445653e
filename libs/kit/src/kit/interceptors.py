"""What surrounds every RPC: trace, identity, role, validation, error mapping, metrics; deadlines are gRPC's own."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
import protovalidate
import structlog
from google.protobuf.message import Message
from grpc_status import rpc_status

from kit import contract, metrics, status, tracing
from kit.call import Call, current
from kit.errors import DomainError, Forbidden, Invalid, Unauthenticated, Violation
from kit.identity import NO_BUSINESS, Identity, Verifier, role_name
from kit.ids import uuid7
from kit.texts import Catalogue, preferred, render

LOG = structlog.get_logger()
ANONYMOUS = Identity(NO_BUSINESS, 0, "anonymous")
Behaviour = Callable[[Message, grpc.aio.ServicerContext[Any, Any]], Awaitable[Message]]
Stream = Callable[[Message, grpc.aio.ServicerContext[Any, Any]], AsyncGenerator[Message, None]]


class Frame(grpc.aio.ServerInterceptor):
    """Puts the frame around every method of the contract; health and reflection pass through."""

    def __init__(self, service: str, verifier: Verifier, catalogue: Catalogue, language: str) -> None:
        self._domain = f"{service}.comanda"
        self._verifier = verifier
        self._catalogue = catalogue
        self._language = language
        self._framed: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        """Called by grpc for each call; the framed handler of a method is made once."""
        framed = self._framed.get(details.method)
        if framed is None:
            handler = await continuation(details)
            method = contract.method(details.method) if handler else None
            if handler is None or method is None:
                return handler
            framed = self._framed[details.method] = self._frame(method, handler)
        return framed

    def _frame(self, method: contract.Method, handler: Any) -> "grpc.RpcMethodHandler[Any, Any]":
        coding = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(self._answering(method, handler.unary_unary), *coding)
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(self._streaming(method, handler.unary_stream), *coding)
        raise TypeError(f"{method.path}: a stream of requests has no frame")

    def _answering(self, method: contract.Method, behaviour: Behaviour) -> Behaviour:
        async def framed(request: Message, context: grpc.aio.ServicerContext[Any, Any]) -> Message:
            async with self._around(method, request, context) as call:
                response = await behaviour(request, context)
                if call.replayed:
                    context.set_trailing_metadata((("idempotency-replayed", "true"),))
                return response
            raise AssertionError("abort always raises")

        return framed

    def _streaming(self, method: contract.Method, behaviour: Stream) -> Stream:
        async def framed(
            request: Message, context: grpc.aio.ServicerContext[Any, Any]
        ) -> AsyncGenerator[Message, None]:
            async with self._around(method, request, context), aclosing(behaviour(request, context)) as responses:
                async for response in responses:
                    yield response

        return framed

    @asynccontextmanager
    async def _around(
        self, method: contract.Method, request: Message, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[Call]:
        metadata: dict[str, str] = dict(context.invocation_metadata() or ())  # type: ignore[arg-type]  # text unless "-bin"
        started, code = time.perf_counter(), "OK"
        call = _call(method, metadata, self._language, context.peer())
        current.set(call)
        with tracing.span(method.path[1:], metadata.get("traceparent", "")):
            try:
                call.identity = await self._admit(method, metadata)
                validate(request)
                yield call
            except DomainError as error:
                code = status.code_of(error).name
                await self._refuse(error, call.language, context)
            except grpc.aio.AbortError:
                raise
            except Exception:
                code = "INTERNAL"
                LOG.exception("call failed", method=method.path, request=contract.redacted(request))
                await context.abort(grpc.StatusCode.INTERNAL, f"internal error, request {call.request_id}")
            finally:
                metrics.requests(method.operation, code).observe(time.perf_counter() - started)

    async def _admit(self, method: contract.Method, metadata: dict[str, str]) -> Identity:
        scheme, _, bearer = metadata.get("authorization", "").partition(" ")
        if not bearer or scheme.lower() != "bearer":
            if method.public:
                return ANONYMOUS
            raise Unauthenticated("unauthenticated", reason="send `authorization: Bearer …`")
        if method.public:
            return ANONYMOUS
        identity = await self._verifier.identity(bearer)
        if identity.role not in method.roles:
            raise Forbidden("permission_denied", role=role_name(identity.role))
        if identity.scopes and not set(identity.scopes) & set(method.scope_names):
            raise Forbidden("scope_missing", scope=method.scope_names[0])
        return identity

    async def _refuse(self, error: DomainError, language: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        message = render(error, self._catalogue, language)
        wire = rpc_status.to_status(status.to_status(error, message, self._domain))
        await context.abort(wire.code, wire.details, wire.trailing_metadata or ())


def _call(method: contract.Method, metadata: dict[str, str], language: str, peer: str) -> Call:
    return Call(
        method=method,
        identity=ANONYMOUS,
        language=preferred(metadata.get("accept-language", ""), language),
        request_id=metadata.get("x-request-id") or uuid7().hex,
        address=metadata.get("x-client-address") or peer.partition(":")[2],
        agent=(metadata.get("x-client-agent") or metadata.get("user-agent", ""))[:500],
        bearer=metadata.get("authorization", "").partition(" ")[2],
    )


def validate(message: Message) -> None:
    """Checks the rules that the contract puts on the fields; raises Invalid with every field that breaks one."""
    if broken := violations(message):
        fields = dict.fromkeys(each.field for each in broken)
        raise Invalid("invalid_argument", violations=broken, fields=", ".join(fields))


def violations(message: Message) -> list[Violation]:
    """Returns how a message breaks the rules that the contract puts on its fields."""
    return [violation(each) for each in protovalidate.collect_violations(message)]


def violation(found: Any) -> Violation:
    """Returns a protovalidate violation as ours."""
    rule = found.proto
    path = ".".join(
        element.field_name + (f"[{element.subscript.value}]" if element.subscript else "")
        for element in rule.field.elements
    )
    return Violation(path, rule.rule_id, rule.message)
