"""Request headers that users add to a call: which ones may travel, and keeping their values out of sight."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from multidict import CIMultiDict

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.document import RawDocument
from mongorestore_async.models.secret import unhide

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_headers", "with_headers"]

#: A field name (RFC 9110 section 5.1), and a value of it that every hop understands in the same way: printable ASCII,
#: with blanks only inside (section 5.5).
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")


def _named(names: str, why: str) -> Iterable[tuple[str, str]]:
    return ((name, why) for name in names.split())


#: Headers that are refused, in lower case, with what to do instead.
_REFUSED: Mapping[str, str] = dict(
    [
        ("authorization", "the login makes it: pass auth to the session"),
        ("proxy-authorization", "pass the login in the URL of proxy"),
        *_named("cookie cookie2", "the session keeps the server's cookies itself"),
        ("host", "it follows from base_url"),
        ("user-agent", "use Options.user_agent"),
        *_named("accept content-type", "it follows from family and version; answers and bodies are JSON"),
        *_named("accept-encoding content-encoding", "compression is negotiated by the HTTP library"),
        # Framing and connections (RFC 9112 sections 6, 7 and 9; RFC 9110 sections 7.6.1, 7.8 and 10.1.1).
        *_named("content-length transfer-encoding te trailer expect", "the HTTP library writes the request"),
        *_named("connection keep-alive proxy-connection upgrade http2-settings", "the HTTP library keeps connections"),
        # RFC 9110 sections 13.1 and 14.2: the answer may be 304 or 206, which is no whole document.
        *_named("if-none-match if-modified-since if-range range", "an answer is always the whole document"),
        *_named("x-http-method-override x-http-method x-method-override", "pass the method itself"),
    ]
)


def check_headers(headers: Any) -> Mapping[str, str]:
    """Check request headers that a user passes.

    Args:
        headers: What the caller passed, in a :class:`HiddenSecret` (:func:`hide`): a traceback may be printed with
            local variables, and a value may be a key.

    Returns:
        A copy whose ``repr`` is redacted; its values are :class:`Secret`.

    Raises:
        ConfigError: No dict of texts, a name or a value that cannot travel as it is, a name twice, or a header that
            is the session's own.

    """
    if (problem := _problem_in(unhide(headers))) is not None:
        raise ConfigError(problem)
    return RawDocument(dict(unhide(headers)), secret=True)


def with_headers(own: Mapping[str, str], added: Mapping[str, str]) -> Mapping[str, str]:
    """Put the headers of a call together; what comes out shows no value where local variables are exported."""
    return CIMultiDict({**own, **added})


def _problem_in(headers: object) -> str | None:
    if not isinstance(headers, Mapping):
        return f"headers must be a dict of names and values, not {type(headers).__name__}"
    seen: set[str] = set()
    for name, value in cast("Mapping[object, object]", headers).items():
        # What is no name is not shown: it may be a value at the wrong place.
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            return "headers contains a name that is none: letters, digits and hyphens, such as X-Request-Id"
        lower = name.lower()
        if (why := _REFUSED.get(lower)) is not None:
            return f"headers contains {name}: {why}"
        if lower in seen:
            return f"headers contains {name} twice, in different spellings"
        seen.add(lower)
        if not isinstance(value, str) or _VALUE.fullmatch(value) is None:
            return (
                f"headers[{name!r}] must be a str of printable ASCII without blanks at its ends; encode other text, "
                f"for example as Base64"
            )
    return None
