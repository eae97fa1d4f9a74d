"""Whether what a plan names is on this machine: the server, programs and functions of its checks.

Looked for before anything is started: after a restore of hours it would be too late.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mongorestore_async.drills.checks.own_thread import in_own_thread
from mongorestore_async.drills.checks.server_check import load_driver
from mongorestore_async.drills.checks.user_checks import load_function
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from mongorestore_async.drills.plan import DrillCheck, DrillPlan

__all__ = ["check_needs"]


async def check_needs(plan: DrillPlan) -> None:
    """Look for what a plan names. Modules of its checks are imported.

    Args:
        plan: The plan.

    Raises:
        ConfigError: Something is not there, or is no async function; the message names it.

    """
    if plan.server is not None:
        await load_driver()
        binary = plan.server.command[0]
        if await in_own_thread(shutil.which, binary) is None:
            raise ConfigError(f"the server of the plan, {binary}, is no program on this machine")
    for cluster in plan.clusters:
        for check in cluster.checks:
            problem = await in_own_thread(_look_for, check)
            if problem:
                raise ConfigError(f"check {check.name!r} of cluster {cluster.name!r} cannot run: {problem}")


def _look_for(check: DrillCheck) -> str:
    if check.call is None:
        program = check.command[0]
        if "{" in program or shutil.which(program):  # what is filled in is not known yet
            return ""
        return f"{program or 'an empty text'} is no program on this machine"
    try:
        load_function(check.call)
    except Exception as error:  # noqa: BLE001 - code of somebody else
        return f"{type(error).__name__}: {error}"
    return ""
