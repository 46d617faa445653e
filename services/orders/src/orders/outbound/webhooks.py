"""Calls webhooks, signed as Standard Webhooks are (https://www.standardwebhooks.com)."""

import asyncio
from datetime import UTC, datetime

import httpx
import orjson
from standardwebhooks import Webhook

from orders.domain.delivery import Delivery, Outcome
from orders.outbound import addresses
from orders.outbound.addresses import Blocked, Private

SECONDS = 10.0
GONE = 410


class Caller:
    """Calls the addresses of businesses."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        # No connection is kept: they go by IP address, and two names behind one must never share a TLS session.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(
            timeout=SECONDS, limits=limits, follow_redirects=False, trust_env=False, verify=True
        )

    async def close(self) -> None:
        """Closes what is open."""
        await self._client.aclose()

    async def send(self, delivery: Delivery) -> Outcome:
        """Calls the address of a delivery and says how that ended; 410 Gone, and an address that must not be called, are final."""
        try:
            async with asyncio.timeout(SECONDS):
                return _outcome(await self._post(delivery))
        except Private as error:
            return Outcome(error_code="private_address", error=str(error), final=True)
        except Blocked as error:
            return Outcome(error_code="unreachable", error=str(error))
        except TimeoutError:
            return Outcome(error_code="timeout", error=f"no answer within {SECONDS:.0f} s")
        except httpx.HTTPError as error:
            return Outcome(error_code="unreachable", error=f"{type(error).__name__}: {error}")

    async def _post(self, delivery: Delivery) -> int:
        url = httpx.URL(delivery.url)
        ip = await addresses.place(url, allow_private=self._allow_private)
        body = envelope(delivery)
        headers = {**signed(delivery, body), "host": url.netloc.decode(), "comanda-delivery-id": str(delivery.id)}
        request = self._client.build_request(
            "POST", url.copy_with(host=ip), content=body, headers=headers, extensions={"sni_hostname": url.host}
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response.status_code


def envelope(delivery: Delivery) -> bytes:
    """Returns the body: the same event has the same id at every address and at every attempt."""
    said = {
        "id": str(delivery.directive_id),
        "delivery_id": str(delivery.id),
        "type": delivery.topic,
        "business_id": str(delivery.business_id),
        "data": delivery.payload,
    }
    return orjson.dumps(said)


def signed(delivery: Delivery, body: bytes) -> dict[str, str]:
    """Returns the headers by which the receiver knows who calls, when, and that nothing was changed."""
    now, identifier = datetime.now(UTC), str(delivery.directive_id)
    return {
        "content-type": "application/json",
        "user-agent": "Comanda",
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(delivery.secret).sign(identifier, now, body.decode()),
    }


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(response_code=status)
    return Outcome(status, "gone" if status == GONE else "bad_status", f"answered with {status}", final=status == GONE)
