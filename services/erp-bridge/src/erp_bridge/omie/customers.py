"""geral/clientes: customers (omie-api.md 2.6)."""

import re

from erp_bridge.omie.answers import Kind
from erp_bridge.omie.api import clientes
from erp_bridge.omie.client import Omie, OmieError

OTHER_CODE = re.compile(r"com o (?:Id|nCod) \[(\d+)\]")


async def upsert(omie: Omie, code: str, fields: clientes.Customer) -> int:
    """Registers a customer under our code, or changes what the ERP knows of him, and returns his id there.

    One whose tax number the ERP knows already, under whatever code, stays as he is there. Raises OmieError.
    """
    try:
        answer = await clientes.upsert_cliente(omie, {"codigo_cliente_integracao": code, **fields})
    except OmieError as error:
        known = OTHER_CODE.search(error.text) if error.kind is Kind.DUPLICATE else None
        if known is None:
            raise
        return int(known[1])
    return int(answer["codigo_cliente_omie"])


async def find(omie: Omie, code: str) -> int:
    """Returns the id of the customer with our code. Raises OmieError."""
    named: clientes.Key = {"codigo_cliente_integracao": code}
    found = await clientes.consultar_cliente(omie, named, {**named, "codigo_cliente_omie": 0}, remember=False)
    return int(found["codigo_cliente_omie"])
