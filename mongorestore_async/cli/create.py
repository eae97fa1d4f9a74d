"""``mongorestore-async create``."""

import asyncio
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.orders import Order
from mongorestore_async.cli.outputs import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.picks import command_of
from mongorestore_async.cli.place import Place
from mongorestore_async.cli.questions import Question, read_question
from mongorestore_async.cli.rows import JOBS, some
from mongorestore_async.cli.safety import Safety
from mongorestore_async.cli.screen import printable, screen
from mongorestore_async.cli.shell import folded
from mongorestore_async.codec.request_bodies import encode_request
from mongorestore_async.errors import MaybeCreated
from mongorestore_async.models import AutomatedRestore, HttpRestore

if TYPE_CHECKING:
    from mongorestore_async import RestoreBatch

__all__ = ["create"]


def create(
    *,
    place: Place,
    order: Order | None = None,
    safety: Safety | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Restore a cluster's backup into a cluster, or make a snapshot ready for download.

    A restore into a cluster first removes all data of that cluster, so it asks; where it cannot ask it needs --yes.
    The request is sent once. If its outcome is not known, the exit code is 6: look into the list of jobs then.
    """
    safety = safety or Safety()
    family = place.resolve()
    request = (order or Order()).request(family, place.project_id)
    with telling(family):
        if safety.dry_run:
            return asyncio.run(_dry_run(place, request, safety))
        # Once more in the SDK. Here, so that nobody is asked about what cannot be sent anyway.
        encode_request(family, request, now=datetime.now(UTC))
        doubtful = safety.check(place, request)
        environ = find_keys()
        if doubtful is not None and not asyncio.run(_question(place, doubtful, environ)).agreed():
            screen(error=True).say("Nothing was sent.")
            return ExitCode.ERROR
        try:
            batch = asyncio.run(_create(place, request, safety, environ))
        except (MaybeCreated, KeyboardInterrupt) as end:
            if isinstance(end, KeyboardInterrupt):
                end.add_note("The create was under way: a restore may be running.")
            look = folded(place.words("jobs", "--limit", "5"), screen(error=True).width)
            end.add_note(f"Look before you send it again:\n{look}")
            raise
    if output is OutputFormat.TABLE:
        _tell(place, request, batch)
    else:
        writer = make_writer(output, JOBS, show_secrets=show_secrets)
        writer.add(batch)
        writer.finish()
    return ExitCode.DONE


async def _dry_run(place: Place, request: HttpRestore | AutomatedRestore, safety: Safety) -> int:
    notes = screen(error=True)
    # Without a pre-check nothing is read, and no key is needed.
    auth: dict[str, Any] = {} if safety.precheck else {"auth": None}
    environ = find_keys() if safety.precheck else dict(os.environ)
    async with make_session(environ, place.base_url, auth, guard=safety.guard) as session:
        plan = await place.source(session).dry_run(request, precheck=safety.precheck)
    print(json.dumps(dict(plan.body), indent=2), flush=True)
    notes.say(f"would be sent: {plan.method} {printable(plan.url)}")
    for finding in plan.findings:
        label, style = ("refused", "bold red") if finding.fatal else ("note", "yellow")
        notes.say(f"{label}: {printable(finding.words)}", style=style)
    return ExitCode.ERROR if plan.is_refused else ExitCode.DONE


async def _question(place: Place, request: AutomatedRestore, environ: dict[str, str]) -> Question:
    async with make_session(environ, place.base_url) as session:
        return await read_question(session, place.source(session), request)


async def _create(
    place: Place, request: HttpRestore | AutomatedRestore, safety: Safety, environ: dict[str, str]
) -> "RestoreBatch[Any]":
    async with make_session(environ, place.base_url, guard=safety.guard) as session:
        source = place.source(session)
        send = source.ensure_restore if safety.ensure else source.create_restore_job
        return await send(request, precheck=safety.precheck)


def _tell(place: Place, request: HttpRestore | AutomatedRestore, batch: "RestoreBatch[Any]") -> None:
    out = screen()
    is_download = isinstance(request, HttpRestore)
    if batch.existing:
        out.say(f"The same is running already, nothing was sent: {some(len(batch), 'restore job')}:")
    else:
        out.say(f"Created {some(len(batch), 'restore job')}:")
    for job in batch:
        out.print(f"  {job.state:9}  {printable(str(job.ref))}", soft_wrap=True)
    out.say("Wait for the file and download it:" if is_download else "Wait for the end:")
    command = ("download", "--timeout", "6h") if is_download else ("wait", "--timeout", "6h")
    out.print(folded(command_of(command[0], batch.refs, place.base_url, *command[1:]), out.width), soft_wrap=True)
