"""The rate limits of Atlas v2 as the server has them, or as the vendor documents them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import ApiError, ConfigError, Forbidden, NotFound
from mongorestore_async.families import API_PATH, ATLAS_CLOUD_BACKUP, FAMILIES
from mongorestore_async.families.endpoint_set import EndpointSet
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.iterators import ResumableIterator
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models.validators import require_text
from mongorestore_async.protocol.urls import check_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.families import RateLimit
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["RateLimits", "use_limits"]

_PATH = "/rateLimits"
#: The only version that has it.
_VERSION = "2025-03-12"

#: Statuses and codes of a server that has no such list, or not in this version.
_NOT_THERE = frozenset({405, 406, 410})
_NO_VERSION = frozenset({"INVALID_VERSION_DATE", "VERSION_GONE"})


class RateLimits(ResumableIterator[EndpointSet]):
    """The endpoint sets of Atlas v2 with the limits that hold for a key; made by :meth:`AsyncSession.rate_limits`.

    Args:
        view: What to call the API with.
        project: Whose overrides count, None for those of no project.
        name: Only the set of this name.

    """

    def __init__(self, view: SessionView, project: str | None, name: str | None) -> None:
        super().__init__()
        if project is not None:
            check_identifier("project id", project)
        if name is not None:
            require_text("name", name)
        self._name = name
        self._pager: Pager[EndpointSet] = Pager(
            documents_of(
                attrs.evolve(view, version=_VERSION),
                ATLAS_CLOUD_BACKUP,
                _PATH,
                EndpointSet,
                lambda found: found.endpoint_set_id or found.endpoint_set_name or "",
                {},
            ),
            ListQuery(filters={"groupId": project, "name": name}),
        )

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close. Exists for ``contextlib.aclosing``."""

    async def _refill(self) -> None:
        try:
            found = await self._pager.collect()
        except ApiError as error:
            if not _is_not_told(error):
                raise
            found = [each for each in _documented() if self._name in {None, each.endpoint_set_name}]
        self._ready, self._is_last = iter(found), True


def _is_not_told(error: ApiError) -> bool:
    """Whether the key has no right to the list, or the server has none.

    Not where the whole key is refused, or a project is not there; and the page of a gateway says nothing of the API.
    """
    if error.from_gateway or (error.run_wide and error.error_code not in _NO_VERSION):
        return False
    there_is_none = isinstance(error, NotFound) and error.may_appear
    known = error.status in _NOT_THERE or error.error_code in _NO_VERSION
    return isinstance(error, Forbidden) or there_is_none or known


def _documented() -> list[EndpointSet]:
    """The documented sets, each once: what a family has of one may be other paths than another family's."""
    paths: dict[RateLimit, set[str]] = {}
    for rate, _ in _documented_rates():
        paths.setdefault(attrs.evolve(rate, paths=frozenset()), set()).update(rate.paths)
    return [EndpointSet.of(attrs.evolve(rate, paths=frozenset(found))) for rate, found in paths.items()]


def _documented_rates() -> Iterable[tuple[RateLimit, str]]:
    """All documented limits of Atlas v2, each with the path of a list that falls under it."""
    found: dict[RateLimit, str] = {}
    for family in FAMILIES.values():
        if family.api_path == API_PATH:
            for rate in family.rates:
                found.setdefault(rate, min(rate.paths, default=family.jobs_path))
    return found.items()


async def use_limits(view: SessionView, project: str | None) -> tuple[EndpointSet, ...]:
    """Let the limiter keep to what the server tells; see :meth:`AsyncSession.use_rate_limits`."""
    if not isinstance(view.options.rate_limits, str):
        raise ConfigError(
            "this session keeps to the limits that Options.rate_limits chose: make it with 'adaptive' or 'documented' "
            "to let it keep to those of the server"
        )
    found = tuple([each async for each in RateLimits(view, project, None)])
    for rate, path in _documented_rates():
        told = next((each for each in found if not each.documented and each.covers("GET", path)), None)
        if told is not None and (limit := told.rate_limit) is not None:
            view.transport.limits.keep_to(limit, instead_of=rate, project=project)
    return found
