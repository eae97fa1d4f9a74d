# /// script
# dependencies = ["nox[uv]"]
# ///
"""Every check of the project, each in an environment of its own: ``nox -l`` lists them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"
# A missing interpreter is skipped: it is neither downloaded nor, where CI=true is set, an error.
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "typing", "tests", "docs", "dist"]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)

#: The package as developers install it: with every extra but Airflow, which has sessions of its own, and Arrow, which
#: ``tools`` adds.
HEAVY = {"airflow", "arrow"}
PACKAGE = f".[{','.join(extra for extra in PROJECT['project']['optional-dependencies'] if extra not in HEAVY)}]"

#: A worker process for each of two cores. Whole files go to a worker: their tests may share a server.
TWO_WORKERS = ("-n", "2", "--dist", "loadfile")


def pure_sources() -> str:
    """Patterns of the files that decide without I/O: the import contract lists them, and every branch is tested."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (pure,) = (contract for contract in contracts if contract.get("id") == "pure")
    paths = [Path(*module.split(".")) for module in pure["source_modules"]]
    return ",".join(f"{path.as_posix()}/*" if path.is_dir() else f"{path.as_posix()}.py" for path in paths)


def install(session: nox.Session, *groups: str, package: str | None = None) -> None:
    """Install dependency groups (PEP 735; pip itself knows them from 25.1 on only) and the package as well."""
    wanted = nox.project.dependency_groups(PROJECT, *groups)
    session.install(*wanted, *(() if package is None else ("-e", package)))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, the layout of every file, and what may import what."""
    install(session, "lint")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-cache", "--no-logo")


@nox.session
def typing(session: nox.Session) -> None:
    """Types of the package, of how users call it, and of every program in the README and the documentation."""
    install(session, "typing", "test", package=PACKAGE)
    programs = Path(session.create_tmp()).resolve() / "programs"
    session.run("python", "tests/support/documented_programs.py", str(programs))
    session.run("mypy", "mongorestore_async", "tests/typing", "examples", str(programs))
    session.run("basedpyright")
    # What programs use of others may have types that are incomplete; ours are verified below.
    settings = PROJECT["tool"]["pyright"] | {"include": [str(programs)], "reportUnknownMemberType": False}
    configuration = programs / "pyrightconfig.json"
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    session.run("basedpyright", "-p", str(configuration))
    verify = ("basedpyright", "--verifytypes", "mongorestore_async", "--ignoreexternal", "--outputjson")
    report = json.loads(str(session.run(*verify, silent=True, success_codes=[0, 1])))
    symbols = report["typeCompleteness"]["symbols"]
    # The classes of Airflow are unknown where it is not installed.
    unknown = [
        symbol["name"]
        for symbol in symbols
        if (not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]) and ".airflow" not in symbol["name"]
    ]
    if unknown or not symbols:
        session.error(f"{len(unknown)} of {len(symbols)} public names have no certain type: {', '.join(unknown)}")
    session.log(f"{len(symbols)} public names have types")


@nox.session
def tests(session: nox.Session) -> None:
    """The full suite; without arguments also the coverage it owes."""
    install(session, "test", package=PACKAGE)
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *TWO_WORKERS)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", "--fail-under=95")
    session.run("coverage", "report", "--fail-under=100", f"--include={pure_sources()}")


@nox.session
def quick(session: nox.Session) -> None:
    """An answer within a minute: decisions, and the client on a virtual clock; no socket, no coverage."""
    install(session, "test", package=PACKAGE)
    session.env["HYPOTHESIS_PROFILE"] = "quick"
    session.run("pytest", *TWO_WORKERS, "tests/pure", "tests/client", *session.posargs)


@nox.session
def wire(session: nox.Session) -> None:
    """The part of the suite that runs over real sockets, alone and without coverage."""
    install(session, "test", package=PACKAGE)
    session.run("pytest", "tests/wire", *session.posargs)


@nox.session
def tools(session: nox.Session) -> None:
    """What needs tools of others: the hunt for secrets in what they write, data frames, web frameworks and servers."""
    install(session, "test", "tools", package=f"{PACKAGE[:-1]},arrow]")
    session.env["TOOLS"] = "all"  # none is skipped
    # A process of their own for each: what Sentry changes in Litestar stays changed.
    for paths in (["tests/wire/tools"], ["tests/wire/embedding", "docs/data.rst"]):
        session.run("pytest", *paths, *session.posargs)


@nox.session
def airflow_units(session: nox.Session) -> None:
    """Trigger, operators and hook where Airflow is installed, and their types."""
    install(session, "airflow", package=".[airflow]")
    session.run("pytest", "tests/airflow", "tests/test_house.py", "-k", "airflow", *session.posargs)
    room = Path("mongorestore_async/airflow").resolve()
    session.run("mypy", *map(str, sorted(room.glob("*.py"))))
    # Its own configuration: files that the project's one excludes are not read, even where they are named.
    settings = {"include": [str(room)], "pythonVersion": "3.11", "typeCheckingMode": "strict"}
    configuration = Path(session.create_tmp()).resolve() / "pyrightconfig.json"
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    session.run("basedpyright", "-p", str(configuration))


@nox.session
def airflow(session: nox.Session) -> None:
    """A real scheduler, triggerer and database while some of it is killed; writes the table of docs/airflow.rst."""
    install(session, "airflow", package=".[airflow]")
    session.env["PYTHONPATH"] = "tests/support"
    session.run("python", "-u", "tests/airflow/live/run.py", "--write", *session.posargs)


@nox.session(python="3.11")
def clients(session: nox.Session) -> None:
    """Other people's clients against the emulator, each in an environment of its own; atlasapi wants Python 3.11."""
    install(session, "test", package=PACKAGE)
    folder = Path(session.create_tmp()).resolve()
    for requirement in nox.project.dependency_groups(PROJECT, "clients"):
        environment = folder / requirement.partition("==")[0]
        session.run("python", "-m", "venv", "--clear", str(environment))
        python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
        session.run(str(python), "-m", "pip", "install", "--quiet", requirement, external=True)
    if shutil.which("npm") is None:
        session.warn("npm is not installed: its client is left out")
    else:
        (folder / "npm").mkdir(exist_ok=True)
        shutil.copy("tests/clients/package.json", folder / "npm")
        session.run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder / "npm"), external=True)
    session.env["CLIENTS"] = str(folder)
    session.run("pytest", "tests/wire/clients", *session.posargs)


