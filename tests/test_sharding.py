"""Whether rows could be spread over several databases by their business: docs/decisions/sharding.md."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

SERVICES = ("orders", "inventory", "sales", "erp_bridge")
KEY = "business_id"
UNIQUE_WITHOUT_IT = {
    "outbox_position": "the order of one database's outbox",
    "businesses_code": "finds the business",
    "api_keys_id": "finds the business of a key",
    "marketplaces_hook": "finds the business of a webhook",
    "omie_accounts_account": "finds the business of an ERP account",
}
SWEEPS_ALL_BUSINESSES = {
    "orders.store.deliveries.REAP",
    "erp_bridge.omie.gate.OLD_LEASES",
    "erp_bridge.omie.gate.OLD_QUESTIONS",
    "erp_bridge.store.closures.CLAIM",
    "erp_bridge.store.orders.CLAIM",
    "erp_bridge.store.orders.FORGET",
    "erp_bridge.store.transfers.CLAIM",
    "erp_bridge.store.webhooks.OLD",
}
GETS_ITS_CONDITION_IN_CODE = {"inventory.queries.allocations.ALLOCATIONS", "inventory.queries.stock.MOVEMENTS"}
STATEMENT = re.compile(r"\s*(select|insert|update|delete|with|merge)\b")
NAMED = re.compile(r"\b(?:from|join|into|update|using)\s+(?:only\s+)?(\w+)")
BOUND = re.compile(
    r"business_id\s*(=|in\b)|=\s*(\w+\.)?business_id|using\s*\(\s*business_id"
    r"|business_id,[^)]*\)\s*(=|in\b|<|>)|^\s*insert into"
)
LOOKS_FOR_IT = re.compile(r"^\s*select\s+(\w+\.)?business_id\b")
"""Reads over all businesses, to find one or to find work, and returns whose each row is."""


def tables(service: str) -> list[sa.Table]:
    """Returns a service's tables."""
    module = importlib.import_module(f"{service}.tables")
    [metadata] = {value for value in vars(module).values() if isinstance(value, sa.MetaData)}
    return metadata.sorted_tables


def statements(service: str) -> Iterator[tuple[str, str]]:
    """Yields the statements that a service names, by where they are, which read or write its tables."""
    known = {table.name for table in tables(service)}
    package = importlib.import_module(service)
    for found in pkgutil.walk_packages(package.__path__, f"{service}."):
        if found.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if name.isupper() and isinstance(value, str) and STATEMENT.match(value) and known & {*NAMED.findall(value)}:
                yield f"{found.name}.{name}", value


@pytest.mark.parametrize("service", SERVICES)
def test_every_key_begins_with_the_business_but_those_that_find_it(service: str) -> None:
    for table in tables(service):
        assert table.primary_key.columns.keys()[0] == KEY, table.name
        unique = [index for index in table.indexes if index.unique]
        unique += [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
        for each in unique:
            assert each.columns.keys()[0] == KEY or each.name in UNIQUE_WITHOUT_IT, f"{table.name}: {each.name}"
        for foreign in table.foreign_key_constraints:
            assert KEY in foreign.column_keys, f"{table.name}: {foreign.name}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_statement_binds_the_business_of_its_rows_or_tells_it_but_sweeps(service: str) -> None:
    excused = SWEEPS_ALL_BUSINESSES | GETS_ITS_CONDITION_IN_CODE
    unbound = {name for name, text in statements(service) if not (BOUND.search(text) or LOOKS_FOR_IT.search(text))}
    assert unbound <= excused
    assert {name for name in excused if name.startswith(f"{service}.")} <= unbound, "no excuse that is not needed"
