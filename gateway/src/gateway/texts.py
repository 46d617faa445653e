"""The words of the gateway's own refusals."""

from kit.texts import Catalogue, Text

TEXTS: Catalogue = {
    "route_not_found": Text("There is nothing at {path}.", "Não há nada em {path}."),
    "method_not_allowed": Text("{path} does not take {method}.", "{path} não aceita {method}."),
    "invalid_json": Text("The body is not good JSON: {reason}.", "O corpo não é um JSON válido: {reason}."),
    "unknown_field": Text("There is no field {field}.", "Não existe o campo {field}."),
    "wrong_type": Text("{field} must be {expected}.", "{field} deve ser {expected}."),
    "body_too_large": Text("The body is larger than {limit} bytes.", "O corpo passa de {limit} bytes."),
    "unsupported_media_type": Text("Send application/json.", "Envie application/json."),
    "key_mismatch": Text(
        "Idempotency-Key and {field} of the body differ.", "Idempotency-Key e {field} do corpo são diferentes."
    ),
    "revision_mismatch": Text("If-Match and expected_rev differ.", "If-Match e expected_rev são diferentes."),
    "deadline_exceeded": Text("The answer took too long.", "A resposta demorou demais."),
}
