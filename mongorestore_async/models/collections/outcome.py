"""What all collections of a finished job tell together: which were not restored as asked, and which by design.

Pure: collections come in one by one, and only those that tell something are kept, so that a restore of many thousand
collections costs no memory.
"""

from __future__ import annotations

import attrs

from mongorestore_async.models.collections.parts import RestoredCollection

__all__ = ["CollectionsOutcome"]


@attrs.frozen(kw_only=True)
class CollectionsOutcome:
    """What the collections of a SUCCESSFUL job tell.

    Attributes:
        incomplete: Those that were not restored as asked, or whose indexes were not.
        skipped: Those that a restore of a whole database skips by design: views, time series, encrypted ones.
        missing: Named databases and collections of which the list shows nothing.
        problem: What else is wrong, in words; empty when nothing is.

    """

    incomplete: tuple[RestoredCollection, ...] = ()
    skipped: tuple[RestoredCollection, ...] = ()
    missing: tuple[str, ...] = ()
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether all that was named was restored."""
        return not (self.incomplete or self.missing or self.problem)
