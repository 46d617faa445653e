"""Channels: made and changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from kit.db import Tx
from kit.errors import Duplicate, NotFound
from orders.domain import config, presets
from orders.domain.channel import Channel
from orders.operations import directives
from orders.store import channels as store

LOG = structlog.get_logger()


async def create_channel(tx: Tx, new: Channel, preset: str) -> Channel:
    """Creates a channel; what its config says wins over the preset. Raises Invalid, or Duplicate(`duplicate_code`)."""
    made = replace(new, config={**presets.preset(preset), **new.config})
    _check(made.code, made.config)
    tx.conflicts["channels_pkey"] = Duplicate("duplicate_code", code=new.code)
    store.insert_channel(tx, made)
    return made


async def update_channel(tx: Tx, code: str, changes: dict[str, Any]) -> Channel:
    """Changes the given fields; a given config replaces the old one whole. Raises Invalid or NotFound."""
    found = await store.channel(tx, code, lock=True)
    if found is None:
        raise NotFound("not_found", code=code)
    if "config" in changes:
        _check(code, changes["config"])
        changes["config_version"] = found.config_version + int(changes["config"] != found.config)
    changed = replace(found, **changes, updated_at=tx.now)
    store.update_channel(tx, changed)
    return changed


def _check(code: str, given: Mapping[str, Any]) -> None:
    config.check(given, directives.types())
    if ignored := sorted(given.keys() & set(config.IGNORED)):
        LOG.warning("keys of a config have no effect: the channel's own fields count", channel=code, keys=ignored)
