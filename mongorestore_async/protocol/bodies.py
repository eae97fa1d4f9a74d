"""From the bytes of an answer to a JSON value, or to the reason why it cannot be decoded."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Never, cast

from mongorestore_async.protocol.redaction import one_line

if TYPE_CHECKING:
    from mongorestore_async.models.headers import Headers

__all__ = ["MANY_VALUES", "Unreadable", "decode_body", "has_many_values", "is_utf_8"]

#: Encodings of text in use. Python knows others, which take quadratic time or raise what no decoder should.
_CHARSETS = re.compile(
    r"utf[-_]?(8|16|32)([-_]?[lb]e)?|(us-)?ascii|(iso[-_]?8859|windows|cp)[-_]?\d{1,4}([-_]\d{1,2})?|latin[-_]?1"
)

#: Values a body may hold, and bytes each of them has at least in a body that holds more. Jobs take 25 bytes a value;
#: 16 MiB of empty arrays would become 450 MB of memory and hold everything up for two seconds.
MANY_VALUES = 1_000_000
_BYTES_A_VALUE = 16

#: Characters of the longest word of JSON but one: ``fals``, ``\\u123``.
_LONGEST_WORD = 5

_UTF_8 = "utf-8"


class Unreadable(NamedTuple):
    """Why a body could not be decoded.

    Attributes:
        reason: In words; quotes nothing.
        path: JSON path of the place, ``$`` for the whole.
        ends_early: Whether it may be the beginning of a document, whose end got lost on its way. A compressed body,
            or one that only ends with its connection, can lose it without HTTP noticing.

    """

    reason: str
    path: str = "$"
    ends_early: bool = False


def decode_body(body: bytes, headers: Headers) -> tuple[Any, Unreadable | None]:
    """Decode a body.

    RFC 8259 leaves open what an object means that names a member twice (section 4). It is refused: of two
    ``results`` one would be lost silently. So are invalid numbers (``NaN``), which Python would accept.

    Args:
        body: The body.
        headers: Of its answer.

    Returns:
        The value and None, or None and the reason. It is not raised: an exception would keep the body in its frames and
        in its context, where a traceback shows it.

    """
    if has_many_values(body):
        return None, Unreadable("it contains more values than any answer of the API")
    if not body or body.isspace():
        return None, Unreadable("the body is empty", ends_early=_may_lose_its_end(headers))
    text = _text(body, _charset(headers))
    if text is None:
        ends_early = _may_lose_its_end(headers) and _ends_in_letter(body)
        return None, Unreadable("the body is not valid UTF-8", ends_early=ends_early)
    try:
        return _DECODER.decode(text), None
    except (ValueError, RecursionError):
        pass
    return _explain(text, headers)


class _RepeatedError(ValueError):
    """An object names a member twice."""


def _members_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _RepeatedError
    return members


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)


#: Decodes what is in order: made once, for that takes as long as a short answer.
_DECODER = json.JSONDecoder(object_pairs_hook=_members_of, parse_constant=_refuse_constant)


def _may_lose_its_end(headers: Headers) -> bool:
    """Whether the end of a document can get lost without HTTP noticing."""
    if headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        return True
    ends_with_connection = headers.get("Connection", "").strip().lower() == "close"
    return ends_with_connection and "Content-Length" not in headers and "Transfer-Encoding" not in headers


def _explain(text: str, headers: Headers) -> tuple[Any, Unreadable | None]:
    """Decode a text once more, and say what is wrong with it."""
    repeated: list[_Repeated] = []

    def members_of(pairs: list[tuple[str, Any]]) -> Any:
        members = dict(pairs)
        if len(members) < len(pairs):
            repeated.append(_Repeated([name for name, _ in pairs]))
            return repeated[-1]
        return members

    try:
        value = json.loads(text, object_pairs_hook=members_of, parse_constant=_refuse_constant)
    except RecursionError:
        return None, Unreadable("it is nested too deeply")
    except json.JSONDecodeError as error:
        ends_early = text.lstrip()[:1] in {"{", "["} and _is_at_end(error, text) and _may_lose_its_end(headers)
        return None, Unreadable(f"{error.msg} at character {error.pos} of {len(text)}", ends_early=ends_early)
    except ValueError:  # NaN, or an integer of thousands of digits
        return None, Unreadable("it contains an invalid number")
    return _refuse_repeated(value) if repeated else (value, None)


def _is_at_end(error: json.JSONDecodeError, text: str) -> bool:
    """Whether a text is not JSON for want of its end: within a string, an escape, a word, or between values."""
    if error.msg.startswith(("Extra data", "Unterminated string")):
        return error.msg.startswith("Unterminated")
    return error.pos >= len(text.rstrip()) - _LONGEST_WORD


class _Repeated:
    """Stands for an object that names a member twice."""

    def __init__(self, names: list[str]) -> None:
        counts = Counter(names)
        self.name = next(name for name in names if counts[name] > 1)


def _refuse_repeated(value: Any) -> tuple[None, Unreadable]:
    """Find the first object that names a member twice."""
    waiting = [("$", value)]
    while not isinstance((found := waiting.pop())[1], _Repeated):
        path, inner = found
        if isinstance(inner, dict):
            members = cast("dict[str, Any]", inner)
            waiting += [(f"{path}.{name}", item) for name, item in reversed(members.items())]
        elif isinstance(inner, list):
            items: list[Any] = inner  # pyright: ignore[reportUnknownVariableType]
            waiting += reversed([(f"{path}[{index}]", item) for index, item in enumerate(items)])
    path = one_line(f"{found[0]}.{found[1].name}")
    return None, Unreadable(f"an object has a duplicate member ({path})", path)


def has_many_values(body: bytes) -> bool:
    """Whether a body holds so many values that they would take up much more memory than their text."""
    if len(body) <= MANY_VALUES:
        return False
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    return values > max(MANY_VALUES, len(body) // _BYTES_A_VALUE)


def _text(body: bytes, charset: str) -> str | None:
    if charset != _UTF_8:
        try:
            return body.decode(charset)
        except (ValueError, LookupError):
            pass
    try:
        return body.removeprefix(codecs.BOM_UTF8).decode()  # some programs put the mark in front
    except UnicodeDecodeError:
        return None


def _ends_in_letter(body: bytes) -> bool:
    """Whether a body is not UTF-8 only because it ends within the bytes of a letter."""
    try:
        codecs.getincrementaldecoder(_UTF_8)().decode(body)  # as if more were to come
    except UnicodeDecodeError:
        return False
    return True


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
