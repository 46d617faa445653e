"""What the bridge knows, as messages."""

from datetime import datetime
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from comanda.erp.v1 import (
    attachments_pb2,
    mappings_pb2,
    orders_pb2,
    purchase_orders_pb2,
    status_pb2,
    stock_pb2,
    webhooks_pb2,
)
from erp_bridge.domain import limits
from erp_bridge.domain.export import State
from erp_bridge.domain.limits import Pace, Standing
from erp_bridge.domain.stock import Pair
from erp_bridge.phrases import in_language
from erp_bridge.store.closures import Closure
from erp_bridge.store.orders import ErpOrder
from erp_bridge.store.transfers import Transfer
from erp_bridge.store.webhooks import Webhook
from erp_bridge.texts import TEXTS, words


def method_status(row: Any, pace: Pace) -> status_pb2.MethodStatus:
    """Returns how a method stands."""
    now: datetime = row["now"]
    standing = Standing(row["next_at"], row["errors"], row["blocked_until"], row["in_flight"])
    until = limits.open_until(standing, now, pace)
    message = status_pb2.MethodStatus(
        method=row["method"],
        calls=row["calls"],
        refusals=row["refusals"],
        recent_errors=len(limits.still_counting(row["errors"], now, pace)),
        in_flight=row["in_flight"],
        breaker="open" if until else "closed",
        last_refusal=row["last_refusal"],
    )
    if until:
        message.block_seconds_left = int((until - now).total_seconds())
        message.open_until.FromDatetime(until)
    return message


def transfer(log: Transfer, language: str) -> attachments_pb2.Transfer:
    """Returns the log of a transfer, in the words of a language."""
    message = attachments_pb2.Transfer(
        id=str(log.id),
        origem_tabela=log.origem_tabela,
        origem_id=log.origem_id,
        destino_tabela=log.destino_tabela,
        destino_id=log.destino_id,
        numero_nf=log.numero_nf,
        status=log.status,
        tentativas=log.tentativas,
        max_tentativas=log.max_tentativas,
        pode_retentar=log.may_retry,
        total_anexos=log.total_anexos,
        anexos_sucesso=len(log.anexos_transferidos),
        mensagem_erro=in_language(log.mensagem_erro, language),
    )
    for each in log.anexos_transferidos:
        message.anexos_transferidos.add().update(each)
    _tell(message.detalhes, log.detalhes, language)
    message.created_at.FromDatetime(log.created_at)
    message.updated_at.FromDatetime(log.updated_at)
    if log.processado_em:
        message.processado_em.FromDatetime(log.processado_em)
    return message


def outcome(log: Transfer, language: str) -> attachments_pb2.TransferAttachmentsResponse:
    """Returns how a transfer went, as the documents of source 002 have it."""
    message = attachments_pb2.TransferAttachmentsResponse(
        status=log.status,
        anexos_transferidos=len(log.anexos_transferidos),
        total_anexos=log.total_anexos,
        mensagem_erro=in_language(log.mensagem_erro, language),
        log_id=str(log.id),
        task_id=str(log.id) if log.is_open else "",
    )
    _tell(message.detalhes, log.detalhes, language)
    return message


def closure(log: Closure, language: str) -> purchase_orders_pb2.Closure:
    """Returns the log of a closure, in the words of a language."""
    message = purchase_orders_pb2.Closure(
        id=str(log.id),
        numero_pedido=log.numero_pedido,
        item_pedido=log.item_pedido,
        numero_nf_servico=log.numero_nf_servico,
        id_nf_servico=log.id_nf_servico,
        status=log.status,
        tentativas=log.tentativas,
        max_tentativas=log.max_tentativas,
        pode_retentar=log.may_retry,
        aguarda_pessoa=log.waits_for_person,
        mensagem_erro=in_language(log.mensagem_erro, language),
    )
    _tell(message.detalhes, log.detalhes, language)
    message.created_at.FromDatetime(log.created_at)
    message.updated_at.FromDatetime(log.updated_at)
    if log.processado_em:
        message.processado_em.FromDatetime(log.processado_em)
    return message


