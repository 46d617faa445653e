"""python -m omie_simulator [serve]: serves until SIGTERM. Where, and as whom, the environment says."""

import sys
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from omie_simulator.server import WORLD, application

SECRETS = Path("/run/secrets")


class Settings(BaseSettings):
    """Each name is an environment variable with the prefix OMIE_SIMULATOR_."""

    model_config = SettingsConfigDict(
        env_prefix="OMIE_SIMULATOR_", secrets_dir=SECRETS if SECRETS.is_dir() else None, hide_input_in_errors=True
    )

    listen: str = "127.0.0.1:8070"
    base_url: str = ""
    """How others reach it, for the links that it gives out; http:// and where it listens when empty."""
    directory: Path = Path("omie-simulator")
    """Where the records are kept."""
    app_key: str = "APPKEY"
    app_secret: SecretStr = SecretStr("APPSECRET")
    closing_call: str = ""
    """Service and name of a call that closes purchase orders, as in `produtos/pedidocompra/AlterarPedidoCompra`."""


def main() -> None:
    """Runs the command that the argument names; `serve` is the only one."""
    if sys.argv[1:] not in ([], ["serve"]):
        sys.exit(f"usage: python -m omie_simulator [serve], not {' '.join(sys.argv[1:])}")
    settings = Settings()
    host, _, port = settings.listen.rpartition(":")
    app = application(
        settings.directory,
        settings.base_url or f"http://{settings.listen}",
        settings.app_key,
        settings.app_secret.get_secret_value(),
    )
    app[WORLD].switches.closing_call = app[WORLD].closing_call = settings.closing_call
    web.run_app(app, host=host, port=int(port), access_log=None, print=None, shutdown_timeout=1.0)


if __name__ == "__main__":
    main()
