"""The faults that a test plans, and which of them strikes a request."""

from __future__ import annotations

import difflib
import inspect
import math
from typing import TYPE_CHECKING, Any, Self

from mongorestore_async.emulator.faults.fault_names import FAULTS
from mongorestore_async.emulator.faults.fault_plan import FaultParts, FaultPlan, Strikes
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.emulator.request_log import RequestRecord

__all__ = ["Faults", "PlayedFault"]


class PlayedFault:
    """A fault that was planned. As a context manager it ends with the block.

    Attributes:
        name: Its name.
        plan: What it does.
        times: How often it still strikes; infinite: always.
        struck: How many requests it struck; ``fault`` of a :class:`RequestRecord` says which.

    """

    def __init__(
        self, name: str, plan: FaultPlan, times: float, match: Callable[[RequestRecord], bool], faults: Faults
    ) -> None:
        self.name = name
        self.plan = plan
        self.times: float = times
        self.struck: int = 0
        self._match = match
        self._faults = faults

    def strikes(self, record: RequestRecord) -> bool:
        """Whether it strikes this request; counts it."""
        if self.times == 0 or not self._match(record):
            return False
        self.times -= 1
        self.struck += 1
        return True

    def end(self) -> None:
        """Let it strike no more."""
        self._faults.end(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __repr__(self) -> str:
        return f"<PlayedFault {self.name}: struck {self.struck} times, {self.times} left>"


class Faults:
    """Faults by name, for one server.

    Example::

        emulator.faults.play("lost_answer")
        emulator.faults.play("rate_limited", times=3, retry_after=0)
        with emulator.faults.play("gateway_503", strikes="create"):
            ...

    Args:
        parts: What they act on.

    """

    def __init__(self, parts: FaultParts) -> None:
        self._parts = parts
        self._played: list[PlayedFault] = []

    @property
    def played(self) -> tuple[PlayedFault, ...]:
        """The faults that were planned and not ended, in the order in which they are asked."""
        return tuple(self._played)

    def play(
        self,
        name: str,
        *,
        times: float | None = None,
        strikes: Strikes | str | Callable[[RequestRecord], bool] | None = None,
        **parameters: Any,
    ) -> PlayedFault:
        """Plan a fault. Of several that fit a request, the one that was planned first strikes.

        Args:
            name: Its name; see :data:`FAULTS`.
            times: How often it strikes, ``math.inf``: always. None: as it is its nature, mostly once; a link that has
                expired stays so.
            strikes: Which requests it strikes, a word of :class:`Strikes` or a function of the request; by default what
                fits the fault.
            **parameters: Those of the fault.

        Returns:
            The planned fault, which counts the requests it struck and can be ended.

        Raises:
            ConfigError: There is no fault of this name, it has no such parameter, or a value is out of range.

        """
        plan = self._plan(name, parameters)
        count = plan.times if times is None else times
        if not count >= 1 or (count != math.inf and count != int(count)):
            raise ConfigError(f"times of a fault is {count!r}; give a whole number from 1 up, or math.inf for always.")
        played = PlayedFault(name, plan, count, _match(plan.strikes if strikes is None else strikes), self)
        self._played.append(played)
        return played

    def clear(self) -> None:
        """End all faults."""
        self._played.clear()

    def end(self, played: PlayedFault) -> None:
        """End one fault; nothing happens if it has ended."""
        self._played = [each for each in self._played if each is not played]

    def strike(self, record: RequestRecord) -> PlayedFault | None:
        """Take the fault for a request that was let in, and let it act; None for none."""
        for played in tuple(self._played):
            if played.strikes(record):
                if played.plan.act is not None:
                    played.plan.act(self._parts, record)
                return played
        return None

    @property
    def parts(self) -> FaultParts:
        """What they act on."""
        return self._parts

    @staticmethod
    def _plan(name: str, parameters: dict[str, Any]) -> FaultPlan:
        make = FAULTS.get(name)
        if make is None:
            close = difflib.get_close_matches(name, FAULTS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(sorted(FAULTS))}."
            raise ConfigError(f"There is no fault {name!r}; {hint}")
        try:
            inspect.signature(make).bind(**parameters)
        except TypeError:
            known = ", ".join(inspect.signature(make).parameters) or "no parameters"
            raise ConfigError(f"The fault {name!r} has {known}; given were {', '.join(parameters)}.") from None
        return make(**parameters)


def _match(strikes: Strikes | str | Callable[[RequestRecord], bool]) -> Callable[[RequestRecord], bool]:
    if callable(strikes) and not isinstance(strikes, str):
        return strikes
    try:
        return Strikes(strikes).match
    except ValueError:
        raise ConfigError(f"Faults strike {', '.join(Strikes)} or a function; that is not {strikes!r}.") from None
