"""The words of the order hub's refusals."""

from kit.texts import Catalogue, Text

_SEALED = "não pode mais ser alterada."

_CODES: Catalogue = {
    "unknown_channel": Text("There is no active channel {channel_code}.", "Não há canal ativo {channel_code}."),
    "duplicate_code": Text("There is a channel {code} already.", "Já existe um canal {code}."),
    "invalid_config": Text("The config is not valid at {path}.", "A configuração não é válida em {path}."),
    "unknown_preset": Text("There is no preset {preset}.", "Não existe o modelo {preset}."),
    "amount_too_large": Text("An amount goes beyond {largest}.", "Um valor passa de {largest}."),
    "negative_amount": Text("{field} must not be negative.", "{field} não pode ser negativo."),
    "incomplete_handle": Text(
        "A handle needs both its type and its ref.", "Um identificador precisa de tipo e referência."
    ),
    "session_exists": Text("There is a session {session_key} already.", "Já existe uma sessão {session_key}."),
    "ambiguous_session": Text(
        "Several channels have a session {session_key}: say which channel_code.",
        "Vários canais têm a sessão {session_key}: informe channel_code.",
    ),
    "already_committed": Text(
        "Order {session_key} is finished and can no longer be changed.",
        f"A comanda {{session_key}} já foi finalizada e {_SEALED}",
    ),
    "already_abandoned": Text(
        "Order {session_key} was abandoned and can no longer be changed.",
        f"A comanda {{session_key}} foi abandonada e {_SEALED}",
    ),
    "abandoned": Text("Order {session_key} was abandoned.", "A comanda {session_key} foi abandonada."),
    "locked": Text(
        "Items from {channel} cannot be edited: the outside platform manages them.",
        "Os itens de {channel} não podem ser editados: quem os gerencia é a plataforma externa.",
    ),
    "stale_revision": Text("The session is at revision {rev} by now.", "A sessão já está na revisão {rev}."),
    "no_ops": Text("There is nothing to do: ops is empty.", "Não há nada a fazer: ops está vazio."),
    "unsupported_op": Text("There is no operation {op}.", "Não existe a operação {op}."),
    "missing_sku": Text("The operation needs a sku.", "A operação exige um sku."),
    "invalid_qty": Text(
        "Quantity {qty} must be above zero, with at most three decimal places.",
        "A quantidade {qty} deve ser maior que zero, com no máximo três casas decimais.",
    ),
    "missing_unit_price_q": Text(
        "The channel's prices come from outside: send unit_price_q for {sku}.",
        "Os preços do canal vêm de fora: informe unit_price_q para {sku}.",
    ),
    "price_not_found": Text("There is no price for {sku}.", "Não há preço para {sku}."),
    "product_inactive": Text("Product {sku} is not for sale.", "O produto {sku} não está à venda."),
    "unknown_line_id": Text("There is no line {line_id}.", "Não há linha {line_id}."),
    "duplicate_line_id": Text("There is a line {line_id} already.", "Já existe a linha {line_id}."),
    "invalid_merge": Text("A line cannot be merged into itself.", "Uma linha não pode ser unida a si mesma."),
    "sku_mismatch": Text(
        "Lines of {from_sku} and {into_sku} cannot be merged.",
        "Linhas de {from_sku} e {into_sku} não podem ser unidas.",
    ),
    "invalid_path": Text("Nothing may be stored at {path}.", "Nada pode ser gravado em {path}."),
    "invalid_value": Text("The value at {path} must not be null.", "O valor em {path} não pode ser nulo."),
    "session_not_found": Text("There is no session {session_key}.", "Não há sessão {session_key}."),
    "issue_not_found": Text("There is no issue {issue_id} any more.", "Não há mais a pendência {issue_id}."),
    "action_not_found": Text(
        "Issue {issue_id} has no action {action_id}.", "A pendência {issue_id} não tem a ação {action_id}."
    ),
    "no_resolver": Text(
        "Issues of {source} are not settled by an action.", "Pendências de {source} não se resolvem por uma ação."
    ),
    "stale_action": Text(
        "The action is of revision {action_rev}, the session is at {session_rev}.",
        "A ação é da revisão {action_rev}; a sessão está na {session_rev}.",
    ),
    "resolver_error": Text("Action {action_id} cannot be done.", "A ação {action_id} não pode ser executada."),
    "misplaced_actions": Text(
        "Actions stand beside the context of an issue, in `actions`, not in it.",
        "As ações ficam ao lado do contexto da pendência, em `actions`, não dentro dele.",
    ),
    "check_owned": Text(
        "Check {check_code} is made by a service of its own.",
        "A verificação {check_code} é feita por um serviço próprio.",
    ),
    "invalid_date": Text("The value at {path} must be a date.", "O valor em {path} deve ser uma data."),
    "unknown_ref_type": Text("There is no type of ref {type}.", "Não há o tipo de referência {type}."),
    "ref_target": Text("Name either a session or an order.", "Informe uma sessão ou um pedido, e só um deles."),
    "ref_wrong_kind": Text(
        "Refs of type {type} are not for a {target}.", "Referências do tipo {type} não são para {target}."
    ),
    "ref_value": Text(
        "A ref needs a value of at most {longest} characters.",
        "Uma referência precisa de um valor de até {longest} caracteres.",
    ),
    "ref_scope_invalid": Text(
        "The scope must have {keys}; missing or empty: {missing}, unknown: {unknown}.",
        "O escopo deve ter {keys}; faltam ou estão vazios: {missing}, desconhecidos: {unknown}.",
    ),
    "ref_conflict": Text("{type} {value} stands for something else.", "{type} {value} já aponta para outro registro."),
    "too_many_lines": Text(
        "The channel takes at most {most} lines, not {lines}.", "O canal aceita no máximo {most} itens, não {lines}."
    ),
    "missing_data": Text("The order needs {path}.", "O pedido precisa de {path}."),
    "minimum_order": Text(
        "The items come to {subtotal_q} {currency} cents; the least is {minimum_q}.",
        "Os itens somam {subtotal_q} centavos de {currency}; o mínimo é {minimum_q}.",
    ),
    "part_too_large": Text(
        "Line {line_id} has {available}, of which {qty} cannot be split off.",
        "A linha {line_id} tem {available}: não dá para separar {qty}.",
    ),
    "currency_mismatch": Text(
        "{currency} and {other} cannot be mixed.", "{currency} e {other} não podem ser misturados."
    ),
    "same_session": Text(
        "Session {session_key} cannot be merged into itself.", "A sessão {session_key} não pode ser unida a si mesma."
    ),
    "other_channel": Text(
        "Session {session_key} belongs to channel {channel_code}.",
        "A sessão {session_key} pertence ao canal {channel_code}.",
    ),
    "handle_taken": Text(
        "Another open session has {handle_type} {handle_ref}.",
        "Outra sessão aberta está em {handle_type} {handle_ref}.",
    ),
    "missing_check": Text("Check {check_code} has not been made.", "A verificação {check_code} não foi feita."),
    "stale_check": Text(
        "Check {check_code} is of revision {check_rev}, the session is at {session_rev}.",
        "A verificação {check_code} é da revisão {check_rev}; a sessão está na {session_rev}.",
    ),
    "hold_expired": Text("The hold of {check_code} ran out.", "A reserva de {check_code} expirou."),
    "blocking_issues": Text("Open issues stand in the way.", "Há pendências que impedem a finalização."),
    "empty_session": Text("An order needs at least one item.", "Um pedido precisa de pelo menos um item."),
    "duplicate_external_ref": Text(
        "External ref {external_ref} belongs to order {order_ref} already.",
        "A referência externa {external_ref} já pertence ao pedido {order_ref}.",
    ),
    "terminal_status": Text(
        "The order is {current_status}, which is final.", "O pedido está {current_status}, que é definitivo."
    ),
    "invalid_transition": Text(
        "Invalid status transition from {current_status} to {requested_status}.",
        "Um pedido {current_status} não pode passar a {requested_status}.",
    ),
    "refund_exceeds_total": Text(
        "Only {available_q} of the order's {total_q} can still be refunded, not {amount_q}.",
        "Só {available_q} dos {total_q} do pedido ainda podem ser reembolsados, não {amount_q}.",
    ),
    "missing_event_type": Text("An event needs a type.", "Um evento precisa de um tipo."),
    "reserved_event_type": Text(
        "Events of type {type} are written by the hub itself.", "Eventos do tipo {type} são gravados pelo próprio hub."
    ),
    "internal_note_not_told": Text(
        "The customer is not told of an internal note.", "O cliente não é avisado de uma nota interna."
    ),
    "order_not_fulfillable": Text(
        "An order that is {status} cannot be fulfilled.", "Um pedido {status} não pode ser separado para entrega."
    ),
    "quantity_exceeded": Text(
        "That is more than is left of what was ordered.", "Isso é mais do que resta do que foi pedido."
    ),
    "invalid_period": Text(
        "from and to are days (2026-11-30) or instants with an offset, from not after to.",
        "from e to são dias (2026-11-30) ou instantes com fuso, from não depois de to.",
    ),
    "invalid_signature": Text("The signature is not good.", "A assinatura não confere."),
    "invalid_event": Text("The event is not valid at {field}.", "O evento não é válido em {field}."),
    "prices_not_external": Text(
        "Prices of channel {channel_code} must come from outside.",
        "Os preços do canal {channel_code} devem vir de fora.",
    ),
    "unknown_status": Text("The channel's flow has no status {status}.", "O fluxo do canal não tem o status {status}."),
    "marketplace_inactive": Text(
        "Channel {channel_code} does not follow its marketplace at present.",
        "O canal {channel_code} não acompanha o marketplace no momento.",
    ),
    "unknown_order": Text("There is no order {order_id} yet.", "Ainda não há o pedido {order_id}."),
    "invalid_since": Text(
        "`since` must be a place that an earlier answer gave.", "`since` deve vir de uma resposta anterior."
    ),
    "invalid_payload": Text(
        "The payload does not suit {topic}: {reason}", "O conteúdo não serve para {topic}: {reason}"
    ),
    "order_ref_mismatch": Text(
        "The payload is about order {payload_order_ref}, not {order_ref}.",
        "O conteúdo é do pedido {payload_order_ref}, não de {order_ref}.",
    ),
    "invalid_url": Text("{url} cannot be called: {reason}.", "{url} não pode ser chamado: {reason}."),
    "private_address": Text("{url} leads to a private address.", "{url} leva a um endereço privado."),
    "delivery_cancelled": Text("The delivery was cancelled.", "A entrega foi cancelada."),
    "endpoint_gone": Text("The address that it went to was removed.", "O endereço para onde ia foi removido."),
    "order_not_returnable": Text(
        "An order that is {status} has not left and cannot be returned.",
        "Um pedido {status} não saiu e não pode ser devolvido.",
    ),
    "return_settled": Text("Return {number} is {status}.", "A devolução {number} está {status}."),
    "return_refund_exceeded": Text(
        "{available_q} was paid for what came back, not {amount_q}.",
        "Foram pagos {available_q} pelo que voltou, não {amount_q}.",
    ),
    "directive_settled": Text("The directive is {status}.", "A diretiva está {status}."),
}

