"""Who buys, as an order's free data tell it: names differ from channel to channel."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMES = ("name", "full_name", "nome", "razao_social")
TAX_NUMBERS = ("tax_id", "cpf_cnpj", "cnpj_cpf", "cpf", "cnpj", "document", "documento")
PHONES = ("phone", "telefone", "mobile", "celular")
ADDRESS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "endereco": (("street", "address", "endereco", "logradouro", "line1"), 60),
    "endereco_numero": (("number", "numero", "street_number"), 60),
    "complemento": (("complement", "complemento", "line2"), 60),
    "bairro": (("district", "neighborhood", "bairro"), 60),
    "cidade": (("city", "cidade"), 40),
    "estado": (("state", "uf", "estado"), 2),
    "cep": (("postal_code", "zip", "zip_code", "cep"), 10),
}
"""The ERP's fields, each with the names that it goes by and its length."""
CPF_DIGITS = 11
LONGEST_CODE = 60
STATE_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer: our code for him, empty where nothing tells him from others, and the ERP's fields."""

    code: str
    fields: Mapping[str, str]

    @property
    def can_be_registered(self) -> bool:
        """Whether the ERP takes him: it wants a name, and for an order a state (omie-api.md 2.5)."""
        return bool(self.code and self.fields.get("razao_social") and self.fields.get("estado"))


def of_order(handle_type: str, handle_ref: str, data: Mapping[str, Any]) -> Customer:
    """Returns the customer of an order, from its handle and its data."""
    told = _mapping(data.get("customer"))
    name, number, phone = _first(told, NAMES), _digits(_first(told, TAX_NUMBERS)), _digits(_first(told, PHONES))
    fields = {
        "razao_social": name[:60],
        "nome_fantasia": name[:100],
        "cnpj_cpf": number,
        "pessoa_fisica": ("S" if len(number) == CPF_DIGITS else "N") if number else "",
        "email": _first(told, ("email",)),
        **_phone(phone),
        **_address(told, data),
    }
    return Customer(_code(handle_type, handle_ref, fields), {key: value for key, value in fields.items() if value})


def _code(handle_type: str, handle_ref: str, fields: Mapping[str, str]) -> str:
    """Returns what tells a customer from others: the handle, the tax number, or a digest of how to reach him."""
    if handle_type == "customer" and handle_ref:
        return handle_ref[:LONGEST_CODE]
    if number := fields["cnpj_cpf"]:
        return number
    reach = fields["email"].lower() or fields.get("telefone1_ddd", "") + fields.get("telefone1_numero", "")
    known = reach or fields["razao_social"].lower()
    return f"C-{hashlib.sha256(known.encode()).hexdigest()[:16]}" if known else ""


def _address(told: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str]:
    delivery = _mapping(data.get("delivery"))
    places = (told.get("address"), delivery.get("address"), data.get("delivery_address"), data.get("shipping_address"))
    # The first place that names a state is a whole address; without one, the customer himself may carry it.
    place = next((each for each in map(_mapping, places) if _state(each)), told)
    found = {field: _first(place, names)[:length] for field, (names, length) in ADDRESS.items() if field != "estado"}
    return {**found, "estado": _state(place)}


def _state(place: Mapping[str, Any]) -> str:
    text = _first(place, ADDRESS["estado"][0]).upper()
    return text if len(text) == STATE_LETTERS and text.isalpha() else ""


def _phone(digits: str) -> dict[str, str]:
    local = digits.removeprefix("55") if len(digits) > CPF_DIGITS else digits
    return {"telefone1_ddd": local[:2], "telefone1_numero": local[2:15]} if len(local) > STATE_LETTERS else {}


def _first(place: Mapping[str, Any], names: tuple[str, ...]) -> str:
    values = (place.get(name) for name in names)
    return next((str(value).strip() for value in values if isinstance(value, str | int) and str(value).strip()), "")


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdecimal())


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
