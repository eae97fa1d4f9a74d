"""How users keep evidence and verify it; never executed, type checkers must agree."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from mongorestore_async.evidence import EvidenceLog, Head, Problem, ProblemKind, Verification, sign, verify


def keep(steps: dict[str, int]) -> Head:
    with EvidenceLog.open("evidence.jsonl", who="tests") as log:
        assert_type(log, EvidenceLog)
        log.append("steps", steps)
        log.append("more", {"list": [1, {"a": None}]})
        log.append("wrong", [1])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        return log.head


def look(head: Head) -> list[Problem]:
    found = verify(Path("evidence.jsonl"), head=head.hash, count=head.count)
    assert_type(found, Verification)
    assert_type(found.head, Head)
    assert_type(found.can_find_cut_tail, bool)
    assert_type(sign("evidence.jsonl", b"", password=b""), Path)
    verify("evidence.jsonl", public_key=Path("key.pub"))
    verify("evidence.jsonl", public_key="key.pub")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return [problem for problem in found.problems if problem.kind is ProblemKind.CHANGED]
