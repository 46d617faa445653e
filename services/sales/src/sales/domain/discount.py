"""How much of a price each role may give away."""

from decimal import Decimal
from typing import NamedTuple

from comanda.types.v1.options_pb2 import Role
from kit.errors import Refused
from sales.domain import amounts


class Limits(NamedTuple):
    """A business's limits, as percentages of quantity times price; owners and admins have none."""

    staff: Decimal
    manager: Decimal

    def check(self, role: int, gross_q: int, discount_q: int) -> None:
        """Raises Refused(`role_limit_exceeded`) when a role gives away more than it may. Amounts are minor units."""
        allowed = {Role.ROLE_STAFF: self.staff, Role.ROLE_MANAGER: self.manager}.get(role)  # type: ignore[call-overload]  # a role may be unknown
        if allowed is not None and discount_q > amounts.percent(gross_q, allowed):
            raise Refused(
                "role_limit_exceeded",
                limit=f"{allowed.normalize():f} %",
                limit_q=amounts.percent(gross_q, allowed),
                requested_q=discount_q,
            )