@nox.session
def board(session: nox.Session) -> None:
    """The board in Chromium, with 2,000 clusters and ten browsers: prints what it measured.

    ``-- --pictures`` makes the pictures of docs/board.rst anew. Look at them.
    """
    install(session, "test", package=PACKAGE)
    session.env["BOARD"] = "all"
    words = list(session.posargs)
    if "--pictures" in words:
        words.remove("--pictures")
        folder = Path("docs/_static/board").resolve()
        folder.mkdir(exist_ok=True)
        session.env["BOARD_PICTURES"] = str(folder)
    session.run("pytest", "tests/wire/board", *words)


@nox.session
def api(session: nox.Session) -> None:
    """Every answer of the emulator's Atlas v2 against schemas; with ``-- spec.yaml`` the vendor's document as well."""
    install(session, "test", package=PACKAGE)
    session.env.update({"API_ANSWERS": "all", "PYTHONPATH": "tests/support"})
    run = ("pytest", *TWO_WORKERS, "tests/wire/emulator/test_answer_schemas.py")
    if not session.posargs:
        session.run(*run)
        return
    session.env["OPENAPI"] = str(Path(session.posargs[0]).resolve())
    try:
        session.run("python", "-m", "api_drift", session.env["OPENAPI"])
    finally:
        session.run(*run)  # also where the document differs from what we know


