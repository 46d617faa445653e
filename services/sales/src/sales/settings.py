"""What this service must be told beyond what every service is."""

from pydantic import SecretStr

import kit.settings


class Settings(kit.settings.Settings):
    """Settings of the sales service, which issues the identities that all services believe."""

    identity_private_key: SecretStr
    """Raw Ed25519 private key in base64url: signs identity tokens, and API keys' secrets follow from it."""
