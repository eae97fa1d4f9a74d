"""What a session logs in with."""

from __future__ import annotations

from typing import Never, TypeAlias, cast

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.secret import Secret, hide, unhide
from mongorestore_async.models.validators import flag

__all__ = ["AccessToken", "Credentials", "DigestAuth", "ServiceAccount"]


def _check(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    # A secret stays hidden: no frame that a tool may export binds a bare one.
    if not isinstance(unhide(value), str) or not value:
        raise ConfigError(f"{type(instance).__name__} requires a non-empty string as {attribute.alias}")
    if not _is_sendable(value):
        raise ConfigError(
            f"the {attribute.alias} has leading or trailing whitespace or control characters; "
            f"copy it again without the line break"
        )


def _is_sendable(value: object) -> bool:
    text = str(unhide(value))
    return text.isprintable() and text == text.strip()


def _check_user(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    _check(instance, attribute, value)
    if ":" in value:
        raise ConfigError(
            f"the {attribute.name} contains a colon, which is not allowed in an HTTP digest user name (RFC 7616 3.4)"
        )


def _check_token(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    _check(instance, attribute, value)
    text = str(unhide(value))
    if not text.isascii() or " " in text:
        del text
        raise ConfigError("the token must be one word of ASCII characters, without the word Bearer before it")


@attrs.frozen(eq=False, init=False)
class DigestAuth:
    """A programmatic API key for HTTP digest: user name = public key, password = private key.

    Never shows the private key, and refuses to be pickled.

    Attributes:
        public_key: The public key.
        private_key: The private key.

    Raises:
        ConfigError: A key is empty, or holds control characters.

    """

    public_key: str = attrs.field(validator=_check_user)
    _private_key: str = attrs.field(validator=_check, repr=False, alias="private_key")

    def __init__(self, public_key: str, private_key: str) -> None:
        # Rebound before anything is checked: a traceback of a refusal may be printed with local variables.
        private_key = cast("str", hide(private_key))
        self.__attrs_init__(public_key, private_key)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]

    @property
    def private_key(self) -> Secret:
        """The private key."""
        return cast("Secret", unhide(self._private_key))

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
    _client_secret: str = attrs.field(validator=_check, repr=False, alias="client_secret")
    revoke_on_close: bool = attrs.field(default=False, kw_only=True, validator=flag(of=" of ServiceAccount"))

    def __init__(self, client_id: str, client_secret: str, *, revoke_on_close: bool = False) -> None:
        client_secret = cast("str", hide(client_secret))
        self.__attrs_init__(client_id, client_secret, revoke_on_close=revoke_on_close)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]

    @property
    def client_secret(self) -> Secret:
        """Its secret."""
        return cast("Secret", unhide(self._client_secret))

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("ServiceAccount holds a secret and cannot be pickled; create it in the other process")


@attrs.frozen(eq=False, init=False, repr=False)
class AccessToken:
    """An OAuth 2.0 access token that somebody else got (Cloud Manager and Atlas), sent as it is.

    It is never renewed: when it has expired, calls end with :class:`AuthError`. :class:`ServiceAccount` gets tokens
    itself and renews them. Never shows the token, and refuses to be pickled.

    Raises:
        ConfigError: The token is empty, or holds characters that no token has, such as a line break.

    """

    _token: str = attrs.field(validator=_check_token, alias="token")

    def __init__(self, token: str) -> None:
        token = cast("str", hide(token))
        self.__attrs_init__(token)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]

    def __repr__(self) -> str:
        return "AccessToken()"

    @property
    def token(self) -> Secret:
        """The token."""
        return cast("Secret", unhide(self._token))

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("AccessToken holds a token and cannot be pickled; create it in the other process")


#: What a session logs in with.
Credentials: TypeAlias = DigestAuth | ServiceAccount | AccessToken
