"""URLs: a base URL as users write it, and the exact target of one call.

Every path segment and query value is percent-encoded here and nowhere else, and URLs are marked as
encoded: the digest answer is computed over the target exactly as it is sent (RFC 7616 section 3.4.3), so
nothing may be normalised afterwards.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from yarl import URL

from mongorestore_async.errors import ConfigError, Hint, HintKind
from mongorestore_async.models.secret import hide, unhide
from mongorestore_async.models.validators import require_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_BASE_URL", "build_url", "check_identifier", "check_name", "parse_base_url"]


def _is_plain(value: object) -> bool:
    """Whether it is what ids are, as a rule: letters and digits only. Nothing to refuse, nothing to encode."""
    return type(value) is str and value.isascii() and value.isalnum()


# Percent-encoding alone does not help: proxies and servers decode, and normalise, a path before they route it.
_BREAKS_A_PATH = re.compile(r"[/\\?#]|\.\.|\A\.\Z")


def check_identifier(kind: str, value: str) -> str:
    """Return ``value`` if it can be one segment of a path; no length and no alphabet is asked for.

    Args:
        kind: What the error calls it, such as ``"cluster id"``.
        value: What the caller passed.

    Raises:
        ConfigError: ``value`` is no str, is empty or a dot, starts or ends with white space, or holds a
            character or dots that would end, leave or change the path.

    """
    if _is_plain(value):
        return value
    require_text(kind, value)
    if (found := _BREAKS_A_PATH.search(value)) is not None:
        raise ConfigError(f"{kind} must not contain {found[0]!r}: pass the bare id or name, not a path or a URL")
    return value


# What a decoded path would be changed by.
_DOT_SEGMENT = re.compile(r"(?:\A|[/\\])\.{1,2}(?:[/\\]|\Z)")
_UNWRITABLE = re.compile(r"[\0\ud800-\udfff]")


def check_name(kind: str, value: str) -> str:
    """Return the name of a database or a namespace if it can be one segment of a path, percent-encoded.

    Names of collections may hold what no id does: slashes, question marks, blanks. Only what a proxy that decodes a
    path would take for a step out of it is refused.

    Args:
        kind: What the error calls it.
        value: What the caller passed.

    Raises:
        ConfigError: ``value`` is no str, is empty, holds a NUL or a lone surrogate, or dot segments.

    """
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"{kind} must be a str, not {type(value).__name__}: pass it as the API shows it")
    if not value or _UNWRITABLE.search(value):
        raise ConfigError(f"{kind} is empty or holds a NUL or lone surrogate: pass it as the API shows it")
    if _DOT_SEGMENT.search(value):
        raise ConfigError(f"{kind} holds a dot segment, which no path can have: look for it in the list")
    return value


#: Which placeholders of a path take names instead of ids.
_NAMES = {"database": check_name, "namespace": check_name}


#: Cloud Manager and Atlas; Ops Manager has no public host.
DEFAULT_BASE_URL = "https://cloud.mongodb.com"

_API_PATH = re.compile(r"(/api/public/v1\.0|/api/atlas/v[0-9.]+|/api/atlas|/api/public|/api)/*$")
# No blank of any script: yarl would normalise it into the host. A lone surrogate has no UTF-8 form at all.
_CONTROL = re.compile(r"[\s\x00-\x20\x7f\ud800-\udfff]")
# Segments that no dot begins, of characters that stay as they are.
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+")
_UNSAFE_PATH = re.compile(r"[?#\\\x00-\x20\x7f\ud800-\udfff]|(^|/)(\.|%2[eE]){1,2}(/|$)")
_PLACEHOLDER = re.compile(r"%7B(\w+)%7D")  # encoded
_SURROGATE = re.compile(r"[\ud800-\udfff]")


_CREDENTIALS = "contains credentials"


def parse_base_url(text: str) -> URL:
    """Read a base URL: any scheme of HTTP, any port, any path prefix.

    The API path that the vendor's documents print (``/api/public/v1.0``, ``/api/atlas/...``) may be there
    or not: it is cut off, each family brings its own.

    Raises:
        ConfigError: No http(s) scheme or no host, credentials in it, a query or a fragment.

    """
    # The text may hold credentials, so no frame that stays in a traceback has it in clear.
    text = cast("str", hide(text))
    found = _read_base_url(str(unhide(text)))
    if isinstance(found, str):
        raise ConfigError(f"the base URL {found}", hint=Hint(HintKind.LOG_IN) if found is _CREDENTIALS else None)
    return found


def _read_base_url(text: str) -> URL | str:
    """Read a base URL, or say what is wrong with it."""
    advice = "write it as https://host[:port][/prefix]"
    if not text or _CONTROL.search(text):
        return f"is empty or contains whitespace or control characters; {advice}"
    try:
        url = URL(text)
        port = url.explicit_port
    except ValueError:
        return f"cannot be parsed; {advice}"
    problems = (
        (url.scheme not in {"http", "https"}, f"has no http or https scheme; {advice}"),
        (not url.host or port == 0, f"has no host or an invalid port; {advice}"),
        ("@" in url.raw_authority, _CREDENTIALS),
        ("?" in text or "#" in text, f"has a query or a fragment; {advice}"),
    )
    problem = next((said for is_so, said in problems if is_so), None)
    if problem is not None:
        return problem
    prefix = _API_PATH.sub("", url.raw_path.rstrip("/"))
    return URL(str(url.origin()) + prefix.rstrip("/"), encoded=True)


def build_url(base: URL, path: str, *, query: Mapping[str, Any] | None = None, **names: str) -> URL:
    """Put the target of one call together.

    Args:
        base: What :func:`parse_base_url` gave.
        path: Path below the base, its placeholders (``{project}``) filled from ``names``.
        query: Parameters; None is left out, booleans are written ``true`` and ``false``.
        names: Identifiers, one path segment each, checked and percent-encoded.

    Raises:
        ConfigError: An identifier that could change the path, or a path with a query, a fragment or dot segments.

    """
    pieces = list(_template(path))
    for place in range(1, len(pieces), 2):
        kind = pieces[place]
        if kind not in names:
            pieces[place] = f"%7B{kind}%7D"
        elif _is_plain(value := names[kind]):
            pieces[place] = value
        else:
            pieces[place] = quote(_NAMES.get(kind, check_identifier)(kind, value), safe="")
    asked = base
    if query:
        # Numbers recur from call to call. Texts may be anything, and are not kept.
        add = _with_query if _NUMBERS.issuperset(map(type, query.values())) else _with_query.__wrapped__
        asked = add(base, *query, *query.values())
    return asked.with_path(base.raw_path.rstrip("/") + "".join(pieces), encoded=True, keep_query=True)


_NUMBERS = frozenset({int, bool, type(None)})


@functools.lru_cache(maxsize=64, typed=True)  # True is not 1
def _with_query(base: URL, *query: Any) -> URL:
    """Give the base a query, its names and then its values: many calls ask alike, for the first page of a list."""
    middle = len(query) // 2
    pairs = [
        f"{_encode(name)}={_encode(_text(value))}"
        for name, value in zip(query[:middle], query[middle:], strict=True)
        if value is not None
    ]
    return URL.build(
        scheme=base.scheme,
        authority=base.raw_authority,
        path=base.raw_path,
        query_string="&".join(pairs),
        encoded=True,
    )


@functools.lru_cache(maxsize=256)
def _template(path: str) -> tuple[str, ...]:
    """Check and encode a path, and cut it up: every second piece is the name of a placeholder.

    The identifiers that fill them cannot spoil it.
    """
    if _PLAIN_PATH.fullmatch(path):
        return (path,)
    if not path.startswith("/") or path.startswith("//") or _UNSAFE_PATH.search(path):
        raise ConfigError("a path must start with one slash and have no query, fragment, whitespace or dot segment")
    return tuple(_PLACEHOLDER.split(quote(path, safe="/%:@!$&'()*+,;=~")))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    raise ConfigError(f"a query parameter must be a string, an integer or a boolean, not {type(value).__name__}")


def _encode(text: str) -> str:
    if isinstance(text, str) and not _SURROGATE.search(text):  # pyright: ignore[reportUnnecessaryIsInstance]
        return quote(text, safe="")
    raise ConfigError("names and values of query parameters must not contain lone surrogates")
