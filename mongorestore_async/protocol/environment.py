"""Settings from environment variables that MongoDB's own tools read.

Names and their order: MongoDB's Terraform provider first, then the Atlas CLI, then mongocli. An empty
variable counts as unset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.credentials import DigestAuth
from mongorestore_async.protocol.routes import DEFAULT_BASE_URL

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PRIVATE_KEY_NAMES", "PUBLIC_KEY_NAMES", "EnvironmentSettings", "read_environment"]

#: Variables an API key is read from, the first that is set counting.
PUBLIC_KEY_NAMES = ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PUBLIC_KEY", "MCLI_PUBLIC_API_KEY")
PRIVATE_KEY_NAMES = ("MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY", "MCLI_PRIVATE_API_KEY")
_BASE_URL = ("MONGODB_ATLAS_BASE_URL", "MCLI_OPS_MANAGER_URL")
_CA_FILE = ("MCLI_OPS_MANAGER_CA_CERTIFICATE",)
_SKIP_VERIFY = ("MCLI_OPS_MANAGER_SKIP_VERIFY",)
_SERVICE_ACCOUNT = ("MONGODB_ATLAS_CLIENT_ID", "MONGODB_ATLAS_CLIENT_SECRET", "MONGODB_ATLAS_ACCESS_TOKEN")


@attrs.frozen(kw_only=True)
class EnvironmentSettings:
    """What the environment says about a session.

    Attributes:
        auth: The API key.
        base_url: Where the API is.
        ca_file: PEM file with the CA certificates to trust, None for the system's.
        skip_verify: Whether server certificates are not to be verified.

    """

    auth: DigestAuth
    base_url: str
    ca_file: str | None
    skip_verify: bool


def read_environment(environ: Mapping[str, str]) -> EnvironmentSettings:
    """Read the settings of a session.

    Raises:
        ConfigError: No API key, half of one, or a switch that is neither true nor false.

    """
    public, private = _first(environ, PUBLIC_KEY_NAMES), _first(environ, PRIVATE_KEY_NAMES)
    if public is None or private is None:
        if public is None and private is None and _first(environ, _SERVICE_ACCOUNT) is not None:
            raise ConfigError(
                "the environment names a service account only, which this version cannot use; "
                f"set {PUBLIC_KEY_NAMES[0]} and {PRIVATE_KEY_NAMES[0]} to an API key"
            )
        missing = [
            names[0] for names, value in ((PUBLIC_KEY_NAMES, public), (PRIVATE_KEY_NAMES, private)) if value is None
        ]
        raise ConfigError(f"no API key in the environment: set {' and '.join(missing)}")
    return EnvironmentSettings(
        auth=DigestAuth(public, private),
        base_url=_first(environ, _BASE_URL) or DEFAULT_BASE_URL,
        ca_file=_first(environ, _CA_FILE),
        skip_verify=_switch(environ, _SKIP_VERIFY),
    )


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _switch(environ: Mapping[str, str], names: tuple[str, ...]) -> bool:
    value = (_first(environ, names) or "false").strip().lower()
    if value in {"true", "1", "yes", "t", "y"}:
        return True
    if value in {"false", "0", "no", "f", "n"}:
        return False
    raise ConfigError(f"{names[0]} is true or false")
