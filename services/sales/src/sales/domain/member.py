"""Members: the people of a business, and who may make whom what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from comanda.types.v1.options_pb2 import Role
from kit.errors import Forbidden
from sales.domain.api_key import GRANTABLE, name


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a business. The subject says who he is at the issuer of tokens; empty: he cannot come in by one."""

    id: UUID
    name: str
    email: str
    role: Role.ValueType
    subject: str
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @property
    def identity(self) -> str:
        """Who he is in events and audit rows."""
        return f"member:{self.id}"


def check_appointment(appointer: int, *roles: int) -> None:
    """Raises Forbidden(`member_above_own`) unless the bearer of a role may make or change members of these roles."""
    for role in roles:
        if role not in GRANTABLE.get(appointer, frozenset()):
            raise Forbidden("member_above_own", role=name(role), own_role=name(appointer))
