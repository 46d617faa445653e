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
    "credit_not_allowed": Text(
        "Granting credit ({fields}) takes a manager.", "Conceder crédito ({fields}) exige um gerente."
    ),
    "duplicate_phone": Text("A customer has the number {phone} already.", "Já existe um cliente com o número {phone}."),
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
