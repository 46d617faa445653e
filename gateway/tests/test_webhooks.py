"""Signed webhooks through the gateway: their very bytes, their signature, and no credential."""

from comanda.orders.v1 import marketplaces_pb2

from .standin import House

PATH = "/api/v1/marketplaces/mkt-1/events"


async def test_a_webhook_reaches_the_service_byte_for_byte_without_a_credential(house: House) -> None:
    house.services.on["ReceiveMarketplaceEvents"] = marketplaces_pb2.ReceiveMarketplaceEventsResponse(accepted=1)
    body = b'{ "b":1,\t"a" : [1.10] }'
    headers = {"authorization": "", "content-type": "application/json", "x-ifood-signature": "abc"}
    answer = await house.client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "duplicates": 0})
    [(_, request, metadata)] = house.services.asked
    assert (request.hook, request.body.data, request.signature) == ("mkt-1", body, "abc")
    assert "authorization" not in metadata


async def test_only_the_header_says_the_signature(house: House) -> None:
    answer = await house.client.post(PATH, params={"signature": "abc"}, json={})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")


async def test_no_allowance_stops_a_marketplace(house: House) -> None:
    answer = await house.client.post(PATH, json={})
    assert "x-ratelimit-limit" not in answer.headers
