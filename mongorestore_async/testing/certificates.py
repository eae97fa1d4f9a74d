"""Certificates for an emulator over TLS, made by trustme."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Self

import attrs

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TlsCertificates"]


@attrs.frozen
class TlsCertificates:
    """A private certificate authority, and a server that it vouches for at localhost and 127.0.0.1.

    Example::

        certificates = TlsCertificates.create(tmp_path)
        with ThreadedEmulator(ssl=certificates.server) as emulator:
            async with connect(emulator, ca_file=certificates.ca_file) as session:
                ...

    Attributes:
        server: For the emulator.
        ca_file: The certificate of the authority, PEM: what a client has to trust.

    """

    server: ssl.SSLContext
    ca_file: Path

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make them.

        Args:
            folder: An existing folder, where ``ca.pem`` is written.

        Returns:
            The certificates.

        Raises:
            ConfigError: trustme is not installed.

        """
        try:
            import trustme
        except ModuleNotFoundError:
            raise ConfigError("certificates for tests need trustme: pip install 'mongorestore-async[pytest]'") from None
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued: Any = authority.issue_cert("localhost", "127.0.0.1")
        issued.configure_cert(context)
        path = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        return cls(context, path)
