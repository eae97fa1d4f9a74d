"""Which clusters no restore may overwrite."""

from typing import Any, Final, cast

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.requests import Target

__all__ = ["WHOLE_PROJECT", "RestoreGuard"]

#: Cluster of a protected :class:`Target` that stands for all clusters of its project.
WHOLE_PROJECT: Final = "*"


def _targets(value: Any) -> Any:
    return tuple(cast("list[Any]", value)) if isinstance(value, (list, set, frozenset)) else value


def _only_targets(_instance: object, _attribute: "attrs.Attribute[Any]", value: object) -> None:
    entries = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (None,)
    if not all(isinstance(entry, Target) for entry in entries):
        raise ConfigError('RestoreGuard.protected is a tuple of targets, such as (Target(project_id, "*"),)')


def _flag(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"RestoreGuard.{attribute.name} is True or False, not {type(value).__name__}")


@attrs.frozen
class RestoreGuard:
    """Refuses automated restores into clusters that hold what must not be lost: such a restore wipes its target.

    Ids and names are compared without regard to case: servers take ids in either. It guards against mistakes, not
    against malice: whoever makes the call can name the target in ``overwrite``, or use a view without a guard.

    Attributes:
        protected: Clusters no restore may go into; ``Target(project_id, "*")`` protects a whole project. Name a
            cluster as restores of its family do: by id on Ops Manager and Cloud Manager, by name on Atlas.
        protect_source: Whether the cluster that the snapshot comes from is protected as well.

    Raises:
        ConfigError: ``protected`` is something else than targets.

    """

    protected: tuple[Target, ...] = attrs.field(default=(), converter=_targets, validator=_only_targets)
    protect_source: bool = attrs.field(default=True, validator=_flag)

    def refusal(self, source: Target, target: Target) -> str | None:
        """Say why a restore is refused; None when it is not.

        Args:
            source: The cluster the data come from.
            target: The cluster they would replace the data of.

        """
        project, cluster = wanted = _spelling(target)
        if self.protect_source and _spelling(source) == wanted:
            return "it is the cluster the backup comes from"
        for entry in map(_spelling, self.protected):
            if entry == (project, cluster):
                return "it is protected"
            if entry == (project, WHOLE_PROJECT):
                return "all clusters of its project are protected"
        return None


def _spelling(target: Target) -> tuple[str, str]:
    return target.project_id.casefold(), target.cluster.casefold()
