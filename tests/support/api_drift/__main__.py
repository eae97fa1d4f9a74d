"""``python -m api_drift spec.yaml``: print what differs; 1 if anything does, 2 if the file is no such document."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from api_drift.comparison import differences
from api_drift.document import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare.

    Args:
        arguments: Command line without the program's name; None: the one of this process.

    Returns:
        The exit code.

    """
    parser = argparse.ArgumentParser(prog="python -m api_drift", description="Compare this package with a document.")
    parser.add_argument("document", type=Path, help="OpenAPI 3 document of Atlas v2, YAML or JSON")
    usual = Path(__file__).with_name("known.txt")
    parser.add_argument("--known", type=Path, default=usual, help="differences that count for nothing, a line each")
    chosen = parser.parse_args(arguments)
    try:
        document = Document.read(chosen.document)
        lines = chosen.known.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, yaml.YAMLError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    known = {line for line in lines if line and not line.startswith("#")}
    found = differences(document)
    report = [line for line in found if line not in known]
    report += [f"known, but not there any more: {line}" for line in sorted(known - set(found))]
    sys.stdout.writelines(f"{line}\n" for line in report)
    title = document.tree.get("info", {}).get("version", "?")
    counts = f"{len(document.operations)} operations, {len(report)} differences"
    sys.stdout.write(f"document {title}: {counts}, and {len(known & set(found))} known ones\n")
    return 1 if report else 0


if __name__ == "__main__":
    sys.exit(main())
