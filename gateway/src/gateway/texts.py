"""The words of the gateway's own refusals."""

from kit.errors import DomainError
from kit.texts import Catalogue, Text, render

TEXTS: dict[str, Text] = {
    "route_not_found": Text("There is nothing at {path}.", "Não há nada em {path}."),
    "method_not_allowed": Text("{path} does not take {method}.", "{path} não aceita {method}."),
    "invalid_url": Text(
        "The path or the query holds bytes that are no text.", "O caminho ou a query contém bytes que não são texto."
    ),
    "too_many_parameters": Text("The query has more than {most} parameters.", "A query tem mais de {most} parâmetros."),
    "invalid_http": Text(
        "This is no HTTP that can be read; letters beyond ASCII in a path or query are percent-encoded.",
        "Isto não é um HTTP legível; letras fora do ASCII no caminho ou na query vão codificadas com %.",
    ),
    "invalid_json": Text("The body is not good JSON: {reason}.", "O corpo não é um JSON válido: {reason}."),
    "invalid_json.object": Text("The body must be a JSON object.", "O corpo deve ser um objeto JSON."),
    "invalid_json.twice": Text(
        "A name stands twice in one object of the body.", "Um nome aparece duas vezes num mesmo objeto do corpo."
    ),
    "invalid_json.constant": Text("The body has {name}, which is no JSON.", "O corpo tem {name}, que não é JSON."),
    "invalid_json.nul": Text("The body holds a NUL character.", "O corpo contém um caractere NUL."),
    "invalid_json.surrogate": Text(
        "The body holds half of a surrogate pair.", "O corpo contém metade de um par substituto."
    ),
    "invalid_json.depth": Text(
        "The body nests deeper than {deepest} levels.", "O corpo passa de {deepest} níveis de profundidade."
    ),
    "unknown_field": Text("There is no field {field} here.", "Não existe o campo {field} aqui."),
    "body_too_large": Text("The body is larger than {limit} bytes.", "O corpo passa de {limit} bytes."),
    "unsupported_media_type": Text(
        "Send the body as application/json, not compressed.", "Envie o corpo como application/json, sem compressão."
    ),
    "key_mismatch": Text(
        "Idempotency-Key and {field} of the body differ.", "Idempotency-Key e {field} do corpo são diferentes."
    ),
    "revision_mismatch": Text("If-Match and expected_rev differ.", "If-Match e expected_rev são diferentes."),
    "rate_limited": Text(
        "More than {limit} calls in {seconds} seconds; go on in {retry_after_seconds} seconds.",
        "Mais de {limit} chamadas em {seconds} segundos; continue em {retry_after_seconds} segundos.",
    ),
    "deadline_exceeded": Text("The answer took too long.", "A resposta demorou demais."),
}

EXPECTED: Catalogue = {
    "text": Text("{field} must be a text.", "{field} deve ser um texto."),
    "integer": Text(
        "{field} must be a whole number from {smallest} to {largest}.",
        "{field} deve ser um número inteiro de {smallest} a {largest}.",
    ),
    "decimal": Text(
        'A decimal number such as {field} is sent as text: "2.5".',
        'Um número decimal como {field} é enviado como texto: "2.5".',
    ),
    "number": Text("{field} must be a number.", "{field} deve ser um número."),
    "exact_number": Text(
        "{field} must be a number of at most 2^53; send a longer one as text.",
        "{field} deve ser um número de no máximo 2^53; envie um maior como texto.",
    ),
    "boolean": Text("{field} must be true or false.", "{field} deve ser true ou false."),
    "one_of": Text("{field} must be one of {values}.", "{field} deve ser um de {values}."),
    "base64": Text("{field} must be a text in base64.", "{field} deve ser um texto em base64."),
    "time": Text(
        "{field} must be a time with its offset, such as 2026-11-20T18:30:00Z.",
        "{field} deve ser um horário com fuso, como 2026-11-20T18:30:00Z.",
    ),
    "duration": Text("{field} must be a duration such as 900s.", "{field} deve ser uma duração como 900s."),
    "object": Text("{field} must be an object.", "{field} deve ser um objeto."),
    "list": Text("{field} must be a list.", "{field} deve ser uma lista."),
    "shallow": Text("{field} nests deeper than {levels} levels.", "{field} passa de {levels} níveis."),
    "single": Text("{field} may be given only once.", "{field} só pode ser informado uma vez."),
    "path_value": Text(
        "{field} of body or query differs from the path.", "{field} do corpo ou da query difere do caminho."
    ),
    "key": Text(
        "{field} must be 1 to 128 printable ASCII characters.",
        "{field} deve ter de 1 a 128 caracteres ASCII imprimíveis.",
    ),
    "revision": Text('{field} must be a revision such as "3".', '{field} deve ser uma revisão como "3".'),
}
"""What `wrong_type` says, by the `expected` of its context."""


def words(error: DomainError, language: str) -> str:
    """Returns an error's words in the language ("pt" or "en"); a service's own words win."""
    text = EXPECTED.get(error.context.get("expected", "")) if error.code == "wrong_type" else None
    return render(error, TEXTS | {error.code: text} if text else TEXTS, language)
