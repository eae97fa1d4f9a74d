"""What a dry run foretells and what the run takes: 300 projects of 4 clusters, rate limits of 40 and 20 calls.

Run it as ``python forecast.py``: it takes some three minutes, nearly all of them waiting for the limits. The emulator
plays the limits and tells them (``GET /rateLimits``); the session keeps to them. It prints one line for each way, and
ends with 1 where the time foretold is more than 15 % from that of the run.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from mongorestore_async import ATLAS_CLOUD_BACKUP, AsyncSession, DigestAuth, Fleet, Options, RateLimit
from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

#: Of one caller: the lists of clusters, and those of jobs; ten come back in a second.
LIMITS = {"clusters": RateLimit(40, 10, 1, "caller"), "cloudBackups": RateLimit(20, 10, 1, "caller")}

#: So many clusters of a project of the emulator are 4 in the list of its clusters: the others have APIs of their own.
_CLUSTERS = 6
_TOLERANCE = 0.15


async def measure(url: str, key: DigestAuth) -> bool:
    """Foretell a run, make it, and print both times."""
    async with AsyncSession(key, base_url=url, options=Options(timeout=600)) as session:
        await session.use_rate_limits()
        fleet = Fleet(session, ATLAS_CLOUD_BACKUP)
        plan = await fleet.dry_run()
        await asyncio.sleep(5)  # until the buckets are full again
        began = time.perf_counter()
        async with fleet.restore_jobs() as stream:
            jobs = 0
            async for _ in stream:
                jobs += 1
        seconds = time.perf_counter() - began
        off = seconds / plan.seconds - 1 if plan.seconds else float("inf")
        sys.stdout.write(
            f"{plan.projects} projects, {plan.clusters} clusters, {jobs} jobs: foretold {plan.seconds:.1f} s, bound by "
            f"{plan.bound_by.name if plan.bound_by else 'no limit'}; took {seconds:.1f} s ({off:+.1%})\n"
        )
        return abs(off) <= _TOLERANCE


def main() -> int:
    """Start the emulator, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=300)
    projects = parser.parse_args().projects
    settings = EmulatorSettings(
        projects=projects, clusters_per_project=_CLUSTERS, jobs_per_cluster=1, endpoint_limits=LIMITS
    )
    with ThreadedEmulator(settings) as emulator:
        kept = asyncio.run(measure(emulator.url, DigestAuth(emulator.public_key, emulator.private_key)))
        refused = emulator.counts.rate_limited
    sys.stdout.write(f"refused by the limits: {refused}\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
