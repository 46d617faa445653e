"""The bridge's words: of its refusals, and of the answers that the documents of source 002 have in Portuguese."""

from kit.texts import Catalogue, Text

TEXTS: Catalogue = {
    "unknown_method": Text(
        "Method {method} of the ERP was never called.", "O método {method} do ERP nunca foi chamado."
    ),
    "erp_not_configured": Text(
        "No ERP account is configured: set OMIE_APP_KEY and OMIE_APP_SECRET.",
        "Nenhuma conta do ERP está configurada: defina OMIE_APP_KEY e OMIE_APP_SECRET.",
    ),
    "account_of_another": Text(
        "No ERP account belongs to this business: an operator binds one to it.",
        "Nenhuma conta do ERP pertence a esta empresa: um operador precisa ligá-la a uma.",
    ),
    "omie_unavailable": Text("The ERP cannot do this now: {text}", "O ERP não pode fazer isto agora: {text}"),
    "omie_refused": Text("The ERP refused: {text}", "O ERP recusou: {text}"),
    "unknown_table": Text(
        "The ERP has no table {table}; it has {tables}.", "O ERP não tem a tabela {table}; tem {tables}."
    ),
    "invalid_base64": Text("{field} must be a text in base64.", "{field} deve ser um texto em base64."),
    "file_empty": Text("The file is empty.", "O arquivo está vazio."),
    "file_too_large": Text("The file is larger than {limit_mb} MB.", "O arquivo passa de {limit_mb} MB."),
    "file_type_refused": Text("Files of type {type} are not taken.", "Arquivos do tipo {type} não são aceitos."),
    "webhook_of_another_account": Text(
        "The message is not of a configured account.", "A mensagem não é de uma conta configurada."
    ),
    "invalid_mapping": Text(
        "This is no value for a mapping of kind {kind}.", "Este valor não serve para um mapeamento do tipo {kind}."
    ),
    "mapping_missing": Text(
        "The order waits for mappings that are not there.", "O pedido aguarda mapeamentos que não existem."
    ),
    "cancelled_in_erp": Text(
        "The order was cancelled in the ERP and not here.", "O pedido foi cancelado no ERP, mas não aqui."
    ),
    "invoiced_in_erp": Text(
        "The order is cancelled here and invoiced in the ERP: cancel the invoice there.",
        "O pedido está cancelado aqui e faturado no ERP: cancele a nota fiscal lá.",
    ),
    "currency_not_booked": Text("The ERP books reais only.", "O ERP só registra reais."),
    "invalid_instalments": Text(
        "The instalments do not come to the order's total.", "As parcelas não somam o total do pedido."
    ),
    "order_missing": Text("The directive came without its order.", "A diretiva veio sem o pedido."),
    "closure_started": Text("The closure was started and goes on.", "Encerramento iniciado de forma assíncrona"),
    "transfer_started": Text("The transfer was started and goes on.", "Transferência iniciada de forma assíncrona"),
}


def words(code: str, language: str) -> str:
    """Returns the words of a code in a language ("pt" or "en")."""
    text = TEXTS[code]
    return text.pt if language == "pt" else text.en
