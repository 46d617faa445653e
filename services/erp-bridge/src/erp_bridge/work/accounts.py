"""The accounts in Omie of an installation: each is one business's, and has workers of its own."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from erp_bridge.omie.client import Omie
from erp_bridge.omie.gate import Gate
from erp_bridge.settings import OmieSettings
from erp_bridge.store import accounts as store
from erp_bridge.work.closures import Closures
from erp_bridge.work.inclusion import Inclusion
from erp_bridge.work.orders import Orders
from erp_bridge.work.transfers import Transfers
from kit.db import Database, Tx
from kit.errors import Refused


@dataclass(frozen=True)
class Account:
    """One account, what keeps its limits, and who works on it."""

    settings: OmieSettings
    gate: Gate
    omie: Omie
    transfers: Transfers
    closures: Closures
    orders: Orders
    inclusion: Inclusion


class Accounts:
    """The configured accounts, and whose they are."""

    def __init__(self, database: Database, settings: OmieSettings) -> None:
        self._database = database
        self._known = {each.account: _account(database, each) for each in settings.each()}

    def __iter__(self) -> Iterator[Account]:
        return iter(self._known.values())

    @property
    def names(self) -> Sequence[str]:
        """The digests that stand for the accounts; the first is that of OMIE_APP_KEY, where it is set."""
        return list(self._known)

    def check_configured(self) -> None:
        """Raises Refused(`erp_not_configured`) where the installation has no account."""
        if not self._known:
            raise Refused("erp_not_configured")

    async def of(self, business: UUID) -> Account:
        """Returns the account of a business. Raises Refused (`erp_not_configured`, `account_of_another`)."""
        self.check_configured()
        if found := await self._database.read(lambda tx: self.find(tx, business)):
            return found
        raise Refused("account_of_another")

    async def find(self, tx: Tx, business: UUID) -> Account | None:
        """Returns the account of a business, if it has one."""
        name = await store.of_business(tx, business, self.names)
        return self._known[name] if name else None

    async def owned(self, name: str) -> tuple[UUID, Account] | None:
        """Returns whose an account is, and the account; None when nobody's, or not configured any more.

        No name stands for the first account: events of before there could be several have none.
        """
        name = name or next(iter(self._known), "")
        owner = await self._database.read(lambda tx: store.owner(tx, name))
        return (owner, self._known[name]) if owner and name in self._known else None

    async def each(self) -> AsyncIterator[tuple[UUID, Account]]:
        """Goes through the accounts that are somebody's."""
        for name in self._known:
            if found := await self.owned(name):
                yield found

    async def close(self) -> None:
        """Closes the connections."""
        for each in self._known.values():
            await each.omie.close()


def _account(database: Database, settings: OmieSettings) -> Account:
    gate = Gate(database, settings.account, settings.pace)
    omie = Omie(settings, gate)
    return Account(
        settings,
        gate,
        omie,
        Transfers(database, omie, settings),
        Closures(database, omie, settings),
        Orders(database, omie, settings),
        Inclusion(database, omie, settings),
    )
