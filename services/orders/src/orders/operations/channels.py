"""Channels: made and changed."""

from dataclasses import replace
from typing import Any

from kit.db import Tx
from kit.errors import Duplicate, NotFound
from orders.domain import channel as domain
from orders.domain.channel import Channel
from orders.store import channels as store


async def create_channel(tx: Tx, new: Channel, preset: str) -> Channel:
    """Creates a channel; what its config says wins over the preset. Raises Invalid, or Duplicate(`duplicate_code`)."""
    made = replace(new, config={**domain.preset(preset), **new.config})
    domain.check_config(made.config)
    tx.conflicts["channels_pkey"] = Duplicate("duplicate_code", code=new.code)
    store.insert_channel(tx, made)
    return made


async def update_channel(tx: Tx, code: str, changes: dict[str, Any]) -> Channel:
    """Changes the given fields; a given config replaces the old one whole. Raises Invalid or NotFound."""
    found = await store.channel(tx, code, lock=True)
    if found is None:
        raise NotFound("not_found", code=code)
    if "config" in changes:
        domain.check_config(changes["config"])
        changes["config_version"] = found.config_version + int(changes["config"] != found.config)
    changed = replace(found, **changes, updated_at=tx.now)
    store.update_channel(tx, changed)
    return changed
