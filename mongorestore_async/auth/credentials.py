"""What a session logs in with."""

from __future__ import annotations

from typing import Never

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import Secret
from mongorestore_async.models.validators import flag

__all__ = ["DigestAuth", "ServiceAccount"]


def _check(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{type(instance).__name__} requires a non-empty string as {attribute.name}")
    if not value.isprintable() or value != value.strip():
        raise ConfigError(
            f"the {attribute.name} has leading or trailing whitespace or control characters; "
            f"copy it again without the line break"
        )


def _check_user(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    _check(instance, attribute, value)
    if ":" in value:
        raise ConfigError(
            f"the {attribute.name} contains a colon, which is not allowed in an HTTP digest user name (RFC 7616 3.4)"
        )


def _secret(value: str) -> str:
    return Secret(value) if isinstance(value, str) else value  # pyright: ignore[reportUnnecessaryIsInstance]


@attrs.frozen(eq=False, init=False)
class DigestAuth:
    """A programmatic API key for HTTP digest: user name = public key, password = private key.

    Never shows the private key, and refuses to be pickled.

    Raises:
        ConfigError: A key is empty, or holds control characters.

    """

    public_key: str = attrs.field(validator=_check_user)
    private_key: str = attrs.field(validator=_check, repr=False)

    def __init__(self, public_key: str, private_key: str) -> None:
        # Rebound before anything is checked: a traceback of a refusal may be printed with local variables.
        private_key = _secret(private_key)
        self.__attrs_init__(public_key, private_key)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("DigestAuth holds a private key and cannot be pickled; create it in the other process")


@attrs.frozen(eq=False, init=False)
class ServiceAccount:
    """A service account of Cloud Manager or Atlas, which logs in with OAuth 2.0 tokens; not known on Ops Manager.

    A session gets a token when it needs one, shares it between all calls and renews it in time. Never shows the
    client secret, and refuses to be pickled.

    Attributes:
        client_id: Id of the account (``mdb_sa_id_...``).
        client_secret: Its secret (``mdb_sa_sk_...``).
        revoke_on_close: Whether closing the session revokes its tokens; an account may have 100 valid
            ones, and otherwise they stay valid for up to an hour.

    Raises:
        ConfigError: Id or secret is empty, or holds control characters.

    """

    client_id: str = attrs.field(validator=_check)
    client_secret: str = attrs.field(validator=_check, repr=False)
    revoke_on_close: bool = attrs.field(default=False, kw_only=True, validator=flag(of=" of ServiceAccount"))

    def __init__(self, client_id: str, client_secret: str, *, revoke_on_close: bool = False) -> None:
        client_secret = _secret(client_secret)
        self.__attrs_init__(client_id, client_secret, revoke_on_close=revoke_on_close)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("ServiceAccount holds a secret and cannot be pickled; create it in the other process")
