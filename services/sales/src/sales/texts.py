"""The words of the refusals."""

from kit.texts import Catalogue, Text

TEXTS: Catalogue = {
    "duplicate_code": Text("{code} exists already.", "{code} já existe."),
    "unknown_timezone": Text(
        "{timezone} is no IANA time zone; one is America/Sao_Paulo.",
        "{timezone} não é um fuso horário IANA; um deles é America/Sao_Paulo.",
    ),
    "unknown_currency": Text("{currency} is no currency of ISO 4217.", "{currency} não é uma moeda da ISO 4217."),
    "unknown_business": Text("There is no business {business}.", "Não existe o negócio {business}."),
    "business_required": Text(
        "Your credential is bound to no business, and this needs one.",
        "Sua credencial não está ligada a um negócio, e esta operação exige um.",
    ),
    "business_not_allowed": Text(
        "Only operators may name a business; your keys are for your own.",
        "Só operadores podem indicar um negócio; suas chaves são para o seu próprio.",
    ),
    "operator_only": Text(
        "Only operators of the installation may do this.", "Só operadores da instalação podem fazer isto."
    ),
    "role_above_own": Text(
        "Role {own_role} may not make a key of role {role}.",
        "O papel {own_role} não pode criar uma chave do papel {role}.",
    ),
    "credit_blocked": Text("Customer credit is blocked", "O crédito do cliente está bloqueado"),
    "customer_inactive": Text("Customer account is inactive", "O cadastro do cliente está inativo"),
    "credit_limit_exceeded": Text(
        "Insufficient credit. Available: {available}", "Crédito insuficiente. Disponível: {available}"
    ),
    "customer_overdue": Text("Customer has overdue balance: {overdue}", "O cliente tem saldo vencido: {overdue}"),
    "unknown_event_type": Text(
        "There is no audit event {event_type}; these are known: {known}.",
        "Não existe o evento de auditoria {event_type}; são conhecidos: {known}.",
    ),
    "credit_not_allowed": Text(
        "Granting credit ({fields}) takes a manager.", "Conceder crédito ({fields}) exige um gerente."
    ),
    "customer_owes": Text(
        "The account must be even before a customer can be forgotten; its balance is {balance_q}, in minor units.",
        "A conta precisa estar zerada antes de esquecer um cliente; o saldo é {balance_q}, em centavos.",
    ),
    "duplicate_phone": Text("A customer has the number {phone} already.", "Já existe um cliente com o número {phone}."),
    "sale_not_draft": Text(
        "Cannot {verb} sale with status {status}", "Operação ({verb}) impossível em venda com status {status}"
    ),
    "sale_empty": Text("Cannot complete sale without items", "Não é possível concluir uma venda sem itens"),
    "duplicate_external_ref": Text(
        "There is a sale with the external ref {external_ref} in this storefront already.",
        "Já existe nesta loja uma venda com a referência externa {external_ref}.",
    ),
    "backdating_not_allowed": Text(
        "Entering a sale for an earlier time takes a manager.", "Lançar uma venda com hora anterior exige um gerente."
    ),
    "sold_in_future": Text("A sale cannot have been made in the future.", "Uma venda não pode ser de uma hora futura."),
    "no_receipt": Text("There is no receipt of a sale that is {status}.", "Não há recibo de uma venda {status}."),
    "storefront_inactive": Text("Storefront {storefront} does not sell.", "A loja {storefront} não está vendendo."),
    "customer_required": Text(
        "Customer is required for credit sales", "Uma venda a crédito exige um cliente identificado"
    ),
    "payment_required": Text(
        "Payments are missing: {due_q} is due, in minor units.", "Faltam pagamentos: {due_q} a pagar, em centavos."
    ),
    "payment_exceeds_due": Text(
        "{amount_q} is more than the {due_q} that is due, in minor units.",
        "{amount_q} é mais do que os {due_q} a pagar, em centavos.",
    ),
    "payment_exceeds_balance": Text(
        "{amount_q} is more than the {balance_q} that is owed, in minor units.",
        "{amount_q} é mais do que os {balance_q} devidos, em centavos.",
    ),
    "intent_not_found": Text(
        "There is no payment intent {intent_id}.", "Não existe a intenção de pagamento {intent_id}."
    ),
    "unknown_provider": Text(
        "There is no payment provider {provider}; these are known: {known}.",
        "Não existe o provedor de pagamento {provider}; são conhecidos: {known}.",
    ),
    "invalid_status": Text(
        "A payment with status {status} cannot do this: {operation}.",
        "Um pagamento com status {status} não permite: {operation}.",
    ),
    "not_captured": Text(
        "Of a payment with status {status} nothing was taken.",
        "De um pagamento com status {status} nada foi capturado.",
    ),
    "exceeds_authorized": Text(
        "{amount_q} is more than the {authorized_q} of the payment, in minor units.",
        "{amount_q} é mais do que os {authorized_q} do pagamento, em centavos.",
    ),
    "exceeds_captured": Text(
        "{amount_q} is more than the {refundable_q} that may be given back, in minor units.",
        "{amount_q} é mais do que os {refundable_q} que podem ser devolvidos, em centavos.",
    ),
    "customer_unknown": Text("There is no customer {customer_id}.", "Não existe o cliente {customer_id}."),
    "credit_released": Text(
        "Order {order_ref} has given its credit back.", "O pedido {order_ref} já devolveu o seu crédito."
    ),
    "no_credit_held": Text(
        "No credit is kept for order {order_ref}.", "Não há crédito reservado para o pedido {order_ref}."
    ),
    "invalid_signature": Text("The signature is not right.", "A assinatura não confere."),
    "invalid_event": Text("The body is no event: {field}.", "O corpo não é um evento: {field}."),
    "no_intent_id": Text(
        "Neither the directive nor order {order_ref} names a payment intent.",
        "Nem a diretiva nem o pedido {order_ref} indica uma intenção de pagamento.",
    ),
    "intent_of_other_order": Text(
        "Payment intent {intent_id} pays another order than {order_ref}.",
        "A intenção de pagamento {intent_id} paga outro pedido que não {order_ref}.",
    ),
    "currency_mismatch": Text(
        "The payment is in {currency}, and what it is to pay in {order_currency}.",
        "O pagamento está em {currency}, e o que ele pagaria em {order_currency}.",
    ),
    "intent_pays_order": Text(
        "Payment intent {intent_id} pays order {order_ref}.",
        "A intenção de pagamento {intent_id} paga o pedido {order_ref}.",
    ),
    "intent_pays_sale": Text(
        "Payment intent {intent_id} pays sale {sale_id}: it pays nothing else, and is refunded with the sale.",
        "A intenção de pagamento {intent_id} paga a venda {sale_id}: não paga outra coisa, e é reembolsada com a venda.",
    ),
    "payment_differs_from_intent": Text(
        "The intent has {intent_q} by {intent_method} to pay with, not {amount_q} by {method}, in minor units.",
        "A intenção tem {intent_q} por {intent_method} para pagar, e não {amount_q} por {method}, em centavos.",
    ),
    "sale_not_payable": Text(
        "A sale with status {status} takes no payment.", "Uma venda com status {status} não recebe pagamento."
    ),
    "sale_already_paid": Text("Nothing is due: the sale is paid.", "Nada a pagar: a venda está paga."),
    "sale_not_refundable": Text(
        "A sale with status {status} is not refunded.", "Uma venda com status {status} não é reembolsada."
    ),
    "refund_window_over": Text("The {days} days for this are over.", "O prazo de {days} dias para isso terminou."),
    "refund_exceeds_paid": Text(
        "{amount_q} is more than the {refundable_q} that may be paid back, in minor units.",
        "{amount_q} é mais do que os {refundable_q} que podem ser devolvidos, em centavos.",
    ),
    "refund_items_required": Text(
        "Say which units: a refund of type {type} needs {field}.",
        "Indique as unidades: um reembolso do tipo {type} exige {field}.",
    ),
    "refund_quantity_exceeded": Text(
        "Of {sku}, {refundable} can be taken back, not {requested}.",
        "De {sku}, podem ser devolvidos {refundable}, e não {requested}.",
    ),
    "nothing_declined": Text(
        "Refund {id} has nothing that its provider has declined to pay back.",
        "O reembolso {id} não tem nada que o provedor tenha recusado devolver.",
    ),
    "refund_not_open": Text(
        "A refund with status {status} cannot become {requested_status}.",
        "Um reembolso com status {status} não pode passar a {requested_status}.",
    ),
    "refund_under_way": Text(
        "A refund of the sale is under way; process or reject it first.",
        "Há um reembolso da venda em andamento; processe-o ou rejeite-o antes.",
    ),
    "sale_already_cancelled": Text(
        "The sale is already cancelled ({status}).", "A venda já está cancelada ({status})."
    ),
    "override_not_allowed": Text("An override takes a manager.", "A liberação exige um gerente."),
    "override_reason_required": Text("An override needs a reason.", "A liberação exige um motivo."),
    "role_limit_exceeded": Text(
        "{requested_q} is beyond your role's limit here: {limit} ({limit_q}), in minor units.",
        "{requested_q} passa do limite do seu papel aqui: {limit} ({limit_q}), em centavos.",
    ),
    "insufficient_stock": Text(
        "Insufficient stock for {sku}. Available: {available}, Requested: {requested}",
        "Estoque insuficiente de {sku}. Disponível: {available}, Solicitado: {requested}",
    ),
    "unknown_sku": Text("There is no product {sku}.", "Não existe o produto {sku}."),
    "invalid_qty": Text("{qty} is no quantity above zero.", "{qty} não é uma quantidade acima de zero."),
    "invalid_date": Text("{field}: there is no date {date}.", "{field}: não existe a data {date}."),
    "amount_too_large": Text("The amount is beyond {largest_q} minor units.", "O valor passa de {largest_q} centavos."),
    "member_above_own": Text(
        "Role {own_role} may not add or change a member of role {role}.",
        "O papel {own_role} não pode incluir ou alterar um membro do papel {role}.",
    ),
    "duplicate_email": Text(
        "There is a member with the address {email}.", "Já existe um membro com o endereço {email}."
    ),
    "duplicate_subject": Text("Subject {subject} is a member already.", "{subject} já é um membro."),
    "scope_above_own": Text(
        "Your key reaches only {own_scopes}; name scopes within it.",
        "Sua chave alcança apenas {own_scopes}; indique escopos dentro disso.",
    ),
    "expired_already": Text("{field} lies in the past.", "{field} está no passado."),
    "api_key_over": Text(
        "Key {id} is not good any more; make a new one.", "A chave {id} não vale mais; crie uma nova."
    ),
    "customer_id_required": Text(
        "A key of role customer needs the customer_id that it speaks for.",
        "Uma chave do papel customer exige o customer_id em cujo nome fala.",
    ),
    "customer_id_not_allowed": Text(
        "A key of role {role} has no customer_id.", "Uma chave do papel {role} não tem customer_id."
    ),
}
