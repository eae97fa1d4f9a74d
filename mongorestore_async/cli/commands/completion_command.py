"""``mongorestore-async completion``: completion of commands and options in a shell."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mongorestore_async.cli.console import PROGRAM, stderr_console
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.redaction import printable

__all__ = ["completion"]

#: What cyclopts leaves to its own installer. zsh: the script can be loaded with ``source`` as well as from a file of
#: any name. fish: files are offered only where an option takes one.
_ADDED = {
    "bash": "",
    "zsh": (
        f'compdef _cyclopts_{PROGRAM} {PROGRAM}\nif [[ "$funcstack[1]" = _* ]]; then _cyclopts_{PROGRAM} "$@"; fi\n'
    ),
    "fish": f"complete -c {PROGRAM} -f\n",
}


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="The shell.")],
    /,
    *,
    install: Annotated[
        bool,
        Parameter(negative=(), show_default=False, help="Write it to where the shell looks for it, not to the output."),
    ] = False,
) -> int:
    """Print the script that completes options in a shell.

    Install it with --install, or load it in one shell, in bash with
    "source <(mongorestore-async completion bash)".
    """
    from mongorestore_async.cli.entry import make_app  # which has loaded this module

    script = make_app().generate_completion(prog_name=PROGRAM, shell=shell) + _ADDED[shell]
    if not install:
        sys.stdout.write(script)
        return ExitCode.DONE
    path = _write(script, shell)
    console = stderr_console()
    console.print(f"Written: {printable(str(path))}", soft_wrap=True)
    console.print(_next_step(shell, path), soft_wrap=True)
    return ExitCode.DONE


def _write(script: str, shell: Literal["bash", "zsh", "fish"]) -> Path:
    from cyclopts.completion.install import get_default_completion_path

    try:
        path = get_default_completion_path(shell, PROGRAM)
        path.write_text(script, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"the completion cannot be installed: {error.filename}: {error.strerror}") from None
    return path


def _next_step(shell: str, path: Path) -> str:
    if shell == "zsh":
        line = f"  fpath=({path.parent} $fpath)"
        return f"Put this line into ~/.zshrc, above the line with compinit, and start a new shell:\n{line}"
    if shell == "bash":
        return "It works in new shells, if the package bash-completion is installed."
    return "It works in new shells."
