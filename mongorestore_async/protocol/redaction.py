"""The one place where text is redacted, or made printable, before it is shown: URLs, excerpts of bodies, messages."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from mongorestore_async.models.rows.text_cells import printable
from mongorestore_async.models.secret import REDACTED, SECRET_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from yarl import URL

__all__ = [
    "EXCERPT_LENGTH",
    "MESSAGE_LENGTH",
    "excerpt",
    "is_plain_url",
    "one_line",
    "printable",
    "redact_text",
    "redact_url",
    "without_formula",
]

#: Characters of a foreign body that an error may show.
EXCERPT_LENGTH = 200

#: Characters of the API's own text that an error message may show.
MESSAGE_LENGTH = 500

#: A cell that begins so is a formula to spreadsheets, and a formula of a stranger can send the sheet away.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")

_NAMES = "|".join(
    (
        *sorted(map(re.escape, SECRET_FIELDS), key=len, reverse=True),
        r"[\w-]*(?:urls?|tokens?|secrets?|passwords?|apikeys?|authvalues?)(?:_?v?\d+)?",  # those of tomorrow
    )
)
_SLASH = r"(?:\\*/|%2F)"  # as it stands in a path, in JSON that escapes it, and in a query value
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'

# Nothing here is tried twice (possessive quantifiers): a proxy's error page of any form takes linear time.
_CREDENTIALS = (
    # A member of a JSON document, also one cut off in the middle: a text, an array of texts, an object.
    (
        (
            rf'("(?:{_NAMES})"\s*+:\s*+)'
            rf'(?:{_STRING}|\[(?:{_STRING}|[^"\]])*+\]?|\{{.*+|(?!null|true|false)[^\s,\]}}]++)'
        ),
        rf'\1"{REDACTED}"',
    ),
    # The same inside a text of a JSON document, or as Python shows it.
    (
        (
            rf"""((?:(?<!\\)\\++["']|')(?:{_NAMES})(?:\\++["']|')\s*+[:=]\s*+)"""
            r"""(?:\[[^\]]*+|\{.*+|(?:\\*["'])?(?:[^"'\\\s]|\\++/)*+)"""
        ),
        rf"\1{REDACTED}",
    ),
    # Any other URL in a JSON document that is no link between documents.
    (
        r"""(?<!"href":)(?<!"href":\s)(?<!"rel":)(?<!"rel":\s)"[a-z][a-z\d+.-]*+:(?:\\?/){2}[^"]*+""",
        f'"{REDACTED}',
    ),
    # The key of a download link stands in its path: .../restore/v2/pull/{job}/{key}/{file}
    (rf"(backup{_SLASH}restore{_SLASH}v\d+{_SLASH}pull{_SLASH})[^\s\"'<>]*+", rf"\1{REDACTED}"),
    (
        rf"(:{_SLASH}{{2}}(?:[^/\s\"'<>@]*+@)?restore[\w.-]*+(?::\d++)?{_SLASH})[^\s\"'<>]++",
        rf"\1{REDACTED}",
    ),
    # Presigned links and forms.
    (
        (
            rf"((?:(?<![\w-])|\\u0026|%26)(?:{_NAMES}|X-(?:Amz|Goog)-[\w-]++|Signature)(?:=|\\u003d|%3D))"
            r"[^&\s\"'<>\\]*+"
        ),
        rf"\1{REDACTED}",
    ),
    (r"((?:[?&;]|\\u0026|%26)(?:sig|se|sp)(?:=|\\u003d|%3D))[^&\s\"'<>\\]*+", rf"\1{REDACTED}"),
    (rf"(:{_SLASH}{{2}})[^/\s\"'<>]*@", rf"\1{REDACTED}@"),
    (r"mdb_sa_sk_[\w-]++", REDACTED),
    (r"\b(Bearer|Basic)\s++[\w~+/=.-]{8,}+", rf"\1 {REDACTED}"),
    (r"\b(Digest)\s++[\w*-]++\s*+=[^\r\n<]*+", rf"\1 {REDACTED}"),
    (
        r"\b((?:proxy-)?authorization|(?:set-)?cookie)(\\*[\"']?\s*+[:=])[^\r\n<]*+",
        rf"\1\2 {REDACTED}",
    ),
)

# A URL in which none of these finds anything, as nearly all are: to look for each in each takes 30 us a call.
_PLAIN_URL = re.compile(
    r"https?://(?!(?i:restore|[a-z\d.-]*(?:authorization|cookie):))[a-zA-Z\d.-]++(?::\d++)?+"
    r"(?:/(?!(?i:pull)/)[a-zA-Z\d.-]*+)++"
    r"(?:[?&](?:pageNum|itemsPerPage|includeCount|batchId|envelope|pretty)=[a-zA-Z\d.-]*+)*+",
    re.ASCII,
)


#: Whether the text of a URL certainly holds nothing to redact.
is_plain_url: Callable[[str], re.Match[str] | None] = _PLAIN_URL.fullmatch


def redact_text(text: str) -> str:
    """Replace everything in a text that looks like a credential."""
    if not text:  # as of most headers that are asked for: no need to compile anything
        return text
    for pattern, replacement in _patterns():
        text = pattern.sub(replacement, text)
    return text


def redact_url(url: URL) -> str:
    """Write a URL for an error or a log: no user part, no secret query value."""
    whole = str(url)
    if is_plain_url(whole):
        return whole
    target = f"{url.origin()}{url.raw_path}" if url.host else url.raw_path
    pairs = [pair.partition("=") for pair in url.raw_query_string.split("&") if pair]
    redacted = "&".join(
        f"{name}={REDACTED if unquote_plus(name) in SECRET_FIELDS else value}" for name, _, value in pairs
    )
    return redact_text(f"{target}?{redacted}" if redacted else target)


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Compiling them takes a millisecond or two, which sessions without an error never need.
    flags = re.IGNORECASE | re.DOTALL
    return tuple((re.compile(pattern, flags), replacement) for pattern, replacement in _CREDENTIALS)


def without_formula(text: str) -> str:
    """Make a text fit for a cell of a CSV file: printable, and with an apostrophe before what would be computed."""
    # What is spelled out begins with a backslash, so the first character is looked at before.
    is_formula = text.lstrip(" \u00a0\ufeff").startswith(_FORMULA)
    return f"'{printable(text)}" if is_formula else printable(text)


def one_line(text: str, length: int = MESSAGE_LENGTH) -> str:
    """Prepare a text for a log: one line of printable characters, bounded, redacted."""
    # Redacted before it is cut: a secret cut in half would not be recognised any more.
    clean = redact_text(text[: length * 20])
    line = " ".join("".join(char if char.isprintable() else " " for char in clean).split())
    return line if len(line) <= length else line[:length] + "..."


def excerpt(body: bytes) -> str:
    """Show the beginning of a body that is not what was promised: bounded, one line, redacted."""
    return one_line(body[: EXCERPT_LENGTH * 20].decode("utf-8", errors="replace"), EXCERPT_LENGTH)
