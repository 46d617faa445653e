"""The Omie simulator of a home, as a person at its screen and as time see it."""

from types import TracebackType
from typing import Any, Self

import aiohttp

from comanda_cli.fleet.errors import FleetError
from comanda_cli.fleet.home import Home

SECONDS = 60.0


class Simulator:
    """The control surface, and with an account's key and secret Omie's own; an async context manager."""

    def __init__(self, base_url: str, app_key: str = "", app_secret: str = "") -> None:
        self._base_url = base_url
        self._account = {"app_key": app_key, "app_secret": app_secret}

    @classmethod
    def of(cls, home: Home) -> Self:
        """Returns that of a home; raises FleetError before the first start."""
        known = home.credentials()
        return cls(known["omie_simulator"], known["omie_app_key"], known["omie_app_secret"])

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        self._session = aiohttp.ClientSession(self._base_url, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def control(self, path: str, **given: Any) -> dict[str, Any]:
        """Does what only a person or time can; raises FleetError when that makes no sense, or nobody answers."""
        return await self._asked("POST", f"_control/{path}", json=given)

    async def call(self, service: str, name: str, **param: Any) -> dict[str, Any]:
        """Calls a method of Omie's API; raises FleetError when it is refused, or nobody answers."""
        return await self._asked("POST", f"api/v1/{service}/", json={"call": name, **self._account, "param": [param]})

    async def stats(self) -> dict[str, Any]:
        """Returns what was counted; raises FleetError."""
        return await self._asked("GET", "_control/stats")

    async def records(self, table: str) -> list[dict[str, Any]]:
        """Returns the records of a table, oldest first; raises FleetError."""
        items: list[dict[str, Any]] = (await self._asked("GET", f"_control/records/{table}"))["items"]
        return items

    async def _asked(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            async with self._session.request(method, f"/{path}", **more) as answer:
                body: dict[str, Any] = await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FleetError(f"the Omie simulator does not answer: {error or type(error).__name__}") from error
        if answer.status != 200:
            raise FleetError(f"the Omie simulator refuses {path}: {body.get('error') or body.get('faultstring')}")
        return body
