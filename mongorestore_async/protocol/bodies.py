"""From the bytes of an answer to a JSON value, or to the reason why there is none."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Never

if TYPE_CHECKING:
    from mongorestore_async.models.headers import Headers

__all__ = ["decode_body", "is_crowded", "is_utf_8"]

#: Encodings of text in use. Python knows others, which take quadratic time or raise what no decoder should.
_CHARSETS = re.compile(
    r"utf[-_]?(8|16|32)([-_]?[lb]e)?|(us-)?ascii|(iso[-_]?8859|windows|cp)[-_]?\d{1,4}([-_]\d{1,2})?|latin[-_]?1"
)

#: Values a body may hold, and bytes each of them has at least in a body that holds more. Jobs take 25 bytes a value;
#: 16 MiB of empty arrays would become 450 MB of memory and hold everything up for two seconds.
_MANY_VALUES = 1_000_000
_BYTES_A_VALUE = 16

#: UTF-8, with or without the mark that some programs put in front.
_UTF_8 = "utf-8-sig"


def decode_body(body: bytes, headers: Headers) -> tuple[Any, str]:
    """Decode a body that is not empty.

    RFC 8259 leaves open what an object means that names a member twice (section 4). It is refused: of two
    ``results`` one would be lost unseen. So are the numbers that are none (``NaN``), which Python would take.

    Args:
        body: The body.
        headers: Of its answer.

    Returns:
        The value and an empty text, or None and the reason, which quotes nothing. It is not raised: an exception
        would keep the body in its frames and in its context, where a traceback shows it.

    """
    if is_crowded(body):
        return None, "it holds more values than any answer of the API"
    text = _text(body, _charset(headers))
    if text is None:
        return None, "the body is not valid UTF-8"
    return _load(text)


def _load(text: str) -> tuple[Any, str]:
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant), ""
    except RecursionError:
        return None, "it is nested too deeply"
    except json.JSONDecodeError as error:
        return None, f"{error.msg} at character {error.pos} of {len(text)}"
    except _SaidTwiceError:
        return None, "an object in it names a member twice"
    except ValueError:  # NaN, or an integer of thousands of digits
        return None, "it holds a number that no API sends"


class _SaidTwiceError(Exception):
    """An object names a member twice."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _SaidTwiceError
    return members


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)


def is_crowded(body: bytes) -> bool:
    """Whether a body holds so many values that they would take up much more memory than their text."""
    if len(body) <= _MANY_VALUES:
        return False
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    return values > max(_MANY_VALUES, len(body) // _BYTES_A_VALUE)


def _text(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (ValueError, LookupError):
        pass
    try:
        return body.decode(_UTF_8)
    except UnicodeDecodeError:
        return None


def is_utf_8(headers: Headers) -> bool:
    """Whether an answer is in UTF-8, or does not say."""
    return _charset(headers) == _UTF_8


def _charset(headers: Headers) -> str:
    for parameter in headers.get("Content-Type", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
            if _CHARSETS.fullmatch(charset) and charset not in {"utf-8", "utf8", "utf_8"}:
                return charset
    return _UTF_8
