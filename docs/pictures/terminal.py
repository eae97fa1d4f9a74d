"""Pictures of a terminal: what the commands print against the emulator, on 92 columns."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from drawing import FOLDER
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLUMNS = 92
#: The pictures load no font from elsewhere.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "font-family: Fira Code, monospace", "font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
)


def draw_terminals() -> None:
    """Run the commands and draw what they print."""
    settings = EmulatorSettings(start=datetime(2026, 11, 30, 4, tzinfo=UTC), speed=120, projects=2, jobs_per_cluster=6)
    with ThreadedEmulator(settings) as emulator:
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MONGODB_ATLAS_", "MCLI_"))},
            "MONGODB_ATLAS_BASE_URL": emulator.url,
            "MONGODB_ATLAS_PUBLIC_API_KEY": emulator.public_key,
            "MONGODB_ATLAS_PRIVATE_API_KEY": emulator.private_key,
            "COLUMNS": str(_COLUMNS),
            "FORCE_COLOR": "1",
            "TTY_COMPATIBLE": "1",
            "TTY_INTERACTIVE": "0",
        }
        place = emulator.world.first("replica-set")
        there = f"--family cloud-manager --project-id {place.project_id} --cluster-id {place.id}"
        snapshot = emulator.world.snapshots.of(place)[0].id
        _draw("jobs", "The newest restore jobs of a cluster", f"jobs {there} --limit 5", environ)
        _draw(
            "fleet",
            "The restore jobs of all clusters",
            "fleet jobs --family cloud-manager --state RUNNING --state FAILED --state CANCELLED",
            environ,
        )
        created = _run(f"create {there} --snapshot-id {snapshot} --max-downloads 1 --expiration-hours 1", environ)
        (reference,) = set(re.findall(r"cloud-manager/\w+/\w+/\w+", created))
        _draw("wait", "A wait for a restore", f"wait --poll 1s {reference}", environ)


def _run(command: str, environ: Mapping[str, str]) -> str:
    words = [sys.executable, "-m", "mongorestore_async.cli", *shlex.split(command)]
    done = subprocess.run(  # noqa: S603 - our own command
        words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout)
    return done.stdout


def _draw(name: str, title: str, command: str, environ: Mapping[str, str]) -> None:
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    # An option and its value stay in one line.
    words = re.sub(r"(--[\w-]+) (?!--)", "\\1\N{NO-BREAK SPACE}", f"$ mongorestore-async {command}")
    parts = [part.replace("\N{NO-BREAK SPACE}", " ") for part in words.split(" ")]
    console.print(Text(" \\\n    ".join(_fill(parts)), style="bold"))
    printed = list(Text.from_ansi(_run(command, environ)).split())
    while not printed[0].plain.strip():
        del printed[0]
    console.print("", *printed, sep="\n")
    console.save_svg(str(FOLDER / f"terminal-{name}.svg"), title=title, code_format=_FORMAT, unique_id=name)


def _fill(words: list[str]) -> list[str]:
    """Fill lines with words, some of which have a space."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) > _COLUMNS - 6:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return lines
