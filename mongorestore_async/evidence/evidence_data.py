"""What may be written as evidence: plain JSON without secrets, made of what a caller hands over."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, TypeGuard, cast

from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence.canonical_json import LARGEST_INT
from mongorestore_async.models import RawList
from mongorestore_async.models.secret import MAX_DEPTH, REDACTED, HiddenSecret, Secret, is_secret_name
from mongorestore_async.protocol.redaction import redact_text

__all__ = ["plain_json"]


def plain_json(data: Any) -> dict[str, Any]:
    """Copy data into plain JSON, as the last guard redacted.

    Texts that look like a credential, and those below members that are named like one, are replaced. Integers beyond
    2**53 - 1 become texts.

    Args:
        data: A mapping; in it mappings with texts as names, lists, texts, finite numbers, booleans and None.

    Raises:
        ConfigError: Something else is in it. The message names the place, never the value.

    """
    if not _is_object(data):
        raise ConfigError(f"the data of an entry must be a JSON object, not {type(data).__name__}")
    return _object(data, "data", hidden=False, depth=1)


def _is_object(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _plain(value: Any, place: str, *, hidden: bool, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, place, hidden=hidden)
    if isinstance(value, int):
        return _whole(value, place)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError(f"{place} is not a finite number, which JSON does not have: leave it out")
        return float(value)
    if _is_object(value):
        return _object(value, place, hidden=hidden, depth=_deeper(place, depth))
    if not isinstance(value, (list, tuple, RawList)):
        raise ConfigError(f"{place} is a {type(value).__name__}, which JSON does not have: pass it as text")
    items, depth = cast("list[Any]", value), _deeper(place, depth)
    return [_plain(item, f"{place}[{at}]", hidden=hidden, depth=depth) for at, item in enumerate(items)]


def _deeper(place: str, depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise ConfigError(f"{place} is nested more than {MAX_DEPTH} deep: pass less of it")
    return depth + 1


def _object(value: Mapping[Any, Any], place: str, *, hidden: bool, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise ConfigError(f"{place} has a name that is no text but a {type(key).__name__}: pass texts as names")
        name = _text(key, f"a name in {place}", hidden=False)
        if name in made:
            raise ConfigError(f"{place} has two members that are both called {name!r} once secrets are redacted")
        made[name] = _plain(item, f"{place}.{name}", hidden=hidden or _is_hidden(key), depth=depth)
    return made


def _text(value: str, place: str, *, hidden: bool) -> str:
    if hidden or isinstance(value, (Secret, HiddenSecret)):
        return REDACTED
    text = str.__str__(value)  # of an enumeration its value
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ConfigError(f"{place} contains a lone surrogate, which cannot be written") from None
    return redact_text(text)


def _whole(value: int, place: str) -> int | str:
    if abs(value) <= LARGEST_INT:
        return int(value)
    try:
        return int.__repr__(value)
    except ValueError:
        raise ConfigError(f"{place} is a number with too many digits: pass it as text") from None


@functools.lru_cache(maxsize=1024)
def _is_hidden(name: str) -> bool:
    """Whether a member is named like one that holds a credential."""
    member = f'"{name}":"x"'
    return is_secret_name(name) or redact_text(member) != member
