"""Our own sentences in the logs of work: kept in Portuguese, as source 002 documents them, and shown in English to who reads that.

What Omie itself has said stays in its words.
"""

import re
from typing import Any

from erp_bridge.texts import words

_INSTRUCTION = (
    r"A API da Omie não encerra pedidos de compra\. Na Omie, em Compras > Pedidos de Compra, abra {which}, escolha Encerrar e"
    r" informe como motivo a NF de serviço (?P<invoice>.+?) \(id (?P<id>\d+)\)\. O encerramento será confirmado aqui"
    r" automaticamente\."
)
_INSTRUCTED = (
    r"Omie's API closes no purchase orders. In Omie, under Compras > Pedidos de Compra, open {which}, choose Encerrar and give the"
    r" service invoice \g<invoice> (id \g<id>) as the reason. The closure will then be confirmed here by itself."
)
_PHRASES = (
    (_INSTRUCTION.format(which="o pedido de compra (?P<order>.+?)"),
     _INSTRUCTED.format(which=r"purchase order \g<order>")),
    (_INSTRUCTION.format(which="o item (?P<item>.+?) do pedido de compra (?P<order>.+?)"),
     _INSTRUCTED.format(which=r"item \g<item> of purchase order \g<order>")),
    (r"Pedido já estava encerrado", "The order was closed already"),
    (r"Pedido já estava recebido", "The order was received already"),
    (r"A Omie mostra o pedido como encerrado\.", "Omie shows the order as closed."),
    (r"A Omie mostra o pedido como recebido\.", "Omie shows the order as received."),
    (r"O pedido de compra está cancelado na Omie\.", "The purchase order is cancelled in Omie."),
    (r"Chamadas suspensas para não provocar um bloqueio da API da Omie\.",
     "Calls are held back, lest Omie's API block them."),
    (r"O limite de chamadas da API da Omie foi atingido\.", "The limit of calls of Omie's API is reached."),
    (r"A mesma consulta foi feita à Omie há menos de um minuto\.", "Omie was asked the same less than a minute ago."),
    (r"A Omie não confirmou a inclusão", "Omie has not confirmed the inclusion"),
    (r"Arquivos deste tipo não são aceitos\.", "Files of this type are not taken."),
    (r"O download respondeu HTTP (\d+)\.", r"The download answered HTTP \1."),
    (r"O arquivo passa de (\d+) MB\.", r"The file is larger than \1 MB."),
    (r"Erro inesperado: ", "Unexpected error: "),
    (r"O pedido ainda não mostra a nota fiscal\.", "The order does not show its invoice yet."),
    (r"O recebimento não tem contas a pagar\.", "The receipt has no payables."),
    (re.escape(words("account_of_another", "pt")), words("account_of_another", "en")),
    (r"A conta da Omie não está ligada a nenhuma empresa\.", "The Omie account is not bound to a business."),
)  # fmt: skip
ENGLISH = tuple((re.compile(pattern), english) for pattern, english in _PHRASES)


def in_language(value: Any, language: str) -> Any:
    """Returns a text, or an object or list with texts in it, in a language ("pt" or "en")."""
    if language == "pt":
        return value
    if isinstance(value, dict):
        return {name: in_language(each, language) for name, each in value.items()}
    if isinstance(value, list):
        return [in_language(each, language) for each in value]
    return _in_english(value) if isinstance(value, str) else value


def _in_english(text: str) -> str:
    for pattern, english in ENGLISH:
        text = pattern.sub(english, text)
    return text
