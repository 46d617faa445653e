"""Adds one file that a caller sent to a record of the ERP."""

import asyncio
import base64
import binascii
import hashlib
import tempfile
from pathlib import Path
from typing import Any

from comanda.erp.v1 import attachments_pb2 as pb
from erp_bridge.domain import attachment
from erp_bridge.domain.attachment import TABLES, Owner, hashed
from erp_bridge.domain.names import ending, safe_name
from erp_bridge.omie.client import Omie
from erp_bridge.settings import OmieSettings
from erp_bridge.work import copying
from erp_bridge.work.ledger import Ledger
from kit.call import current
from kit.db import Database
from kit.errors import Invalid


class Inclusion:
    """Adds files; the same file for the same record is added once, however often it is sent."""

    def __init__(self, database: Database, omie: Omie, settings: OmieSettings) -> None:
        self._database = database
        self._omie = omie
        self._largest = settings.largest_file_mb << 20
        self._refused = frozenset(settings.refused_file_types.split())

    async def include(self, request: pb.IncludeAttachmentRequest) -> dict[str, Any]:
        """Adds the file and returns the ERP's answer.

        Raises OmieError and Invalid (`unknown_table`, `invalid_base64`, `file_too_large`, `file_type_refused`).
        """
        owner = Owner(attachment.table(request.tabela, ""), request.n_id)
        if owner.table not in TABLES:
            raise Invalid("unknown_table", table=request.tabela, tables=", ".join(sorted(TABLES)))
        name = safe_name(request.nome_arquivo)
        if ending(name) in self._refused:
            raise Invalid("file_type_refused", field="nome_arquivo", type=ending(name))
        content = await asyncio.to_thread(self._decoded, request.arquivo_base64)
        code = hashed("incluir", owner.table, owner.id, name, hashlib.sha256(content).hexdigest())
        ledger = Ledger(self._database, current.get().identity.business_id, f"inclusion/{code}")
        with tempfile.TemporaryDirectory(prefix="comanda-") as directory:
            source = Path(directory) / "file"
            await asyncio.to_thread(source.write_bytes, content)
            return await copying.put(self._omie, ledger, owner, name, code, source, tamanho=len(content))

    def _decoded(self, text: str) -> bytes:
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Invalid("invalid_base64", field="arquivo_base64") from error
        if len(content) > self._largest:
            raise Invalid("file_too_large", field="arquivo_base64", limit_mb=self._largest >> 20)
        if not content:
            raise Invalid("file_empty", field="arquivo_base64")
        return content
