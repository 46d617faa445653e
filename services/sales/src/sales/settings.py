"""What this service must be told beyond what every service is."""

from pydantic import SecretStr

import kit.settings


class Settings(kit.settings.Settings):
    """Settings of the sales service, which issues the identities that all services believe."""

    identity_private_key: SecretStr
    """Raw Ed25519 private key in base64url: signs identity tokens, and API keys' secrets follow from it."""
    jobs_seconds: float = 60.0
    """How often reminders, ended days, and idle drafts are looked for."""
    jwt_issuer: str = ""
    """Claim `iss` of the tokens that people come in by; none when empty."""
    jwt_audience: str = ""
    """Claim `aud` that those tokens must have; any when empty."""
    jwt_jwks: str = ""
    """Where the issuer's public keys (JWKS) are: an address or a file."""
    jwt_business_claim: str = "business"
    """Claim that holds the code of the business."""
    jwt_role_claim: str = ""
    """Claim that holds the role of somebody who is no member; only members come in when empty."""
    payment_url: str = ""
    """Where the payment provider is; there is only the manual one when empty."""
    payment_key: SecretStr = SecretStr("")
    """With which we come in there."""
    payment_webhook_secret: SecretStr = SecretStr("")
    """With which it signs its events (`whsec_…`); none are taken in when empty."""
