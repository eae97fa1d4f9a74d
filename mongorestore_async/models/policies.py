"""Policies of a session: which clusters no restore may overwrite, and how often a wait polls its jobs."""

from typing import Any, Final, cast

import attrs

from mongorestore_async.errors import ConfigError, Hint, HintKind, ProtectedTarget
from mongorestore_async.models.requests import Target
from mongorestore_async.models.validators import flag, number, require_number

__all__ = ["WHOLE_PROJECT", "PollPolicy", "RestoreGuard"]

_OF = " of a PollPolicy"
_MOST_GROWTH = 100

#: Cluster of a protected :class:`Target` that stands for all clusters of its project.
WHOLE_PROJECT: Final = "*"


def _targets(value: Any) -> Any:
    return tuple(cast("list[Any]", value)) if isinstance(value, (list, set, frozenset)) else value


def _only_targets(_instance: object, _attribute: "attrs.Attribute[Any]", value: object) -> None:
    entries = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (None,)
    if not all(isinstance(entry, Target) for entry in entries):
        raise ConfigError('RestoreGuard.protected must be a tuple of targets, such as (Target(project_id, "*"),)')


def _share(_instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is not None and not (require_number(attribute.name + _OF, value, least=0, most=1) > 0):
        raise ConfigError(f"{attribute.name}{_OF} must be a number above 0, or None for no limit, not {value!r}")


@attrs.frozen
class RestoreGuard:
    """Refuses restores into protected clusters that delete data there.

    An automated restore deletes all data of its target, one of single collections with ``OVERWRITE_EXISTING`` those
    that have the same names. With ``CREATE_NEW`` nothing is deleted, so it goes into any cluster, the source included.

    Ids and names are compared without regard to case: servers take ids in either. What is equal as it stands is refused
    without I/O. Otherwise a create asks the server what the clusters are, for a cluster has several ids and names, but
    only where the target and a protected cluster are in one project: 1 call that lists its clusters (a page of 500),
    and on Ops Manager, Cloud Manager and Atlas legacy 1 for each cluster whose id is not in that list. If the server
    cannot be asked, the restore is refused. :meth:`check` compares what is equal as it stands.

    It guards against mistakes, not against malice: whoever makes the call can name the target in ``overwrite``, or use
    a view without a guard.

    Attributes:
        protected: Clusters no restore may go into; ``Target(project_id, "*")`` protects a whole project. An id of the
            cluster is best: it stays when the cluster is renamed.
        protect_source: Whether the cluster that the snapshot comes from is protected as well.

    Raises:
        ConfigError: ``protected`` is not a tuple of targets.

    """

    protected: tuple[Target, ...] = attrs.field(default=(), converter=_targets, validator=_only_targets)
    protect_source: bool = attrs.field(default=True, validator=flag(of=" of a RestoreGuard"))

    def refusal(self, source: Target, target: Target) -> str | None:
        """Say why a restore is refused; None when it is allowed.

        Args:
            source: The cluster the data come from.
            target: The cluster they would replace the data of.

        Returns:
            The reason as a sentence, or None.

        """
        project, cluster = wanted = _spelling(target)
        if self.protect_source and _spelling(source) == wanted:
            return "it is the source cluster of the backup"
        for entry in map(_spelling, self.protected):
            if entry == (project, cluster):
                return "it is protected"
            if entry == (project, WHOLE_PROJECT):
                return "all clusters of its project are protected"
        return None

    def check(self, source: Target, target: Target) -> None:
        """Refuse a restore into a cluster that is protected.

        Args:
            source: The cluster the data come from.
            target: The cluster they would replace the data of.

        Raises:
            ProtectedTarget: It is protected; the message says how to confirm the restore.

        """
        reason = self.refusal(source, target)
        if reason is not None:
            raise ProtectedTarget(
                f"the restore would overwrite cluster {target.cluster} of project {target.project_id}, and {reason}:",
                hint=Hint(
                    HintKind.CONFIRM_OVERWRITE,
                    {"project_id": target.project_id, "cluster": target.cluster, "is_source": source == target},
                ),
            )


def _spelling(target: Target) -> tuple[str, str]:
    return target.project_id.casefold(), target.cluster.casefold()


@attrs.frozen(kw_only=True)
class PollPolicy:
    """How a wait polls its jobs.

    Restores take minutes to hours, and every poll counts against the rate limit of its project. The delay between two
    polls of a cluster grows while nothing changes and is short again after a change. Many clusters of one project are
    polled less often, so that waiting leaves room for other calls.

    Attributes:
        shortest: Delay after a change, seconds. The vendor's own tool waits 4 s, which is short for a rate limit.
        longest: Longest delay, seconds. The rate limit may still ask for more.
        growth: What the delay is multiplied with after a poll that showed no change, 1 to 100.
        jitter: Random part added to the delay, so that many waits do not poll at the same moment.
        grace: Seconds from the first poll in which a job that was never seen may be missing (404): right after a
            create it may not be listed yet. Also the seconds for which the list of collections of a SUCCESSFUL job may
            show less than was asked for before that is believed.
        patience: Seconds for which a job that was there may be missing (404), and in 5 polls at least, before its
            outcome counts as unknown. Also the seconds for which polls of a cluster may fail without a success before
            its jobs are given up. Only temporary failures are tolerated: no answer, 5xx, a gateway's error page of any
            status, rate limits, an unreadable answer. A poll that shows one of the running jobs is a success: one job
            that cannot be read does not end the wait for others.
        budget_share: The part of a documented rate limit that polls may take, None for any.

    Raises:
        ConfigError: A value is out of its range.

    """

    shortest: float = attrs.field(default=10.0, validator=number(0, of=_OF))
    longest: float = attrs.field(default=60.0, validator=number(0, of=_OF))
    growth: float = attrs.field(default=1.5, validator=number(1, _MOST_GROWTH, of=_OF))
    jitter: float = attrs.field(default=0.1, validator=number(0, of=_OF))
    grace: float = attrs.field(default=30.0, validator=number(0, of=_OF))
    patience: float = attrs.field(default=1800.0, validator=number(0, of=_OF))
    budget_share: float | None = attrs.field(default=0.5, validator=_share)

    def __attrs_post_init__(self) -> None:
        if self.longest < self.shortest:
            raise ConfigError(f"longest of a PollPolicy ({self.longest!r} s) is below shortest ({self.shortest!r} s)")