_PROBLEMS = {
    "unknown_keys": Text(
        "The config has unknown keys: {unknown}. Valid keys: {valid}.",
        "A configuração tem chaves desconhecidas: {unknown}. Chaves válidas: {valid}.",
    ),
    "choice": Text("{path} must be one of {valid}.", "{path} deve ser um destes: {valid}."),
    "no_text": Text("{path} must be a text.", "{path} deve ser um texto."),
    "no_texts": Text("{path} must be a list of texts.", "{path} deve ser uma lista de textos."),
    "no_name": Text(
        "{path} must be a text of 1 to {longest} characters.", "{path} deve ser um texto de 1 a {longest} caracteres."
    ),
    "no_object": Text("{path} must be an object.", "{path} deve ser um objeto."),
    "no_minutes": Text(
        "{path} must be whole minutes from 1 to {most}.", "{path} deve ser um número inteiro de minutos de 1 a {most}."
    ),
    "no_count": Text("{path} must be a whole number from 0.", "{path} deve ser um número inteiro a partir de 0."),
    "no_flag": Text("{path} must be true or false.", "{path} deve ser true ou false."),
    "missing": Text("{path} is missing.", "Falta {path}."),
    "no_prefix": Text(
        "{path} must be two to eight capital letters, and not {taken}.",
        "{path} deve ter de duas a oito letras maiúsculas, e não pode ser {taken}.",
    ),
    "no_digits": Text("{path} must be a whole number from 3 to 9.", "{path} deve ser um número inteiro de 3 a 9."),
    "no_move": Text(
        "{path} must be a status, or an object of `to` and `from`.",
        "{path} deve ser um status, ou um objeto com `to` e `from`.",
    ),
    "unknown_status": Text(
        "{path}: {status} is not a status of the flow.", "{path}: {status} não é um status do fluxo."
    ),
    "unreachable": Text(
        "{path}: {status} cannot be reached from {initial}.", "{path}: não se chega a {status} a partir de {initial}."
    ),
    "trap": Text(
        "{path}: no way leads on to a terminal status: {way}.", "{path}: não há saída para um status final: {way}."
    ),
    "may_not_follow": Text(
        "{path}: {status} may not follow {before}.", "{path}: {status} não pode vir depois de {before}."
    ),
    "executed_topic": Text(
        "{path}: {topic} answers no session: name a topic of your own.",
        "{path}: {topic} não responde a uma sessão: informe um tópico próprio.",
    ),
    "follows_nothing": Text(
        "{path}: {status} may follow no status at all.", "{path}: {status} não pode vir depois de nenhum status."
    ),
}
"""What is wrong with a config, by the `problem` of the refusal."""

TEXTS: Catalogue = {**_CODES, **{f"invalid_config.{problem}": text for problem, text in _PROBLEMS.items()}}
