"""What the fields of an Airflow connection mean for a session: a pure translation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.auth.credentials import DigestAuth, ServiceAccount
from mongorestore_async.errors import ConfigError
from mongorestore_async.models import RawDocument
from mongorestore_async.models.secret import hide, unhide

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConnectionFields", "session_arguments"]

_SESSION = ("ca_file", "proxy", "strict_certificates")
_OPTIONS = ("timeout", "max_in_flight")
_KEYS = ("public_key", "private_key", "client_id", "client_secret")
_KNOWN = frozenset((*_SESSION, *_OPTIONS, *_KEYS))


def _secret(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    # A traceback may be printed with local variables: what is taken out of it is a Secret.
    return RawDocument(extra, secret=True)


@attrs.frozen(kw_only=True)
class ConnectionFields:
    """The fields of a connection that are read.

    Attributes:
        host: Address of the API, a whole URL or a host name; None for the vendor's public host.
        port: Port, where the address has none.
        schema: ``http`` or ``https`` for a bare host name; https unless given.
        login: Public key of an API key.
        password: Private key of an API key.
        extra: Further fields, named as in the form.

    """

    host: str | None = None
    port: int | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = attrs.field(default=None, converter=hide, repr=False)
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any], converter=_secret, repr=False)


def session_arguments(fields: ConnectionFields) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the arguments of a session, and changes of its options.

    Raises:
        ConfigError: A field that is not known, or half of a key.

    """
    given = {name: value for name, value in fields.extra.items() if value is not None and value != ""}
    if unknown := sorted(given.keys() - _KNOWN):
        raise ConfigError(
            f"the connection has unknown extras: {', '.join(unknown)}. Known are {', '.join(sorted(_KNOWN))}; secrets"
            f" under other names would not be masked by Airflow"
        )
    arguments = {name: given[name] for name in _SESSION if name in given}
    if "proxy" in arguments:
        arguments["proxy"] = hide(arguments["proxy"])
    arguments["auth"] = _auth(fields, given)
    if (url := _url(fields)) is not None:
        arguments["base_url"] = url
    return arguments, {name: given[name] for name in _OPTIONS if name in given}


def _auth(fields: ConnectionFields, given: Mapping[str, Any]) -> DigestAuth | ServiceAccount | None:
    account = _pair(given.get("client_id"), given.get("client_secret"), "client_id and client_secret")
    public = fields.login or given.get("public_key")
    key = _pair(public, unhide(fields.password) or given.get("private_key"), "login and password")
    if account and key:
        raise ConfigError("the connection has an API key and a service account: leave one of them out")
    if account:
        return ServiceAccount(*account)
    return DigestAuth(*key) if key else None


def _pair(name: str | None, secret: str | None, what: str) -> tuple[str, str] | None:
    if not name and not secret:
        return None
    if not name or not secret:
        raise ConfigError(f"the connection has only one of {what}: a key has both")
    return name, secret


def _url(fields: ConnectionFields) -> str | None:
    if not fields.host:
        return None
    if "://" in fields.host:
        scheme, _, rest = fields.host.partition("://")
    else:
        scheme, rest = fields.schema or "https", fields.host
    host, slash, path = rest.partition("/")
    port = "" if fields.port is None else f":{fields.port}"
    return f"{scheme}://{host}{port}{slash}{path}"
