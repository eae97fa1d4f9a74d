"""Versions of Atlas v2, which travel in the media type: choosing one, and what to do where one is refused.

API protocol, section 8. The server serves the newest version of a resource that is not later than the date asked for.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError, Hint, HintKind, Unsupported
from mongorestore_async.families import API_PATH
from mongorestore_async.protocol.deprecation import replacement

if TYPE_CHECKING:
    from mongorestore_async.errors import RequestContext
    from mongorestore_async.families import Family

__all__ = ["advise_on_version", "check_version"]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PREVIEW = "preview"

_NOT_ACCEPTABLE = 406
_GONE = 410
_UNSUPPORTED_MEDIA_TYPE = 415

#: Codes of a version that a request lacks, or that the resource does not have. Of the last only the emulator is known
#: to answer it: what a real server says of the type of a body is not.
_REFUSED = frozenset({"INVALID_VERSION_DATE", "UNSUPPORTED_MEDIA_TYPE"})
_SWITCHED_OFF = "VERSION_GONE"
#: A 410 that is about the key.
_OLD_KEY = "PERSONAL_API_KEYS_DEPRECATED"


def check_version(version: object, family: Family[Any] | None, path: str) -> str:
    """Return a version that a caller names.

    Args:
        version: What the caller passed.
        family: The family it named, None for none.
        path: Path of the call; without a family, below the base URL.

    Raises:
        ConfigError: It is no date written YYYY-MM-DD, nor ``"preview"``; or there is neither a family nor a path of
            Atlas v2.
        Unsupported: The family is none of Atlas v2.

    """
    if not isinstance(version, str) or not (version == _PREVIEW or _is_date(version)):
        shown = repr(version[:40]) if isinstance(version, str) else type(version).__name__
        raise ConfigError(f'version must be a date such as "2025-03-12" (YYYY-MM-DD), or "preview", not {shown}')
    if family is None and not path.startswith(f"{API_PATH}/"):
        raise ConfigError(
            f"only Atlas v2 has versions: pass a family of it, such as ATLAS_CLOUD_BACKUP, or a path below {API_PATH}"
        )
    if family is not None and family.api_path != API_PATH:
        raise Unsupported(
            f"{family.title} has no versions: leave version out, or pass a family of Atlas v2 such as "
            f"ATLAS_CLOUD_BACKUP"
        )
    return version


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def advise_on_version(status: int, code: str | None, request: RequestContext) -> tuple[str, Hint | None] | None:
    """Say what to do about an error that is about the version of what was called.

    Args:
        status: Its status.
        code: Its code, None without one.
        request: The call: which family and which version its caller named decides what can be done.

    Returns:
        What happened, and a hint on what to do next; None for other errors.

    """
    if code == _SWITCHED_OFF or (status == _GONE and code != _OLD_KEY):
        return _switched_off(request)
    if code in _REFUSED or status in {_NOT_ACCEPTABLE, _UNSUPPORTED_MEDIA_TYPE}:
        return _refused(request)
    return None


def _switched_off(request: RequestContext) -> tuple[str, Hint | None]:
    if request.version is not None:
        what = f"version {request.version} of what was called was switched off"
        return what, Hint(HintKind.PASS_NEWER_VERSION)
    if request.family is None:
        return "what was called was switched off; the vendor's changelog has what replaces it", None
    known = replacement(request.family)
    return known or (
        "this version of the API was switched off; use the family that replaces it, or update this package"
    ), None


def _refused(request: RequestContext) -> tuple[str, Hint]:
    if API_PATH not in request.url:
        return (
            "this API has no versions: it takes and gives application/json, so the answer may be that of a proxy",
            Hint(HintKind.CHECK_BASE_URL),
        )
    if request.version is not None:
        return (
            f"the server has no version {request.version} of what was called",
            Hint(HintKind.PASS_OTHER_VERSION),
        )
    if request.family is not None:
        return (
            f"the version that the family {request.family} asks for is none of what was called",
            Hint(HintKind.NAME_VERSION),
        )
    return (
        "the API is versioned by the media type in Accept, and none of its versions was asked for",
        Hint(HintKind.USE_VERSIONED_FAMILY),
    )
