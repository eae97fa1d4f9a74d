"""Options of the commands for fleets: which jobs of which clusters, and how many clusters are read at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter, Token, validators

import mongorestore_async
from mongorestore_async.cli.cluster_options import FAMILY, check_address
from mongorestore_async.cli.console import program
from mongorestore_async.cli.session_factory import ServerOptions
from mongorestore_async.cli.units import format_time, parse_duration, parse_time
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES, Family
from mongorestore_async.models import JobState

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, Fleet

__all__ = ["FleetChoice", "FleetOptions", "FleetPlaces", "read_token"]

_AT_LEAST_ONE = validators.Number(gte=1)


def _parse_since(type_: Any, tokens: Sequence[Token]) -> datetime:
    """Read a time or a duration before now, in whole seconds: it is printed in the command that resumes."""
    try:
        found = datetime.now(UTC) - parse_duration(type_, tokens)
    except OverflowError:
        raise ValueError("the duration is too long: it starts before the year 1") from None
    except ValueError:
        try:
            found = parse_time(type_, tokens)
        except ValueError as error:
            raise ValueError(f"{error}, or a duration such as 24h") from None
    return found.astimezone(UTC).replace(microsecond=0)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class FleetPlaces:
    """Which clusters to read, and how many of them at once."""

    family: Annotated[
        tuple[str, ...],
        FAMILY,
        Parameter(
            negative=(),
            help="Product and API; may be repeated.",
        ),
    ]
    projects: Annotated[
        tuple[str, ...],
        Parameter(
            alias="--project",
            negative=(),
            show_default=False,
            metavar="GLOB",
            help="Only these projects: name, id or glob such as 'prod-*'; may be repeated.",
        ),
    ] = ()
    clusters: Annotated[
        tuple[str, ...],
        Parameter(
            alias="--cluster",
            negative=(),
            show_default=False,
            metavar="GLOB",
            help="Only these clusters, likewise.",
        ),
    ] = ()
    include_deleted: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Deleted clusters with retained backups, too (Atlas v2).",
        ),
    ] = False
    concurrency: Annotated[
        int, Parameter(validator=_AT_LEAST_ONE, help="Clusters to read at once, in each family.")
    ] = 16
    per_project: Annotated[int, Parameter(validator=_AT_LEAST_ONE, help="Clusters of one project to read at once.")] = 4
    server: ServerOptions = attrs.field(factory=ServerOptions)

    @property
    def families(self) -> tuple[Family[Any], ...]:
        """The product families, each once."""
        return tuple(FAMILIES[name] for name in dict.fromkeys(self.family))

    def check(self) -> None:
        """Check that the addresses of all families are known.

        Raises:
            ConfigError: One has no public host, and no address was given.

        """
        for family in self.families:
            check_address(family, self.server)

    def fleet(self, session: "AsyncSession") -> "Fleet[Any]":
        """The fleets of all families, merged.

        Raises:
            ConfigError: The session cannot be used with one of them.

        """
        return mongorestore_async.Fleet.merge(*(mongorestore_async.Fleet(session, family) for family in self.families))

    def limits(self) -> dict[str, Any]:
        """Arguments of ``Fleet.dry_run``."""
        return {
            "concurrency": self.concurrency,
            "per_project": self.per_project,
            "include_deleted": self.include_deleted,
            "projects": self.projects or None,
            "clusters": self.clusters or None,
        }


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class FleetChoice(FleetPlaces):
    """Which clusters to read, since when, and how many of them at once."""

    since: Annotated[
        datetime | None,
        Parameter(
            converter=_parse_since,
            help="Only jobs requested since this ISO 8601 time, or since a duration ago, such as 24h.",
        ),
    ] = None


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class FleetOptions(FleetChoice):
    """Which jobs of which clusters to list."""

    state: Annotated[
        tuple[JobState, ...],
        Parameter(
            negative=(),
            show_default=False,
            show_choices=False,
            metavar="STATE",
            help="Only jobs in this state, such as failed; may be repeated.",
        ),
    ] = ()
    batch_id: Annotated[str | None, Parameter(metavar="ID", help="Only the jobs of this batch (not on Atlas v2).")] = (
        None
    )

    def arguments(self) -> dict[str, Any]:
        """Arguments of ``Fleet.restore_jobs``."""
        return self.limits() | {"since": self.since, "states": self.state or None, "batch_id": self.batch_id}

    def command_line(self) -> list[str]:
        """A command line with the same options; a duration in it has become a time."""
        defaults = attrs.fields_dict(FleetOptions)
        words = [program(), "fleet", "jobs"]
        for option, values in (
            ("--family", self.family),
            ("--projects", self.projects),
            ("--clusters", self.clusters),
            ("--state", self.state),
        ):
            for value in values:
                words += option, str(value)
        if self.since is not None:
            words += "--since", format_time(self.since)
        if self.batch_id is not None:
            words += "--batch-id", self.batch_id
        if self.include_deleted:
            words.append("--include-deleted")
        for option, name in (("--concurrency", "concurrency"), ("--per-project", "per_project")):
            if (value := getattr(self, name)) != defaults[name].default:
                words += option, str(value)
        return words + self.server.arguments()


def read_token(given: str | None) -> str | None:
    """Read a resume token, which may be in a file: ``@PATH``.

    Raises:
        ConfigError: The file cannot be read.

    """
    if given is None or not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"the file of --resume cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError("the file of --resume has no token: it is no text in UTF-8") from None
