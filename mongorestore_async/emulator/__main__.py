"""``python -m mongorestore_async.emulator``: the emulator as a server of its own, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import shlex
import signal
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

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


def _arguments() -> argparse.ArgumentParser:
    usual = EmulatorSettings()
    parser = argparse.ArgumentParser(
        prog="python -m mongorestore_async.emulator",
        description="Play Ops Manager or Cloud Manager, and Atlas, for restore jobs, projects and clusters.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--base-path", default=usual.base_path, help="path prefix before /api")
    add("--manager", choices=[*Manager], default=usual.manager, help="the product below /api/public/v1.0")
    add("--projects", type=int, default=usual.projects, help="projects, on each side")
    add("--clusters", type=int, default=None, help="clusters per project; None is one of each kind")
    add("--jobs", type=int, default=usual.jobs_per_cluster, help="restore jobs per cluster")
    add("--seed", type=int, default=usual.seed, help="same seed, same data")
    add("--start", type=_moment, default="now", help="where its clock starts: now, or a date in ISO 8601")
    add("--today", type=_day, help="play Atlas v2 as on this day, now or in ISO 8601: ended versions, rate limits")
    add("--speed", type=float, default=usual.speed, help="seconds on its clock in one real second")
    add("--restore-seconds", type=float, default=_RESTORE_SECONDS, help="duration of a restore on its clock")
    add("--archive-bytes", type=int, default=usual.archive_bytes, help="size of the archives that jobs deliver")
    add("--nonce-policy", choices=[*NoncePolicy], default=usual.nonce_policy, help="how long a digest nonce lives")
    add("--page-cap", type=int, default=usual.page_cap, help="largest itemsPerPage allowed")
    add("--oddity", choices=[*Oddity], action="append", default=[], help="an unusual shape to play; repeatable")
    add(
        "--collection-limit", choices=[*CollectionLimit], action="append", default=[], help="hinder collection restores"
    )
    add("--create-fault", choices=[*CreateFault], action="append", default=[], help="fail a create; repeatable")
    add("--fault", choices=sorted(FAULTS), action="append", default=[], help="a fault to play always; repeatable")
    add("--public-key", default=usual.public_key, help="digest user name")
    add("--private-key", default=usual.private_key, help="digest password")
    add("--no-auth", action="store_true", help="take every request without a login")
    return parser


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it until SIGINT or SIGTERM.

    Args:
        arguments: Command line without the program's name; None: the one of this process.

    Returns:
        0 after a signal, 1 when it cannot listen, 2 when a value is out of range.

    """
    chosen = _arguments().parse_args(arguments)
    try:
        emulator = Emulator(_settings(chosen), host=chosen.host, port=chosen.port)
        for name in chosen.fault:
            emulator.faults.play(name, times=math.inf)
        asyncio.run(_serve(emulator))
    except ConfigError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except OSError as taken:
        sys.stderr.write(f"Cannot listen on {chosen.host}:{chosen.port}: {taken}. Choose another --port.\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
