"""``python -m mongorestore_async.emulator``: the emulator as a server of its own, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import math
import os
import shlex
import signal
import socket
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from mongorestore_async.emulator import (
    FAULTS,
    CollectionLimit,
    CreateFault,
    Emulator,
    EmulatorSettings,
    Manager,
    NoncePolicy,
    Oddity,
)
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import StrEnum

__all__ = ["main"]

#: Long enough to see a restore run, short enough to wait for: programs against it are run by hand.
_RESTORE_SECONDS = 20.0


def _moment(text: str) -> datetime:
    if text == "now":
        return datetime.now(UTC)
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _day(text: str) -> date:
    return datetime.now(UTC).date() if text == "now" else date.fromisoformat(text)


def _arguments(prog: str) -> argparse.ArgumentParser:
    usual = EmulatorSettings()
    oddities = _values(Oddity)
    parser = argparse.ArgumentParser(
        prog=prog,
        usage="%(prog)s [OPTIONS]",
        description="Play Ops Manager or Cloud Manager, and Atlas, for restore jobs, projects and clusters.",
        epilog=f"Oddities: {', '.join(oddities)}. Faults: {', '.join(sorted(FAULTS))}.",
    )

    def add(name: str, text: str, **settings: Any) -> None:
        default = settings.get("default")
        shown = "" if default in (None, "") or "action" in settings else f" [default: {default}]"
        parser.add_argument(name, help=f"{text}{shown}".replace("%", "%%"), **settings)

    add("--host", "address to listen on", default="127.0.0.1")
    add("--port", "port to listen on; 0 takes a free one", type=int, default=0)
    add("--base-path", "path prefix before /api", default=usual.base_path)
    add("--manager", "the product below /api/public/v1.0", choices=_values(Manager), default=usual.manager.value)
    add("--projects", "projects, on each side", type=int, default=usual.projects)
    add("--clusters", "clusters per project [default: one of each kind]", type=int)
    add("--jobs", "restore jobs per cluster", type=int, default=usual.jobs_per_cluster)
    add("--seed", "same seed, same data", type=int, default=usual.seed)
    add("--start", "where its clock starts: now, or a date in ISO 8601", type=_moment, default="now")
    add("--today", "play Atlas v2 as on this day, now or in ISO 8601: ended versions, rate limits", type=_day)
    add("--speed", "seconds on its clock in one real second", type=float, default=usual.speed)
    add("--restore-seconds", "duration of a restore on its clock", type=float, default=_RESTORE_SECONDS)
    add("--archive-bytes", "size of the archives that jobs deliver", type=int, default=usual.archive_bytes)
    policies = _values(NoncePolicy)
    add("--nonce-policy", "how long a digest nonce lives", choices=policies, default=usual.nonce_policy.value)
    add("--page-cap", "largest itemsPerPage allowed", type=int, default=usual.page_cap)
    repeated: dict[str, Any] = {"action": "append", "default": []}
    add(
        "--oddity",
        "an unusual shape to play, see below; may be repeated",
        choices=oddities,
        metavar="ODDITY",
        **repeated,
    )
    add(
        "--collection-limit",
        "hinder collection restores; may be repeated",
        choices=_values(CollectionLimit),
        **repeated,
    )
    add("--create-fault", "fail a create; may be repeated", choices=_values(CreateFault), **repeated)
    add("--check-snapshots", "refuse creates from snapshots that cannot be restored", action="store_true")
    add("--fault", "a fault to play always, see below; may be repeated", metavar="FAULT", **repeated)
    add("--public-key", "digest user name", default=usual.public_key)
    add("--private-key", "digest password", default=usual.private_key)
    add("--no-auth", "take every request without a login", action="store_true")
    return parser


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]


def _settings(chosen: argparse.Namespace) -> EmulatorSettings:
    return EmulatorSettings(
        base_path=chosen.base_path,
        manager=chosen.manager,
        projects=chosen.projects,
        clusters_per_project=chosen.clusters,
        jobs_per_cluster=chosen.jobs,
        seed=chosen.seed,
        start=chosen.start,
        today=chosen.today,
        speed=chosen.speed,
        restore_seconds=chosen.restore_seconds,
        archive_bytes=chosen.archive_bytes,
        nonce_policy=chosen.nonce_policy,
        page_cap=chosen.page_cap,
        oddities=chosen.oddity,
        collection_limits=chosen.collection_limit,
        create_faults=chosen.create_fault,
        check_snapshots=chosen.check_snapshots,
        public_key=chosen.public_key,
        private_key=chosen.private_key,
        auth_enabled=not chosen.no_auth,
    )


def _announcement(emulator: Emulator) -> str:
    exports = {
        "MONGODB_ATLAS_BASE_URL": emulator.url,
        "MONGODB_ATLAS_PUBLIC_API_KEY": emulator.public_key,
        "MONGODB_ATLAS_PRIVATE_API_KEY": emulator.private_key,
    }
    lines = [f"# The emulator listens at {emulator.url} until it is interrupted. Paste this into another shell:"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in exports.items()]
    return "\n".join(lines) + "\n"


async def _serve(emulator: Emulator) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        # Event loops of Windows have no signal handlers; there, Ctrl-C is KeyboardInterrupt in main().
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    async with emulator:
        sys.stdout.write(_announcement(emulator))
        sys.stdout.flush()
        await stop.wait()


def main(arguments: Sequence[str] | None = None, *, prog: str = "python -m mongorestore_async.emulator") -> int:
    """Run it until SIGINT or SIGTERM.

    Args:
        arguments: Command line without the program's name; None: the one of this process.
        prog: What the program is called in its help.

    Returns:
        0 after a signal, 1 when it cannot listen, 2 when a value is out of range.

    """
    chosen = _arguments(prog).parse_args(arguments)
    try:
        emulator = Emulator(_settings(chosen), host=chosen.host, port=chosen.port)
        for name in chosen.fault:
            emulator.faults.play(name, times=math.inf)
        asyncio.run(_serve(emulator))
    except ConfigError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except OSError as taken:
        is_host = isinstance(taken, socket.gaierror) or taken.errno == errno.EADDRNOTAVAIL
        reason = taken.strerror if isinstance(taken, socket.gaierror) else os.strerror(taken.errno or 0)
        option = "--host" if is_host else "--port"
        sys.stderr.write(f"Cannot listen on {chosen.host}:{chosen.port} ({reason}). Choose another {option}.\n")
        return 1
    except UnicodeError:
        sys.stderr.write(f"{chosen.host!r} is no name of a host. Choose another --host.\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
