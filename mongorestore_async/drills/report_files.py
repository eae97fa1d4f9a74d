"""A report as JSON and back: what another process, and the next drill, reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mongorestore_async.drills.converting import from_json, to_json
from mongorestore_async.drills.results import REPORT_FORMAT, DrillReport
from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

__all__ = ["dump_report", "load_report", "read_report", "write_report"]


def dump_report(report: DrillReport) -> dict[str, Any]:
    """Give a report as a JSON object.

    Args:
        report: The report.

    Returns:
        The object. It holds no secrets.

    """
    return to_json(report)


def load_report(document: Mapping[str, Any]) -> DrillReport:
    """Read what :func:`dump_report` gave.

    Args:
        document: The JSON object.

    Returns:
        The report.

    Raises:
        ConfigError: It is no report, or one of another version; the message names the member.

    """
    if document.get("format") != REPORT_FORMAT:
        raise ConfigError(f"format of the report is {document.get('format')!r}: this version reads {REPORT_FORMAT}")
    return from_json(document, DrillReport, "report of a drill")


def write_report(report: DrillReport, path: str | PathLike[str]) -> None:
    """Write a report as a JSON file. Blocks: use a thread.

    Args:
        report: The report.
        path: The file; one of the same name is replaced.

    Raises:
        OSError: It cannot be written.

    """
    Path(path).write_text(json.dumps(dump_report(report), indent=2) + "\n", encoding="utf-8")


def read_report(path: str | PathLike[str]) -> DrillReport:
    """Read a report from a JSON file. Blocks: use a thread.

    Args:
        path: The file.

    Returns:
        The report.

    Raises:
        OSError: It cannot be read.
        ConfigError: It is no report.

    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ConfigError(f"{path} is no JSON file") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path} holds no report of a drill")
    return load_report(cast("dict[str, Any]", document))
