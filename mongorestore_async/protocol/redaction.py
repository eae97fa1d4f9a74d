"""The one place where text is made fit to be shown: URLs, excerpts of bodies, messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from mongorestore_async.models.secret import REDACTED, SECRET_FIELDS

if TYPE_CHECKING:
    from yarl import URL

__all__ = ["EXCERPT_LENGTH", "excerpt", "redact_text", "redact_url"]

#: Characters of a foreign body that an error may show.
EXCERPT_LENGTH = 200

_NAMES = "|".join(sorted(map(re.escape, SECRET_FIELDS), key=len, reverse=True))
_PATTERNS = (
    # A member of a JSON document, also one cut off in the middle.
    (re.compile(rf'("(?:{_NAMES})"\s*:\s*\[?\s*")[^"]*', re.IGNORECASE), rf"\1{REDACTED}"),
    # The key of a download link stands in its path: .../restore/v2/pull/{job}/{key}/{file}
    (re.compile(r"(/backup/restore/v\d+/pull/)[^\s\"'<>]*"), rf"\1{REDACTED}"),
    (re.compile(r"(https?://restore[\w.-]*(?::\d+)?/)[^\s\"'<>]+"), rf"\1{REDACTED}"),
    # Presigned links and forms.
    (
        re.compile(rf"([?&;](?:{_NAMES}|X-Amz-[\w-]+|Signature|sig|se|sp)=)[^&\s\"'<>]*", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"(https?://)[^/\s\"'<>@]*@"), rf"\1{REDACTED}@"),
    (re.compile(r"mdb_sa_sk_[\w-]+"), REDACTED),
    (re.compile(r"\b(Bearer|Basic|Digest)\s+[\w~+/=.-]{8,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\b((?:proxy-)?authorization|cookie|set-cookie)\s*:\s*[^\r\n]*", re.IGNORECASE), rf"\1: {REDACTED}"),
)


def redact_text(text: str) -> str:
    """Replace everything in a text that looks like a credential."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_url(url: URL) -> str:
    """Write a URL for an error or a log: no user part, no secret query value."""
    target = f"{url.origin()}{url.raw_path}" if url.host else url.raw_path
    pairs = [pair.partition("=") for pair in url.raw_query_string.split("&") if pair]
    shown = "&".join(f"{name}={REDACTED if unquote_plus(name) in SECRET_FIELDS else value}" for name, _, value in pairs)
    return redact_text(f"{target}?{shown}" if shown else target)


def excerpt(body: bytes) -> str:
    """Show the beginning of a body that is not what was promised: bounded, one line, redacted."""
    # Redacted before it is cut: a secret cut in half would not be recognised any more.
    text = redact_text(body[: EXCERPT_LENGTH * 20].decode("utf-8", errors="replace"))
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= EXCERPT_LENGTH else line[:EXCERPT_LENGTH] + "..."
