"""Who holds what somebody is short of: as a message, and as the context of a refusal."""

from typing import Any

from comanda.inventory.directives.v1 import directives_pb2
from inventory.domain.blockage import Others
from inventory.domain.quantity import printed
from inventory.messages.values import instant


def holders(others: Others) -> list[directives_pb2.Holder]:
    """Returns the messages of those whose holds run out first."""
    return [
        directives_pb2.Holder(
            owner_type=each.owner.type,
            owner_ref=each.owner.ref,
            qty=printed(each.qty),
            expires_at=instant(each.expires_at),
        )
        for each in others.holders
    ]


def context(others: Others) -> dict[str, Any]:
    """Returns what a refusal says of it."""
    return {
        "earliest_release_at": others.next_release_at,
        "enough_at": others.enough_at,
        "holders": [
            {
                "owner_type": each.owner.type,
                "owner_ref": each.owner.ref,
                "qty": printed(each.qty),
                "expires_at": each.expires_at,
            }
            for each in others.holders
        ],
    }
