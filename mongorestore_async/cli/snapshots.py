"""``mongorestore-async snapshots``."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.outputs import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.place import Place
from mongorestore_async.cli.screen import screen
from mongorestore_async.cli.snapshot_rows import snapshot_sheet
from mongorestore_async.cli.units import parse_moment
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from mongorestore_async.models import SnapshotDocument

__all__ = ["Choice", "snapshots"]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Choice:
    """Which of a cluster's snapshots are wanted."""

    latest: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Only the newest that can be restored.")
    ] = False
    before: Annotated[
        datetime | None,
        Parameter(
            converter=parse_moment, help="With --latest: taken at or before this moment, ISO 8601 with a time zone."
        ),
    ] = None
    sharded: Annotated[
        bool,
        Parameter(
            negative=(), show_default=False, help="Those of a sharded cluster, which Atlas cloud backup lists apart."
        ),
    ] = False
    all: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Incomplete ones as well (Ops Manager, Cloud Manager, Atlas legacy leave them out).",
        ),
    ] = False
    limit: Annotated[
        int | None, Parameter(validator=validators.Number(gte=1), help="At most so many snapshots in all.")
    ] = None


def snapshots(
    *,
    place: Place,
    choice: Choice | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """List the snapshots of one cluster, with what stands against restoring each.

    All pages are read. A table has the newest first, the other forms keep the order of the API.
    """
    place.resolve()
    choice = choice or Choice()
    if choice.before is not None and not choice.latest:
        raise ConfigError("--before chooses the snapshot of --latest: pass both")
    asyncio.run(_list(place, choice, find_keys(), output, show_secrets=show_secrets))
    return 0


async def _list(
    place: Place, choice: Choice, environ: dict[str, str], output: OutputFormat, *, show_secrets: bool
) -> None:
    notes = screen(error=True)
    writer = make_writer(output, snapshot_sheet(), show_secrets=show_secrets)
    with telling(place.resolve()), notes.status("reading snapshots"):
        async with make_session(environ, place.base_url) as session:
            found = place.source(session).snapshots(
                sharded=choice.sharded, completed="all" if choice.all else None, limit=choice.limit
            )
            if choice.latest:
                writer.add([await found.latest_restorable(before=choice.before)])
            elif output is OutputFormat.TABLE:
                writer.add(sorted(await found.collect(), key=_age, reverse=True))
            else:
                async for page in found.pages():
                    writer.add(page)
    writer.finish()


def _age(snapshot: "SnapshotDocument") -> datetime:
    return snapshot.taken_at or _LONG_AGO
