"""A report as JSON and back: what another process, and the next drill, reads."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cattrs
from cattrs import transform_error

from mongorestore_async.drills.results import REPORT_FORMAT, DrillReport
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

__all__ = ["dump_report", "load_report", "read_report", "write_report"]


def _exactly(kind: type[Any], value: Any, _type: Any) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"must be {kind.__name__}, not {type(value).__name__}")
    return value


def _moment(value: Any, _type: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, such as Z")
    return found.astimezone(UTC)


@functools.cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (str, int, bool, float):
        converter.register_structure_hook(kind, functools.partial(_exactly, kind))
    converter.register_structure_hook(datetime, _moment)
    converter.register_unstructure_hook(datetime, lambda moment: moment.astimezone(UTC).isoformat())
    return converter


def dump_report(report: DrillReport) -> dict[str, Any]:
    """Give a report as a JSON object."""
    document: dict[str, Any] = json.loads(json.dumps(_converter().unstructure(report)))  # tuples become lists
    return document


def load_report(document: Mapping[str, Any]) -> DrillReport:
    """Read what :func:`dump_report` gave.

    Raises:
        ConfigError: It is no report, or one of another version; the message names the member.

    """
    if document.get("format") != REPORT_FORMAT:
        raise ConfigError(f"format of the report is {document.get('format')!r}: this version reads {REPORT_FORMAT}")
    try:
        return _converter().structure(document, DrillReport)
    except cattrs.BaseValidationError as error:
        raise ConfigError(f"no report of a drill: {'; '.join(transform_error(error))}") from None


def write_report(report: DrillReport, path: str | PathLike[str]) -> None:
    """Write a report as a JSON file. Blocks: use a thread.

    Raises:
        OSError: It cannot be written.

    """
    Path(path).write_text(json.dumps(dump_report(report), indent=2) + "\n", encoding="utf-8")


def read_report(path: str | PathLike[str]) -> DrillReport:
    """Read a report from a JSON file. Blocks: use a thread.

    Raises:
        OSError: It cannot be read.
        ConfigError: It is no report.

    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        raise ConfigError(f"{path} is no JSON file") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path} holds no report of a drill")
    return load_report(cast("dict[str, Any]", document))
