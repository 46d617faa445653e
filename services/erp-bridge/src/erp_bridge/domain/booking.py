"""An order of ours as a sales order of the ERP (omie-api.md 2.5): lines, charges, and instalments that add up to the same total."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kit.errors import Refused

AT_SIGHT, CUSTOM = "000", "999"
WITHOUT_FREIGHT = "9"
MOST_INSTALMENTS = 120
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A line; amounts in minor units."""

    line_id: str
    sku: str
    name: str
    qty: Decimal
    unit_price_q: int
    line_total_q: int
    discount_q: int = 0

    @property
    def net_q(self) -> int:
        """What is left after the line's own discount; never below zero."""
        return max(0, self.line_total_q - self.discount_q)


@dataclass(frozen=True, slots=True)
class Sale:
    """An order as it was asked to be booked; amounts in minor units."""

    ref: str
    channel: str
    external_ref: str
    handle_type: str
    handle_ref: str
    currency: str
    lines: Sequence[Line]
    discount_q: int
    shipping_q: int
    tax_q: int
    total_q: int
    data: Mapping[str, Any]
    day: date
    """On which it was made, where the ERP is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the ERP a sale is booked."""

    customer: int
    category: str
    account: int
    stage: str
    products: Mapping[str, int]
    """The ERP's id of each SKU."""


def sale(ref: str, channel: str, content: Mapping[str, Any], zone: Any) -> Sale:
    """Reads a sale as it is kept."""
    lines = [
        Line(
            each["line_id"],
            each["sku"],
            each["name"],
            Decimal(each["qty"]),
            int(each["unit_price_q"]),
            int(each["line_total_q"]),
            int(each.get("discount_q", 0)),
        )
        for each in content["items"]
    ]
    made = datetime.fromisoformat(content["created_at"])
    return Sale(
        ref=ref,
        channel=channel,
        external_ref=content["external_ref"],
        handle_type=content["handle_type"],
        handle_ref=content["handle_ref"],
        currency=content["currency"],
        lines=lines,
        discount_q=int(content["discount_q"]),
        shipping_q=int(content["shipping_q"]),
        tax_q=int(content["tax_q"]),
        total_q=int(content["total_q"]),
        data=content.get("data") or {},
        day=made.astimezone(zone).date(),
    )


def order(sold: Sale, place: Place) -> dict[str, Any]:
    """Returns the sales order. Raises Refused(`currency_not_booked`) for one that is not in reais."""
    if sold.currency != "BRL":
        raise Refused("currency_not_booked", currency=sold.currency)
    discount_q, shipping_q, tax_q = charges(sold)
    code, parcels = instalments(sold)
    shares = shared([line.net_q for line in sold.lines], discount_q)
    discounts = [line.line_total_q - line.net_q + share for line, share in zip(sold.lines, shares, strict=True)]
    header = {
        "codigo_pedido_integracao": sold.ref,
        "codigo_cliente": place.customer,
        "data_previsao": _written(_expected(sold)),
        "etapa": place.stage,
        "codigo_parcela": code,
        **({"qtde_parcelas": len(parcels)} if parcels else {}),
    }
    more = {
        "codigo_categoria": place.category,
        "codigo_conta_corrente": place.account,
        "consumidor_final": "S",
        **({"numero_pedido_cliente": sold.external_ref[:60]} if sold.external_ref else {}),
    }
    freight = {"valor_frete": _money(shipping_q), "outras_despesas": _money(tax_q)}
    return {
        "cabecalho": header,
        "det": [_item(line, place.products[line.sku], off) for line, off in zip(sold.lines, discounts, strict=True)],
        "informacoes_adicionais": more,
        "frete": {"modalidade": WITHOUT_FREIGHT, **{name: value for name, value in freight.items() if value}},
        **({"lista_parcelas": {"parcela": parcels}} if parcels else {}),
    }


