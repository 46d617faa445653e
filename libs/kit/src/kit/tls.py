"""Mutual TLS between processes: who a process is to others, and whom it believes."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the process's own certificate with its chain, its key, and the authority of those it talks to.

    They are read when they are asked for, which is once, at the start.
    """

    certificate: Path
    key: Path
    authority: Path

    def serving(self) -> grpc.ServerCredentials:
        """Lets in only who shows a certificate of the authority.

        Raises OSError when the files cannot be read or do not go together.
        """
        self.context()  # gRPC takes a key that belongs to another certificate without a word
        pair = (self.key.read_bytes(), self.certificate.read_bytes())
        return grpc.ssl_server_credentials([pair], self.authority.read_bytes(), require_client_auth=True)

    def calling(self) -> grpc.ChannelCredentials:
        """Believes only who has the name that is called, from the authority. Raises OSError."""
        return grpc.ssl_channel_credentials(
            self.authority.read_bytes(), self.key.read_bytes(), self.certificate.read_bytes()
        )

    def context(self) -> ssl.SSLContext:
        """Returns the same as `calling`, for what is not gRPC. Raises OSError."""
        context = ssl.create_default_context(cafile=self.authority)
        context.load_cert_chain(self.certificate, self.key)
        return context
