"""A project of somebody else that is tested with pytest and our plugin, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import attrs

PROJECT = Path(__file__).parents[3]
#: A block of a page that stands for a file of a project.
_FILE = re.compile(r"(?m)^\.\. code-block:: (?:python|toml)\n   :caption: (\S+)\n\n((?:   .*\n|\n)+)")
OURS = "mongorestore_async.pytest_plugin"


@attrs.frozen
class ForeignRun:
    """What a run of pytest wrote, and its exit code."""

    code: int
    output: str

    @property
    def summary(self) -> str:
        """The last line without its time."""
        return self.output.strip().splitlines()[-1].partition(" in ")[0]


@attrs.frozen
class ForeignProject:
    """A folder with tests."""

    folder: Path

    @classmethod
    def of_page(cls, folder: Path, page: str) -> ForeignProject:
        """Write the files that a page of the documentation shows."""
        project = cls(folder)
        for name, block in _FILE.findall((PROJECT / "docs" / page).read_text(encoding="utf-8")):
            project.write(name, "\n".join(line[3:] for line in block.splitlines()))
        return project

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *arguments: str, plugins: tuple[str, ...] = ("asyncio", OURS), **environ: str) -> ForeignRun:
        """Run pytest with these plugins and no others, warnings being errors."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        loaded = [word for name in plugins for word in ("-p", name)]
        command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--tb=short", "--import-mode=importlib"]
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", *loaded, *arguments],
            cwd=self.folder,
            env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        return ForeignRun(done.returncode, done.stdout + done.stderr)
