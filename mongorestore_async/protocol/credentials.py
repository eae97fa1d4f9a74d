"""What a session logs in with."""

from __future__ import annotations

from typing import Never

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import Secret

__all__ = ["DigestAuth"]


def _check(_instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"DigestAuth needs a {attribute.name} that is a non-empty string")
    if not value.isprintable() or value != value.strip():
        raise ConfigError(
            f"the {attribute.name} holds blanks at an end or control characters; copy it again without the line break"
        )


def _check_user(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    _check(instance, attribute, value)
    if ":" in value:
        raise ConfigError(f"the {attribute.name} holds a colon, which a user name of HTTP digest cannot (RFC 7616 3.4)")


def _secret(value: str) -> str:
    return Secret(value) if isinstance(value, str) else value  # pyright: ignore[reportUnnecessaryIsInstance]


@attrs.frozen(eq=False)
class DigestAuth:
    """A programmatic API key for HTTP digest: user name = public key, password = private key.

    Never shows the private key, and refuses to be pickled.

    Raises:
        ConfigError: A key is empty, or holds control characters.

    """

    public_key: str = attrs.field(validator=_check_user)
    private_key: str = attrs.field(validator=_check, converter=_secret, repr=False)

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("DigestAuth holds a private key and cannot be pickled; make it anew in the other process")