def _item(line: Line, product: int, discount_q: int) -> dict[str, Any]:
    wanted = {
        "codigo_produto": product,
        "quantidade": float(line.qty),
        "valor_unitario": _money(line.unit_price_q),
        **({"tipo_desconto": "V", "valor_desconto": _money(discount_q)} if discount_q else {}),
    }
    return {"ide": {"codigo_item_integracao": line.line_id}, "produto": wanted}


def charges(sold: Sale) -> tuple[int, int, int]:
    """Returns discount, shipping, and tax that come to the order's total.

    What of a discount is more than the lines is taken off shipping and tax.
    """
    lines_q = sum(line.net_q for line in sold.lines)
    discount_q = min(sold.discount_q, lines_q)
    excess = sold.discount_q - discount_q
    shipping_q = max(0, sold.shipping_q - excess)
    tax_q = max(0, sold.tax_q - max(0, excess - sold.shipping_q))
    return discount_q, shipping_q, tax_q


def shared(weights: Sequence[int], amount_q: int) -> list[int]:
    """Shares an amount by weights, to the last minor unit; no share is larger than its weight while the amount is not."""
    total = sum(weights)
    if not amount_q or not total:
        return [0] * len(weights)
    shares = [amount_q * weight // total for weight in weights]
    remainders = [amount_q * weight % total for weight in weights]
    largest = sorted(range(len(weights)), key=lambda at: (-remainders[at], at))
    for at in largest[: amount_q - sum(shares)]:
        shares[at] += 1
    return shares


def instalments(sold: Sale) -> tuple[str, list[dict[str, Any]]]:
    """Returns the code of the terms and the parcels, where `payment.instalments` of the data has more than one.

    It is their number, due monthly from a month after the sale, or a list of {due_date, amount_q} that comes to the total.
    Raises Refused(`invalid_instalments`).
    """
    payment = sold.data.get("payment")
    wanted = (payment.get("instalments") or payment.get("installments")) if isinstance(payment, Mapping) else None
    if wanted in (None, 0, 1, [], ""):
        return AT_SIGHT, []
    dues = _monthly(sold, wanted) if isinstance(wanted, int) else _listed(sold, wanted)
    parcels = [
        {"numero_parcela": at, "data_vencimento": _written(day), "valor": _money(amount_q)}
        for at, (day, amount_q) in enumerate(dues, 1)
    ]
    return CUSTOM, parcels


def _monthly(sold: Sale, number: int) -> list[tuple[date, int]]:
    if isinstance(number, bool) or not 1 < number <= MOST_INSTALMENTS:
        raise Refused("invalid_instalments", total_q=sold.total_q)
    share, rest = divmod(sold.total_q, number)
    return [(_months_after(sold.day, at), share + (rest if at == number else 0)) for at in range(1, number + 1)]


def _listed(sold: Sale, wanted: Any) -> list[tuple[date, int]]:
    try:
        dues = [(date.fromisoformat(each["due_date"]), int(each["amount_q"])) for each in wanted]
    except (TypeError, KeyError, ValueError) as error:
        raise Refused("invalid_instalments", total_q=sold.total_q) from error
    if sum(amount_q for _, amount_q in dues) != sold.total_q or any(amount_q <= 0 for _, amount_q in dues):
        raise Refused("invalid_instalments", total_q=sold.total_q)
    return dues


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, MONTHS)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))


def _expected(sold: Sale) -> date:
    """Returns when the goods are due: the delivery date of the data, if it is one, else the day of the sale."""
    delivery = sold.data.get("delivery")
    told = sold.data.get("delivery_date") or (delivery.get("date") if isinstance(delivery, Mapping) else None)
    try:
        return max(sold.day, date.fromisoformat(str(told)[:10]))
    except ValueError:
        return sold.day


def _written(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _money(amount_q: int) -> float:
    """Returns an amount as the ERP's decimal; what it holds in two digits, a float prints exactly."""
    return float(Decimal(amount_q) / 100)
