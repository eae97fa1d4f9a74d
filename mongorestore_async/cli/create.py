"""``mongorestore-async create``."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.orders import Order
from mongorestore_async.cli.outputs import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.place import Place
from mongorestore_async.cli.screen import printable, screen
from mongorestore_async.cli.shell import folded
from mongorestore_async.errors import ApiError, ConfigError, MaybeCreated
from mongorestore_async.models import AutomatedRestore, HttpRestore, Target
from mongorestore_async.protocol.encoders import encode_request

__all__ = ["create"]


def create(
    *,
    place: Place,
    order: Order | None = None,
    yes: Annotated[
        bool,
        Parameter(
            name=("--yes", "--force", "-y"),
            negative=(),
            show_default=False,
            help="Do not ask before the data of the target are removed.",
        ),
    ] = False,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Restore a cluster's backup into a cluster, or make a snapshot ready for download.

    A restore into a cluster first removes all data of that cluster, so it asks; where it cannot ask it needs --yes.
    The request is sent once. If its outcome is not known, the exit code is 6: look into the list of jobs then.
    """
    request = (order or Order()).request()
    family = place.resolve()
    # Once more in the SDK. Here, so that nobody is asked about what cannot be sent anyway.
    encode_request(family, request, now=datetime.now(UTC))
    must_ask = isinstance(request, AutomatedRestore) and not yes
    if must_ask and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("this removes all data of the target, and there is no terminal to ask on: pass --yes")
    environ = find_keys()
    if must_ask and isinstance(request, AutomatedRestore):
        name = asyncio.run(_name_of(place, request.target, environ))
        if not _agreed(request.target, name):
            screen(error=True).say("Nothing was sent.")
            return ExitCode.ERROR
    try:
        asyncio.run(_create(place, request, environ, output, show_secrets=show_secrets))
    except (MaybeCreated, KeyboardInterrupt) as end:
        if isinstance(end, KeyboardInterrupt):
            end.add_note("The create was under way: a restore may be running.")
        look = folded(place.words("jobs", "--limit", "5"), screen(error=True).width)
        end.add_note(f"Look before you send it again:\n{look}")
        raise
    return ExitCode.DONE


async def _create(
    place: Place,
    request: HttpRestore | AutomatedRestore,
    environ: dict[str, str],
    output: OutputFormat,
    *,
    show_secrets: bool,
) -> None:
    async with make_session(environ, place.base_url) as session:
        cluster = session.project(place.project_id, place.resolve()).cluster(place.cluster_id)
        batch = await cluster.create_restore_job(request)
    if output is not OutputFormat.TABLE:
        writer = make_writer(output, show_secrets=show_secrets)
        writer.add(batch)
        writer.finish()
        return
    out = screen()
    out.say(f"Created {len(batch)} restore job{'s' * (len(batch) != 1)}:")
    for job in batch:
        out.print(f"  {job.state:9}  {printable(str(job.ref))}", soft_wrap=True)
    follow = () if batch.batch_id is None else ("--batch-id", printable(batch.batch_id))
    out.say("See how far they are:")
    out.print(folded(place.words("jobs", *follow), out.width), soft_wrap=True)


async def _name_of(place: Place, target: Target, environ: dict[str, str]) -> str | None:
    """Name of the target cluster, None if the API does not tell: people know their clusters by name."""
    async with make_session(environ, place.base_url) as session:
        try:
            async for cluster in session.project(target.project_id, place.resolve()).clusters():
                if cluster.id == target.cluster:
                    return cluster.name
        except ApiError:
            # A key may have the right to restore and not the right to list.
            return None
    return None


def _agreed(target: Target, name: str | None) -> bool:
    notes = screen(error=True)
    cluster = target.cluster if name is None else f"{name} ({target.cluster})"
    notes.say(printable(f"This removes all data of cluster {cluster} in project {target.project_id}."))
    notes.print("Type yes to go on: ", end="")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"
