"""``mongorestore-async orgs``, ``projects``, ``clusters``: what a key sees, with the ids that other commands take."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter, validators

import mongorestore_async
from mongorestore_async.cli.cluster_options import FAMILY, PROJECT, ClusterOptions, check_address
from mongorestore_async.cli.commands.fleet_options import FleetPlaces
from mongorestore_async.cli.console import fold_command, program, show_deprecations, stderr_console, stdout_console
from mongorestore_async.cli.exit_codes import ExitCode, no_resume_page
from mongorestore_async.cli.rows.failure_rows import print_undiscovered
from mongorestore_async.cli.rows.inventory_rows import (
    ORGANIZATION_LAYOUT,
    PROJECT_LAYOUT,
    ClusterRow,
    ListedCluster,
    ProjectRow,
    cluster_layout,
)
from mongorestore_async.cli.session_factory import ServerOptions, make_session, read_credentials
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.families import FAMILIES, Family

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession, FanOutPlan, Pager
    from mongorestore_async.cli.columns import ListLayout
    from mongorestore_async.cli.stdout_writer import Footer

__all__ = ["InventoryOptions", "clusters", "orgs", "projects"]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class InventoryOptions:
    """Where to list what a key sees, and how much of it."""

    family: Annotated[str, FAMILY]
    limit: Annotated[
        int | None, Parameter(validator=validators.Number(gte=1), help="Most lines to list. [default: all]")
    ] = None
    server: ServerOptions = attrs.field(factory=ServerOptions)

    def resolve(self) -> Family[Any]:
        """The product family.

        Raises:
            ConfigError: It has no public host, and no address was given.

        """
        check_address(FAMILIES[self.family], self.server)
        return FAMILIES[self.family]


def orgs(
    *, options: InventoryOptions, output: OutputOption = OutputFormat.TABLE, show_secrets: SecretsOption = False
) -> int:
    """List the organizations that the key sees."""
    family = options.resolve()

    def pager(session: "AsyncSession") -> "Pager[Any]":
        return session.pages("/orgs", family=family, limit=options.limit)

    return _list(options, pager, ORGANIZATION_LAYOUT, output, show_secrets=show_secrets)


def projects(
    *, options: InventoryOptions, output: OutputOption = OutputFormat.TABLE, show_secrets: SecretsOption = False
) -> int:
    """List the projects that the key sees, with their ids."""
    family = options.resolve()

    def pager(session: "AsyncSession") -> "Pager[Any]":
        return session.projects(family, limit=options.limit)

    def footer(rows: Sequence[ProjectRow], _: Any) -> None:
        words = [program(), "clusters", "--family", family.name, "--project-id", rows[0].id]
        _print_next("List the clusters of a project:", [*words, *options.server.arguments()])

    return _list(options, pager, PROJECT_LAYOUT, output, show_secrets=show_secrets, footer=footer)


def clusters(
    *,
    places: FleetPlaces,
    project_id: Annotated[str | None, PROJECT] = None,
    output: OutputOption = OutputFormat.TABLE,
) -> int:
    """List the clusters that the key sees, with their ids.

    Only clusters that take restores are listed.
    All projects are read unless --project-id or --projects names some. What
    cannot be read is listed on standard error, with exit code 9.
    """
    places.check()
    if project_id is not None and not places.projects:
        places = attrs.evolve(places, projects=(project_id,))
    plans = asyncio.run(_discover(places, read_credentials()))

    def footer(rows: Sequence[ClusterRow], _: Any) -> None:
        place = ClusterOptions(
            family=rows[0].family, project_id=rows[0].project_id, cluster_id=rows[0].key, server=places.server
        )
        _print_next("List the restore jobs of a cluster:", place.command_line("jobs", "--limit", "10"))

    layout = cluster_layout(merged=len(plans) > 1)
    writer = make_writer(output, layout, show_secrets=False, footer=footer)
    for plan in plans:
        for project in plan.projects:
            writer.add(ListedCluster(plan.family, project, cluster) for cluster in project.clusters)
    writer.finish()
    failures = [failure for plan in plans for failure in plan.failures]
    print_undiscovered(stderr_console(), failures)
    return ExitCode.INCOMPLETE if failures else ExitCode.DONE


async def _discover(places: FleetPlaces, environ: dict[str, str]) -> "list[FanOutPlan]":
    options = mongorestore_async.Options(
        max_in_flight=max(places.concurrency, mongorestore_async.Options().max_in_flight)
    )
    with show_deprecations(*places.families), stderr_console().status("looking for clusters"):
        async with make_session(environ, places.server, options=options) as session:
            fleets = [mongorestore_async.Fleet(session, family) for family in places.families]
            return [await fleet.fan_out_plan(**places.limits()) for fleet in fleets]


def _list(
    options: InventoryOptions,
    pager: "Callable[[AsyncSession], Pager[Any]]",
    layout: "ListLayout[Any, Any]",
    output: OutputFormat,
    *,
    show_secrets: bool,
    footer: "Footer | None" = None,
) -> int:
    writer = make_writer(output, layout, show_secrets=show_secrets, footer=footer)
    environ = read_credentials()

    async def read() -> None:
        async with make_session(environ, options.server) as session:
            async for page in pager(session).pages():
                writer.add(page)

    with no_resume_page(), show_deprecations(options.resolve()), stderr_console().status("reading"):
        asyncio.run(read())
    writer.finish()
    return ExitCode.DONE


def _print_next(text: str, command: list[str]) -> None:
    console = stdout_console()
    console.print_sentence(text)
    console.print(fold_command(command, console.width), soft_wrap=True)