def closing(log: Closure, number: str, language: str) -> purchase_orders_pb2.ClosePurchaseOrderResponse:
    """Returns how a closure went, as the documents of source 002 have it, with the number as the caller spelled it."""
    goes_on = log.status in ("pending", "processing")
    message = purchase_orders_pb2.ClosePurchaseOrderResponse(
        status=log.status,
        numero_pedido=number,
        mensagem_erro=in_language(log.mensagem_erro, language),
        log_id=str(log.id),
        task_id=str(log.id) if goes_on else "",
    )
    _tell(message.detalhes, log.detalhes, language)
    return message


def webhook(event: Webhook, language: str) -> webhooks_pb2.Webhook:
    """Returns an event of the ERP."""
    message = webhooks_pb2.Webhook(
        message_id=event.message_id,
        topic=event.topic,
        state=event.state,
        attempts=event.attempts,
        last_error=in_language(event.last_error, language),
    )
    happened: Any = event.payload.get("event")
    ParseDict(happened, message.event)
    message.received_at.FromDatetime(event.received_at)
    message.updated_at.FromDatetime(event.updated_at)
    return message


def erp_order(record: ErpOrder, language: str) -> orders_pb2.ErpOrder:
    """Returns how an order stands in the ERP, in the words of a language; without its effects."""
    message = orders_pb2.ErpOrder(
        ref=record.ref,
        channel_code=record.channel_code,
        order_status=record.order_status,
        state=record.state,
        error_code=record.error_code,
        message=_held_up(record, language),
        missing=[orders_pb2.MissingMapping(**each) for each in record.missing],
        attempts=record.attempts,
        external_id=record.external_id or 0,
        external_number=record.external_number,
        external_customer_id=record.external_customer_id or 0,
        stage=record.stage,
        is_cancelled=record.is_cancelled,
        invoices=[orders_pb2.Invoice(**each) for each in record.invoices],
    )
    message.created_at.FromDatetime(record.created_at)
    message.updated_at.FromDatetime(record.updated_at)
    if record.state == State.PENDING:
        message.next_attempt_at.FromDatetime(record.next_at)
    return message


def _held_up(record: ErpOrder, language: str) -> str:
    """Returns what holds an order up: in the ERP's words where it has spoken."""
    code = record.error_code
    return words(code, language).format(text=record.error) if code in TEXTS else record.error


def effect(row: Any) -> orders_pb2.Effect:
    """Returns something that was wanted in the ERP."""
    message = orders_pb2.Effect(**{name: row[name] for name in ("kind", "code", "state", "attempts", "error")})
    message.intent.update(row["intent"])
    message.last_answer.update(row["last_answer"] or {})
    message.created_at.FromDatetime(row["created_at"])
    message.updated_at.FromDatetime(row["updated_at"])
    return message


def mapping(kind: str, key: str, value: Any, updated_at: datetime) -> mappings_pb2.Mapping:
    """Returns a mapping."""
    message = mappings_pb2.Mapping(kind=kind, key=key)
    ParseDict(value, message.value)
    message.updated_at.FromDatetime(updated_at)
    return message


def stock_difference(pair: Pair) -> stock_pb2.StockDifference:
    """Returns a product here and in the ERP."""
    there = pair.there
    return stock_pb2.StockDifference(
        sku=pair.sku,
        external_code=there.code if there else "",
        external_id=there.id if there else 0,
        on_hand="" if pair.here is None else f"{pair.here:.3f}",
        external=f"{there.balance:.3f}" if there else "",
        difference=f"{pair.difference:.3f}",
    )


def _tell(details: Struct, kept: dict[str, Any], language: str) -> None:
    """Fills the details of a log; an empty object is an object, too."""
    details.SetInParent()
    details.update(in_language(kept, language))
