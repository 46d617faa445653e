"""What callers are told when the ERP does not do what was asked at once."""

from erp_bridge.omie.answers import Kind
from erp_bridge.omie.client import OmieError
from kit.errors import DomainError, Refused, Unavailable


def refusal(error: OmieError) -> DomainError:
    """Returns an error of the ERP as ours: with its words where it has spoken, and with a time where waiting helps."""
    if error.may_pass and error.kind is not Kind.UNKNOWN:
        return Unavailable("omie_unavailable", retry_after=max(1.0, error.wait), text=error.text)
    return Refused("omie_refused", text=error.text, kind=str(error.kind))
