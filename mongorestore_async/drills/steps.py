"""The steps of one restore as a journal keeps them, and what they say when they are read again.

``begun`` (its place and goals), ``intent`` (the snapshot, and what will be asked for), ``sent`` (the job list as it
was: from now on the request may leave), ``started`` (its jobs are known), ``waited``, ``downloaded``, ``checked``,
``cleaned``, and ``done``. Each step brings members of the outcome, its facts; together they are the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - types of public fields, to be resolved at run time
from datetime import datetime  # noqa: TC003 - likewise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from mongorestore_async.drills.converting import from_json
from mongorestore_async.drills.results import DrillOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["History", "JournalStep", "StepName"]

StepName: TypeAlias = Literal[
    "begun", "intent", "sent", "started", "waited", "downloaded", "checked", "cleaned", "done"
]


@attrs.frozen(kw_only=True)
class JournalStep:
    """One step of one cluster, as it was written.

    Attributes:
        id: Its number in the journal, from 1.
        run: The run that wrote it, from 1: a drill that was resumed has several.
        at: When (UTC).
        cluster: Name of the cluster in the plan.
        step: Which step.
        requests: Requests that its run had sent by then.
        data: ``facts`` and what else the step needs when it is read again; JSON.

    """

    id: int
    run: int
    at: datetime
    cluster: str
    step: StepName
    requests: int
    data: Mapping[str, Any] = attrs.field(hash=False)


@attrs.define
class History:
    """What the journal says of one cluster.

    Attributes:
        steps: The last step of each name, in the order they were made.
        facts: Members of the outcome.

    """

    steps: dict[StepName, JournalStep] = attrs.field(factory=dict)
    facts: dict[str, Any] = attrs.field(factory=dict)

    @classmethod
    def of(cls, steps: Iterable[JournalStep]) -> History:
        """Put together the steps of one cluster."""
        history = cls()
        for step in steps:
            history.add(step)
        return history

    def add(self, step: JournalStep) -> None:
        """Add the next step."""
        self.steps[step.step] = step
        self.facts |= step.data.get("facts", {})

    def data(self, name: StepName) -> Mapping[str, Any] | None:
        """Give what a step brought; None when it was not made."""
        step = self.steps.get(name)
        return None if step is None else step.data

    @property
    def over(self) -> bool:
        """Whether there is an outcome that stays. One that is undecided is looked at again."""
        return "done" in self.steps and self.facts.get("state") != "UNDECIDED"

    def outcome(self) -> DrillOutcome:
        """Give the outcome.

        Raises:
            ConfigError: The journal does not hold one.

        """
        return from_json(self.facts, DrillOutcome, "outcome in the journal")
