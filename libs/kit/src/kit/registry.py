"""Which services a server has: grpc takes registrations and answers no question about them."""

from collections.abc import Sequence
from typing import Any

import grpc


class Registry:
    """Stands for a server while the generated `add_…_to_server` functions register; keeps the names of the services."""

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server
        self.names: list[str] = []

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.ServiceRpcHandler]) -> None:
        """Called with the handlers of one service."""
        self.names.extend(str(handler.service_name()) for handler in handlers)
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(
        self, service_name: str, handlers: "dict[str, grpc.RpcMethodHandler[Any, Any]]"
    ) -> None:
        """Called with the same handlers by method.

        They are left out: grpc would wait for each method separately, and begin all these waits anew with every call. For a
        service with eighty methods that was a twentieth of its work.
        """
