"""Messages that leave with their transaction: written beside the state, published after the commit (see kit.relay)."""

from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from comanda.types.v1 import messaging_pb2
from kit import streams, tracing
from kit.db import Tx
from kit.ids import uuid7

WAKE = "outbox"
INSERT = """
    insert into outbox (business_id, id, subject, aggregate, message)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[])
"""


def add(tx: Tx, aggregate: str, *messages: Message, business: UUID | None = None) -> None:
    """Publishes the messages once the transaction has committed; those of one aggregate leave in the order of adding.

    The caller must hold a lock on the aggregate, or have just created it: that is what makes the order good over transactions.
    The business is the caller's unless given.
    """
    tx.outgoing.extend((business or tx.business, aggregate, message) for message in messages)


def envelope(
    message: Message, *, identifier: str, business: UUID, aggregate: str, now: datetime
) -> messaging_pb2.Envelope:
    """Wraps a message for its journey."""
    wrapped = messaging_pb2.Envelope(
        id=identifier,
        type=message.DESCRIPTOR.full_name,
        business_id=str(business),
        aggregate=aggregate,
        traceparent=tracing.traceparent(),
        payload=message.SerializeToString(),
    )
    wrapped.occurred_at.FromDatetime(now)
    return wrapped


def close(tx: Tx, prefix: str) -> bool:
    """Adds the transaction's messages to what it writes; tells whether there were any."""
    if not tx.outgoing:
        return False
    rows = [_row(tx, prefix, *outgoing) for outgoing in tx.outgoing]
    tx.later(INSERT, *(list(column) for column in zip(*rows, strict=True)))
    return True


def _row(tx: Tx, prefix: str, business: UUID, aggregate: str, message: Message) -> tuple[UUID, UUID, str, str, bytes]:
    identifier = uuid7()
    if isinstance(message, messaging_pb2.Envelope):  # a directive, wrapped by whoever leases it out
        wrapped = message
    else:
        wrapped = envelope(message, identifier=str(identifier), business=business, aggregate=aggregate, now=tx.now)
    return business, identifier, streams.subject(prefix, wrapped), aggregate, wrapped.SerializeToString()