@nox.session(python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """The full suite on every Python the classifiers name, as far as it is here."""
    install(session, "test", package=PACKAGE)
    session.run("pytest", *(session.posargs or TWO_WORKERS))


@nox.session(venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """The full suite on the lowest versions that the bounds allow (uv's ``lowest`` does not build; not in .ci/run)."""
    wanted = nox.project.dependency_groups(PROJECT, "test")
    session.install("--resolution", "lowest-direct", *wanted, "-e", PACKAGE)
    session.run("pytest", *(session.posargs or TWO_WORKERS))


@nox.session(venv_backend="uv")
def latest(session: nox.Session) -> None:
    """The full suite on the newest versions; ``-- --pre`` takes pre-releases of what we need (not in .ci/run)."""
    words, wanted = list(session.posargs), nox.project.dependency_groups(PROJECT, "test")
    if "--pre" in words:
        words.remove("--pre")
        extras = PROJECT["project"]["optional-dependencies"]
        ours = [
            *PROJECT["project"]["dependencies"],
            *(each for name in extras if name not in HEAVY for each in extras[name]),
        ]
        wanted = (*wanted, *(f"{each.partition('>=')[0]}>=0.dev0" for each in ours))
    session.install("--upgrade", *wanted, "-e", PACKAGE)
    session.run("uv", "pip", "list", external=True)
    session.run("pytest", *(words or TWO_WORKERS))


@nox.session
def surface(session: nox.Session) -> None:
    """What callers of the last tag, or of the commit after ``--``, would miss in the public interface of today."""
    tags = str(session.run("git", "tag", "--list", "--sort=-version:refname", external=True, silent=True)).split()
    known = [*session.posargs, *tags]
    if not known:
        session.error("there is no tag yet: name a commit to compare with, as in nox -s surface -- HEAD~20")
    install(session, "release", package=PACKAGE)
    folder = Path(session.create_tmp()).resolve()
    older, sources = folder / "older", folder / "older.tar"
    shutil.rmtree(older, ignore_errors=True)
    session.run("git", "archive", "--output", str(sources), known[0], "mongorestore_async", external=True)
    with tarfile.open(sources) as archive:
        archive.extractall(older, filter="data")
    session.run("python", "tests/support/public_surface.py", str(older), ".")


@nox.session
def docs(session: nox.Session) -> None:
    """The pages, without a single warning and offline; the README alone; the changelog to be."""
    install(session, "docs", package=PACKAGE)
    session.run("python", "-m", "docutils", "--strict", "--writer=null", "README.rst")
    session.run("python", "-m", "docutils", "--strict", "--writer=null", "CONTRIBUTING.rst")
    session.run("python", "-m", "docutils", "--strict", "--writer=null", "SECURITY.rst")
    session.run("sphinx-build", "-W", "-n", "-E", "-q", "--keep-going", "docs", "docs/_build/html")
    session.run("python", "docs/check_pages.py", "docs/_build/html")
    session.run("towncrier", "build", "--draft", "--version", "next")


@nox.session
def pictures(session: nox.Session) -> None:
    """Draw the pictures of docs/_static/pictures anew, from the tables of the code and from runs. Look at them."""
    install(session, package=".[cli]")
    session.run("python", "docs/pictures/make.py")


@nox.session
def bench(session: nox.Session) -> None:
    """How fast we are beside others, in one run; writes docs/performance.rst.

    ``-- --only NAME`` and ``-- --missing`` take up a run that ended early. These write no page: ``-- --fast`` shows
    that every benchmark runs; ``-- --instructions`` counts instructions, which noise does not touch; ``-- --compare``
    compares five rows of them with what ``-- --record`` wrote. The last three need valgrind.
    """
    install(session, "bench", package=".[cli]")
    counts = {"--instructions", "--compare", "--record"}.intersection(session.posargs)
    if not counts:
        for peer in nox.project.dependency_groups(PROJECT, "peers"):
            # The report tells which of them could not be measured.
            session.install(peer, success_codes=range(256))
    session.run("python", "benchmarks/run.py", *session.posargs)
    if not counts and "--fast" not in session.posargs:
        session.run("python", "benchmarks/report.py")


def build_again(session: nox.Session, sdist: Path, folder: Path) -> None:
    """Build from the sdist again, elsewhere, on another date and with other permissions: the same bytes come out."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    for path in source.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (10**9, 10**9))
    umask = os.umask(0o077)
    try:
        session.run("python", "-m", "build", "--outdir", str(folder), str(source), env={"TZ": "Asia/Tokyo"})
    finally:
        os.umask(umask)
    for built in sorted(sdist.parent.iterdir()):
        first, second = (hashlib.sha256(each.read_bytes()).hexdigest() for each in (built, folder / built.name))
        session.log(f"{first}  {built.name}")
        if first != second:
            session.error(f"{built.name} is not reproducible: built again it is {second}")


@nox.session
def dist(session: nox.Session) -> None:
    """Build what is published, twice with the same bytes, and use it: the wheel in an empty environment.

    Beside the wheel it writes what that installs (an SBOM in CycloneDX). Whatever the extras but Airflow install has to
    have a licence that ``pyproject.toml`` allows; ``-- --output-file docs/licences.csv`` writes the table of the page.
    """
    install(session, "release")
    folder = Path(session.create_tmp()).resolve()
    built, environment = folder / "dist", folder / "empty"
    shutil.rmtree(built, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(built))
    (sdist,) = built.glob("*.tar.gz")
    (wheel,) = built.glob("*.whl")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {
        "tests/conftest.py",
        "conftest.py",
        "noxfile.py",
        "LICENSE",
        "SECURITY.rst",
        "mongorestore_async/py.typed",
    }
    if missing := needed - names:
        session.error(f"the sdist lacks {', '.join(sorted(missing))}")
    build_again(session, sdist, folder / "again")

    session.run("python", "-m", "venv", "--clear", "--without-pip", str(environment))
    binaries = environment / ("Scripts" if os.name == "nt" else "bin")
    pip = ("python", "-m", "pip", "--python", str(binaries / "python"), "install", "--quiet")
    session.run(*pip, str(wheel))
    components = built / f"{wheel.name.partition('-py3')[0]}.cdx.json"
    session.run(
        *("cyclonedx-py", "environment", "--pyproject", "pyproject.toml", "--mc-type", "library"),
        *("--output-reproducible", "--output-format", "JSON", "--output-file", str(components), str(environment)),
    )
    document = json.loads(components.read_text("utf-8"))
    document["metadata"]["component"]["version"] = wheel.name.split("-")[1]  # pyproject.toml does not have it
    components.write_text(json.dumps(document, indent=2), encoding="utf-8")
    listed = {each["name"].replace("_", "-") for each in document["components"]}
    session.log(f"{components.name}: {', '.join(sorted(listed))}")
    wanted = {each.partition(">=")[0].replace("_", "-") for each in PROJECT["project"]["dependencies"]}
    if missing := wanted - listed:
        session.error(f"{components.name} lacks {', '.join(sorted(missing))}")

    session.run(*pip, f"{wheel}[cli]")
    with session.chdir(folder):
        session.run(str(binaries / "mongorestore-async"), "--version", external=True)
        session.run(str(binaries / "mongorestore-async"), "demo", external=True)

    session.run(*pip, f"{wheel}{PACKAGE[1:]}")
    session.run("pip-licenses", "--python", str(binaries / "python"), *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Change the pure decisions in thousands of places and count what no test notices; lists the survivors."""
    install(session, "test", "mutation", package=PACKAGE)
    shutil.rmtree("mutants", ignore_errors=True)
    session.env |= {"CI": "1", "HYPOTHESIS_PROFILE": "mutation"}
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")


if __name__ == "__main__":
    nox.main()
