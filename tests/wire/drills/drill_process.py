"""One run of a drill in a process of its own, to be killed: ``python drill_process.py SERVER FOLDER``.

SERVER is a JSON object with the server's address and key, and the plan. It begins the drill or goes on with it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from mongorestore_async import AsyncSession, DigestAuth, Options, PollPolicy
from mongorestore_async.drills import parse_plan, resume_drill, run_drill, write_report
from mongorestore_async.evidence import EvidenceLog


async def main(server: dict[str, str], folder: Path) -> None:
    options = Options(poll=PollPolicy(shortest=0.05, longest=0.05, grace=1, budget_share=None), rate_limits=None)
    auth = DigestAuth(server["public_key"], server["private_key"])
    with EvidenceLog.open(folder / "evidence.jsonl", who="drill") as evidence:
        async with AsyncSession(auth, base_url=server["url"], options=options) as session:
            if (folder / "journal.sqlite3").exists():
                report = await resume_drill(session, folder, evidence=evidence)
            else:
                report = await run_drill(parse_plan(server["plan"]), session, folder, evidence=evidence)
    write_report(report, folder / "report.json")


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), Path(sys.argv[2])))
