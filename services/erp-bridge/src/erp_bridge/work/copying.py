"""Puts one file on a record of the ERP, exactly once, whatever becomes of the answer."""

import asyncio
from pathlib import Path
from typing import Any

from erp_bridge.domain.attachment import Owner
from erp_bridge.domain.effect import State
from erp_bridge.omie import attachments, files
from erp_bridge.omie.answers import Answer, Kind
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.work.ledger import Ledger

KIND = "attachment.include"
SENDINGS = 3
"""How often a file is sent in one run when the answers get lost and it turns out not to be there."""
LOST = (Kind.UNKNOWN, Kind.REDUNDANT)
METHOD = "IncluirAnexo"


async def put(
    omie: Omie, ledger: Ledger, owner: Owner, name: str, code: str, source: Path, **intent: Any
) -> dict[str, Any]:
    """Adds a file under our code, noting the intent with it, and returns the ERP's answer.

    Where the answer got lost, now or in an earlier run, the ERP is asked before the file is sent again. Raises OmieError; of
    kind DUPLICATE when a file of that name is there that is not ours.
    """
    text = ""
    for sending in range(SENDINGS):
        attempt = await ledger.send(KIND, code, {**owner.key, "cNomeArquivo": name, **intent})
        found = await _find(omie, owner, code) if attempt > 1 and sending == 0 else None
        if found is None:
            try:
                packed = await asyncio.to_thread(files.pack, source, name, source.with_suffix(".zip"), attempt)
                found = await attachments.include(omie, owner, name, code, packed)
            except OmieError as error:
                text = error.text
                found = await _resolve(omie, ledger, owner, code, error)
        if found is not None:
            await ledger.settle(KIND, code, State.CONFIRMED, found)
            return found
    raise OmieError(METHOD, Answer(Kind.UNKNOWN, text=f"A Omie não confirmou a inclusão ({text})."))


async def _resolve(omie: Omie, ledger: Ledger, owner: Owner, code: str, error: OmieError) -> dict[str, Any] | None:
    """Finds out what a call did that failed: returns what is there, None when it surely is not; else raises."""
    if error.kind not in (*LOST, Kind.DUPLICATE):
        state = State.NEEDS_PERSON if error.kind is Kind.CLOSED_PERIOD else State.FAILED
        await ledger.settle(KIND, code, state, error=error.text)
        raise error
    if error.kind in LOST:
        await ledger.settle(KIND, code, State.IN_DOUBT, error=error.text)
    found = await _find(omie, owner, code)
    if found is None and error.kind is Kind.DUPLICATE:
        await ledger.settle(KIND, code, State.FAILED, error=error.text)
        raise error
    return found


async def _find(omie: Omie, owner: Owner, code: str) -> dict[str, Any] | None:
    """Returns the attachment under our code as the answer that it was included would be."""
    for each in await attachments.listed(omie, owner):
        if each.code == code:
            named = {"cCodIntAnexo": each.code, "nIdAnexo": each.id, "cNomeArquivo": each.name}
            return {**owner.key, **named, "cCodStatus": "0", "cDesStatus": "Anexo encontrado."}
    return None
