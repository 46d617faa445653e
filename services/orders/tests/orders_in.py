"""Orders in any status, for tests that need no database."""

from datetime import UTC, datetime
from uuid import UUID

from orders.domain import order
from orders.domain.flow import Flow
from orders.domain.session import Session

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def order_in(status: str) -> order.Order:
    """An order that began in the status."""
    session = Session(UUID(int=1), "web", "S", "", "", "external", "open", "BRL", NOW, NOW)
    return order.seal(
        session,
        identifier=UUID(int=2),
        ref="R",
        external_ref="",
        flow=Flow(initial=status),
        config_version=1,
        now=NOW,
        today=NOW.date(),
    )
