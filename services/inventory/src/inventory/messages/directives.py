"""What other services want of the stock, and the answers."""

from uuid import UUID

from comanda.inventory.directives.v1 import directives_pb2 as pb
from inventory.domain.hold import Demand, Held, Line, Missing
from inventory.domain.order import Commitment, Order, Restock, Return
from inventory.domain.quantity import positive, printed
from inventory.domain.reservation import SESSION, TTL, Owner
from inventory.messages.blockage import holders
from inventory.messages.values import instant
from kit.errors import Invalid
from kit.ids import uuid


def demand(message: pb.HoldStock, business: UUID) -> Demand:
    """Returns what a session demands; raises Invalid(`invalid_qty`)."""
    return Demand(
        owner=_session(business, message.channel_code, message.session_key),
        rev=message.rev,
        lines=[Line(item.line_id, item.sku, positive(item.qty)) for item in message.items],
        ttl=message.ttl.ToTimedelta() if message.HasField("ttl") else TTL[SESSION],
    )


def hold_result(wanted: Demand, held: Held) -> pb.HoldStockResult:
    """Returns what a session holds, or why it holds nothing."""
    until = instant(held.good_until)
    return pb.HoldStockResult(
        session_key=wanted.owner.ref,
        channel_code=wanted.owner.scope,
        rev=wanted.rev,
        holds=[
            pb.Hold(
                sku=each.sku, hold_id=str(each.id), qty=printed(each.held), expires_at=until, location=each.location
            )
            for each in held.reservations
        ],
        hold_expires_at=until if held.reservations else None,
        shortages=map(_shortage, held.missing),
    )


def _shortage(missing: Missing) -> pb.Shortage:
    line, requested, available = missing.shortage
    return pb.Shortage(
        line_id=line.line_id,
        sku=line.sku,
        requested_qty=printed(requested),
        available_qty=printed(available),
        earliest_release_at=instant(missing.others.next_release_at),
        enough_at=instant(missing.others.enough_at),
        holders=holders(missing.others),
        reason="insufficient" if missing.for_sale else "unknown_sku",
    )


def commitment(message: pb.CommitStock, business: UUID) -> Commitment:
    """Returns the order whose units leave; holds without an id are passed over. Raises Invalid(`unknown_hold`)."""
    return Commitment(
        order=Order(business, message.order_ref),
        session=_session(business, message.channel_code, message.session_key),
        holds=[_hold_id(hold.hold_id) for hold in message.holds if hold.hold_id],
    )


def _hold_id(text: str) -> UUID:
    try:
        return uuid(text)
    except ValueError as error:
        raise Invalid("unknown_hold", hold_id=text[:64]) from error


def giving_back(message: pb.ReleaseStock, business: UUID) -> Return:
    """Returns who gives everything back."""
    session = _session(business, message.channel_code, message.session_key)
    return Return(Order(business, message.order_ref), session, message.reason)


def _session(business: UUID, channel: str, key: str) -> Owner:
    return Owner(business, SESSION, channel, key)


def restock(message: pb.RestockStock, business: UUID) -> Restock:
    """Returns what a customer sent back; raises Invalid(`invalid_qty`)."""
    items = {item.sku: positive(item.qty) for item in message.items}
    return Restock(Order(business, message.order_ref), message.return_number, items)
