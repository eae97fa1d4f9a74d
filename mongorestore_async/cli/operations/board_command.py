"""``mongorestore-async board``."""

import asyncio
import errno
import os
import signal
import socket
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Annotated

import attrs
from cyclopts import Parameter, validators

import mongorestore_async
from mongorestore_async.cli.commands.fleet_options import FleetChoice
from mongorestore_async.cli.console import show_deprecations, stderr_console, stdout_console
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.units import parse_duration
from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.redaction import printable

__all__ = ["PageOptions", "board"]

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ANY = {"0.0.0.0", "::"}  # noqa: S104 - what is warned of


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class PageOptions:
    """Where the pages are served, and what they are called."""

    host: Annotated[str, Parameter(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Parameter(validator=validators.Number(gte=0, lte=65535), help="Port to listen on; 0 for any free one.")
    ] = 8090
    allow_host: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            metavar="NAME",
            help="Name by which browsers may call it; may be repeated.",
        ),
    ] = ()
    title: Annotated[str, Parameter(help="Heading of the page.")] = "Restores"
    reread: Annotated[
        timedelta,
        Parameter(
            converter=parse_duration,
            show_default=lambda _: "1h",
            help="How often all lists are read.",
        ),
    ] = timedelta(hours=1)


def board(*, options: FleetChoice, pages: PageOptions | None = None) -> int:
    """Serve pages that show all clusters and their restores.

    It runs until it is interrupted. The pages keep themselves up to date. They only read, and there is no login:
    whoever can reach the address can see them. By default only this machine can.
    """
    pages = pages or PageOptions()
    options.check()
    if pages.reread <= timedelta():
        raise ConfigError("--reread must be a duration above 0, such as 1h")
    asyncio.run(_serve(options, pages, read_credentials()))
    return ExitCode.DONE


async def _serve(options: FleetChoice, pages: PageOptions, environ: dict[str, str]) -> None:
    from mongorestore_async.board import BoardServer, create_board

    usual = mongorestore_async.Options()
    # A reading and the watch have calls in flight at the same time.
    wanted = 2 * options.concurrency * len(options.families)
    settings = attrs.evolve(usual, max_in_flight=max(wanted, usual.max_in_flight))
    with show_deprecations(*options.families):
        async with make_session(environ, options.server, options=settings) as session:
            app = create_board(
                options.fleet(session),
                title=pages.title,
                hosts=(*pages.allow_host, pages.host.partition("%")[0]),  # the address that is printed has to work
                reread=pages.reread,
                since=options.since,
                **options.limits(),
            )
            async with AsyncExitStack() as stack:
                server = BoardServer(app, host=pages.host, port=pages.port)
                try:
                    await stack.enter_async_context(server)
                except OSError as error:
                    raise ConfigError(_explain_bind(error, pages)) from None
                except UnicodeError:
                    raise ConfigError(f"{pages.host!r} is no name of a host: choose another --host") from None
                stdout_console().print(printable(f"The board is at {server.url}"), soft_wrap=True)
                if pages.host not in _LOOPBACK:
                    stderr_console().print_sentence("note: there is no login; whoever reaches this address can read it")
                if pages.host in _ANY and not pages.allow_host:
                    stderr_console().print_sentence(
                        "note: other machines need a name for it: pass it with --allow-host"
                    )
                await _interrupted()


def _explain_bind(error: OSError, pages: PageOptions) -> str:
    is_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
    # The text of asyncio names the address once more.
    reason = (error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)) or str(error)
    option = "--host" if is_host else "--port"
    return f"the board cannot listen on {pages.host}, port {pages.port} ({reason.lower()}): choose another {option}"


async def _interrupted() -> None:
    """Wait for SIGINT or SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # loops of Windows have no signal handlers; there Ctrl-C ends the run
            loop.add_signal_handler(name, stop.set)
    await stop.wait()
