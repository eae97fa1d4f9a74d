"""What commands print in the words of the command line: no name of a Python parameter, class or constant."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import mongorestore_async
from mongorestore_async import errors

#: Spellings of Python: names with an underscore, calls, keyword arguments, constants, classes.
PYTHON = re.compile(
    r"(?<![-/])\b[a-z]+_[a-z]|\w\(\w*\)|\w\(\.\.\.\)|\b\w+=\S|\b(?:None|True|False|SERVER_DEFAULT)\b"
    r"|\b(?:CLOUD_MANAGER|OPS_MANAGER|ATLAS_[A-Z]+)\b|\b[A-Z]{3,}_[A-Z]{2,}\b"
    r"|\b(?:HttpRestore|AutomatedRestore|OplogTime|PointInTime|DigestAuth|ServiceAccount|AsyncSession|JobRef|SSLContext)\b"
)

#: Variables of the environment, which commands may name.
VARIABLES = re.compile(r"\b(?:MONGODB|MCLI|MONGORESTORE|HTTPS?|NO)_[A-Z_]+")

#: How messages begin that only programs get to see: about arguments that no option gives, and the use of objects.
OF_PROGRAMS = (
    "this text is no {}: pass what to_text() wrote",
    "CollectionRestore names nothing to restore: pass databases, ",
    "A {} challenge is not supported: use one from choose_challen",
    "HttpRestore requires an expiry: pass expires or expiration_h",
    "HttpRestore takes either expires or expiration_hours: leave ",
    "RestoreGuard.protected must be a tuple of targets, such as (",
    "SharedLimits requires the redis client: install mongorestore",
    "a JobRef requires either a cluster or a host: pass exactly o",
    "a RateLimit with window=True refills completely: set refill ",
    "a dict passed as rate_limits must map families (OPS_MANAGER)",
    "a path must start with one slash, such as /groups; the host ",
    "a reference must be a JobRef or its string form, not {}",
    "auth must be DigestAuth(public_key, private_key), ServiceAcc",
    "a path must have no query: pass the parameters as query={nam",
    "before must have a time zone: pass an aware datetime, such a",
    "family must be a product family such as OPS_MANAGER, not {}",
    "items_per_page is the page size, at most {}; to limit the to",
    "name must be a non-empty string or None",
    "on_poll must be a plain function: a coroutine function would",
    "on_progress must be a callable, not {}",
    "options must be Options(...), not {}",
    "pass either ssl or ca_file; an SSLContext loads a CA file wi",
    "restore job {} does not tell what it is: pass until='finished'",
    "query contains {}, a flag of the session: use session.with_o",
    'rate_limits must be "adaptive", "documented", a RateLimit, a',
    "read the pages inside their block: async with pager.ahead() ",
    "since must be an aware datetime, such as datetime.now(UTC) -",
    "ssl and ca_file belong to the connector of the session passe",
    "states must be a list of {}, or None for all, not {}",
    "strict_certificates belongs to an SSLContext of this library",
    "the fleets to merge must have different names: set them with",
    "the request must be an HttpRestore, an AutomatedRestore or a",
    "this session keeps to the limits that Options.rate_limits ch",
    "the retry rule returned {}; it must return seconds to wait, ",
    "the session is closed; create a new AsyncSession",
    "these jobs have no known session: use session.batch(refs) to",
    "these pages were already read; call pager.ahead() again",
    "this session was opened before the process forked, and its c",
    "this session was opened on another event loop; create one As",
    "timeout must be a positive timedelta or number of seconds, o",
    "with an expires_in that is not a positive number of seconds",
    "{} has no time zone: pass an aware datetime, such as datetim",
    "{} must be PollPolicy(...), not {}",
    "{} must be RestoreGuard(...) or None, not {}",
    "{} must be SharedLimits(redis, key) or None, not {}",
    "{} must be True or False, not {}",
    "{} must be a str, or None for no suffix, not {}",
    "{} must be printable ASCII text or None",
    "{}{} must be a number above 0, or None for no limit, not {}",
    "this error comes from another process: dismiss it in sessio",
)

#: Rooms and modules whose messages are for others, or have names of their own.
ELSEWHERE = {"airflow", "cli", "emulator", "pytest_plugin.py", "settings", "testing"}

CLUSTER = ("--project-id", "5" * 24, "--cluster-id", "6" * 24)
MANAGER = ("--family", "cloud-manager", *CLUSTER)
ATLAS = ("--family", "atlas-cloud-backup", *CLUSTER)
INTO = ("--target-cluster-id", "7" * 24, "--yes")
SNAPSHOT = ("--snapshot-id", "s")
LINK = ("--max-downloads", "1", "--expiration-hours", "2")
NOWHERE = ("--base-url", "http://127.0.0.1:9")
COLLECTIONS = ("create-collections", *CLUSTER, "--target-cluster", "c", *SNAPSHOT, "--write", "create-new")
LISTED = ("--family", "atlas-collection-restore", *CLUSTER)

#: What users get wrong, and what they meet.
WRONG = [
    ("nonsense",),
    ("fleet", "nonsense"),
    ("jobs",),
    ("jobs", *MANAGER, "--base-url", "nonsense"),
    ("jobs", *MANAGER, "--base-url", "https://user:word@om.example.com"),
    ("jobs", *MANAGER, "--base-url", "https://om.example.com/?a=b"),
    ("jobs", *MANAGER, "--proxy", "nonsense"),
    ("jobs", *MANAGER, "--ca-file", "/no/such/file.pem"),
    ("jobs", *MANAGER, "--batch-id", ""),
    ("jobs", *MANAGER[:-1], "a/b"),
    ("jobs", *MANAGER, "--items-per-page", "501"),
    ("jobs", *MANAGER, "--page", "0"),
    ("jobs", *MANAGER, *NOWHERE),
    ("jobs", *ATLAS, "--batch-id", "b"),
    ("jobs", "--family", "ops-manager", *CLUSTER),
    ("jobs", "--family", "atlas-legacy", *CLUSTER, *NOWHERE),
    ("jobs", "--family", "atlas-tenant", *CLUSTER, *NOWHERE),
    ("orgs",),
    ("projects", "--family", "nonsense"),
    ("projects", "--family", "ops-manager"),
    ("projects", "--family", "cloud-manager", "--limit", "many", *NOWHERE),
    ("clusters", "--family", "cloud-manager", "--projects", "", *NOWHERE),
    ("clusters", "--family", "cloud-manager", *NOWHERE),
    ("completion", "tcsh"),
    ("help", "nonsense"),
    ("snapshots", *MANAGER, "--sharded"),
    ("snapshots", *ATLAS, "--all"),
    ("snapshots", *MANAGER, "--latest", "--before", "2026-01-01"),
    ("create", *MANAGER, *SNAPSHOT),
    ("create", *MANAGER, "--snapshot-id", "", *LINK),
    ("create", *MANAGER, *SNAPSHOT, "--max-downloads", "0", "--expiration-hours", "1"),
    ("create", *MANAGER, *SNAPSHOT, "--max-downloads", "1", "--expiration-hours", "0"),
    ("create", *MANAGER, *SNAPSHOT, "--max-downloads", "1"),
    ("create", *MANAGER, *SNAPSHOT, *LINK, "--expires", "2036-01-01T00:00:00Z"),
    ("create", *MANAGER, *SNAPSHOT, "--target-cluster-id", "", "--yes"),
    ("create", *MANAGER, *SNAPSHOT, "--target-cluster-id", "6" * 24, "--yes"),
    ("create", *MANAGER, *SNAPSHOT, *INTO, *NOWHERE),
    ("create", *MANAGER, "--point-in-time", "2001-01-01T00:00:00Z", *INTO),
    ("create", *MANAGER, "--point-in-time", "2036-01-01T00:00:00Z", *INTO),
    ("create", *MANAGER, "--oplog-ts", "5", *INTO),
    ("create", *ATLAS, "--oplog-ts", "5", "--oplog-inc", "1", *INTO),
    ("create", *ATLAS, "--oplog-ts", "-5", "--oplog-inc", "1", *INTO),
    ("create", *ATLAS, "--point-in-time", "2001-01-01T00:00:00Z", *INTO),
    ("create", *ATLAS, "--checkpoint-id", "k", *INTO),
    ("create", *ATLAS, *SNAPSHOT, *LINK),
    ("create", "--family", "atlas-flex", *CLUSTER, "--oplog-ts", "1700000000", "--oplog-inc", "1", *INTO),
    ("create", *LISTED, *SNAPSHOT, *INTO),
    ("create", *LISTED, *SNAPSHOT),
    COLLECTIONS,
    COLLECTIONS[:-2],
    (*COLLECTIONS, "--database", "shop", *NOWHERE),
    (*COLLECTIONS, "--database", "shop", "--latest"),
    (*COLLECTIONS[:-4], "--oplog-ts", "3000000000", "--oplog-inc", "1", "--write", "create-new", "--database", "shop"),
    (*COLLECTIONS, "--database", "shop.orders"),
    (*COLLECTIONS, "--database", "shop", "--database", "shop"),
    (*COLLECTIONS, "--database", "a b"),
    (*COLLECTIONS, "--database", "x" * 64),
    (*COLLECTIONS, "--database", ""),
    (*COLLECTIONS, "--database", "shop", "--database-suffix", "/"),
    (*COLLECTIONS, "--database", "shop", "--collection-suffix", "$"),
    (*COLLECTIONS, "--database", "shop", "--collection", "shop.orders"),
    (*COLLECTIONS, "--collection", "shop"),
    (*COLLECTIONS, "--collection", "shop."),
    (*COLLECTIONS, "--collection", ".orders"),
    (*COLLECTIONS, "--collection", ""),
    (*COLLECTIONS, "--collection", "shop.system.views"),
    (*COLLECTIONS, "--collection", f"shop.{'x' * 300}"),
    (*COLLECTIONS, "--rename", "shop", ""),
    (*COLLECTIONS, "--rename", "shop", "a.b"),
    (*COLLECTIONS, "--rename", "shop.orders", "orders"),
    (*COLLECTIONS, "--rename", "a", "c", "--rename", "b", "c"),
    (*COLLECTIONS, "--rename", "a", "b", "--rename", "a", "c"),
    (*COLLECTIONS, *(word for number in range(101) for word in ("--database", f"d{number}"))),
    (*COLLECTIONS[:-1], "overwrite-existing", "--database", "shop"),
    (*COLLECTIONS, "--database", "shop", "--timeout", "1h"),
    ("snapshots", *MANAGER, "--browse", "s"),
    ("snapshots", *LISTED, "--browse", "a/b"),
    ("snapshots", *LISTED, "--database", "shop"),
    ("jobs", *ATLAS, "--collections", "j"),
    ("jobs", *LISTED, "--collections", "j", "--page", "2"),
    ("jobs", *LISTED, "--batch-id", "b"),
    ("wait", "nonsense"),
    ("wait", "a/b/c/d"),
    ("wait", *ATLAS, "--batch-id", "b"),
    ("wait", *MANAGER, "--job-id", "a/b"),
    ("cancel", *MANAGER, "--job-id", "j"),
    ("download", "cloud-manager/p/c/", "--directory", "d"),
    ("fleet", "jobs", "--family", "cloud-manager", "--projects", "", *NOWHERE),
    ("fleet", "jobs", "--family", "cloud-manager", "--resume", "nonsense", *NOWHERE),
    ("fleet", "jobs", "--family", "atlas-flex", "--batch-id", "b", *NOWHERE),
    ("fleet", "jobs", "--family", "cloud-manager", "--since", "soon", *NOWHERE),
    ("fleet", "jobs", "--family", "cloud-manager", "--resume", "@/no/such/file", *NOWHERE),
    ("fleet", "watch", "--family", "cloud-manager", "--projects", "", *NOWHERE),
    ("fleet", "watch", "--family", "atlas-flex", "--include-deleted", *NOWHERE),
    ("fleet", "report", "--family", "cloud-manager", *NOWHERE),
    ("fleet", "report", "--family", "cloud-manager", "--output", "/dev/null", *NOWHERE),
    ("fleet", "report", "--family", "cloud-manager", "--output", ".", "--lately", "soon", *NOWHERE),
    ("fleet", "report", "--family", "cloud-manager", "--output", ".", "--state", "FAILED", *NOWHERE),
    ("fleet", "report", "--family", "cloud-manager", "--output", ".", *NOWHERE),
    ("drill", "nonsense"),
    ("drill", "plan", "no-such-plan.toml"),
    ("drill", "run", "no-such-plan.toml"),
    ("drill", "run", "no-such-plan.toml", "--output", "d"),
    ("drill", "resume", "no-such-directory"),
    ("drill", "report", "no-such-directory"),
    ("drill", "demo"),
    ("drill", "demo", "--output", "/dev/null"),
    ("evidence", "nonsense"),
    ("evidence", "verify"),
    ("evidence", "verify", "no-such-file.jsonl"),
    ("evidence", "verify", "no-such-file.jsonl", "--head", "abc"),
    ("evidence", "verify", "no-such-file.jsonl", "--count", "-1"),
    ("evidence", "verify", "no-such-file.jsonl", "--public-key", "no-such-key.pem"),
    ("evidence", "show", "no-such-file.jsonl"),
    ("board", "--family", "cloud-manager", "--allow-host", "https://board", *NOWHERE),
    ("board", "--family", "cloud-manager", "--reread", "soon", *NOWHERE),
    ("board", "--family", "cloud-manager", "--reread", "0s", *NOWHERE),
    ("board", "--family", "atlas-flex", "--include-deleted", *NOWHERE),
]


def messages():
    """Texts that the library hands to errors, values left out.

    Those for Airflow and for tests reach no command line, and those about profiles name what stands in their files.
    """
    package = Path(mongorestore_async.__file__).parent
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] in ELSEWHERE or path.name == "hints.py":
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(call, "func", None), "id", getattr(getattr(call, "func", None), "attr", ""))
            if name not in errors.__all__ and not name.startswith("_") and name != "Unreadable":
                continue
            for part in call.args:
                if isinstance(part, ast.JoinedStr):
                    yield "".join(each.value if isinstance(each, ast.Constant) else "{}" for each in part.values)
                elif isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value:
                    yield part.value


def test_messages_have_no_python_but_those_of_programs():
    found = {text for text in messages() if " " in text and PYTHON.search(text)}

    assert not [text for text in found if not text.startswith(OF_PROGRAMS)]
    assert not [begin for begin in OF_PROGRAMS if not any(text.startswith(begin) for text in found)]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_users_get_wrong_is_told_without_python(call, words):
    ended = call(*words, MONGODB_ATLAS_BASE_URL=None)

    assert ended.code in {1, 2}
    assert not PYTHON.findall(VARIABLES.sub("", re.sub(r"\[\w+ http\S+\]", "", ended.err)))
    assert ended.err.startswith(("error: ", "note: ", "1", "2", "0"))


def test_an_unknown_command_is_told_with_all_commands(call):
    ended = call("nonsense")

    assert (
        "Commands are orgs, projects, clusters, snapshots, jobs, create, create-collections, wait, watch, download, "
        "cancel, fleet, drill, board, evidence, doctor, demo, emulator, completion, help. See"
    ) in ended.err
