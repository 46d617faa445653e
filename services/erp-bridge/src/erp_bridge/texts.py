"""The words of the bridge's refusals."""

from kit.texts import Catalogue, Text

TEXTS: Catalogue = {
    "unknown_method": Text(
        "Method {method} of the ERP was never called.", "O método {method} do ERP nunca foi chamado."
    ),
}
