"""Bad input is refused before any I/O, with words that say what to do."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    CLOUD_MANAGER,
    NO_RETRY,
    OPS_MANAGER,
    SERVER_DEFAULT,
    AsyncSession,
    AutomatedRestore,
    Checkpoint,
    ConfigError,
    DigestAuth,
    HttpRestore,
    OplogTime,
    Options,
    PointInTime,
    Snapshot,
    Target,
)

#: What cannot be one segment of a path -> what the error says about it.
IDENTIFIERS = {
    "": "is empty",
    "a/b": "must not contain '/': pass the bare id or name, not a path or a URL",
    "a?b": "must not contain '\\?'",
    "a#b": "must not contain '#'",
    "a\\b": "must not contain",
    "..": "must not contain '..'",
    "a..b": "must not contain '..'",
    ".": "must not contain '.'",
    "a\nb": "control character",
    "a\x00b": "control character",
    "a\x7fb": "control character",
    "a\x85b": "control character",
    "\ud800": "lone surrogate",
    " a": "whitespace: strip it first",
    "a\n": "whitespace: strip it first",
    None: "must be a str, not NoneType",
    7: "must be a str, not int",
    b"a": "must be a str, not bytes",
}
each_identifier = pytest.mark.parametrize(("value", "says"), IDENTIFIERS.items(), ids=map(repr, IDENTIFIERS))


@pytest.fixture(autouse=True)
def no_io(server):
    """No test of this file may send anything."""
    yield
    assert server.sent == []


@each_identifier
@pytest.mark.parametrize(
    ("kind", "use"),
    [
        ("project id", lambda session, value: session.project(value, OPS_MANAGER)),
        ("cluster id", lambda session, value: session.project("p", OPS_MANAGER).cluster(value)),
        ("cluster name", lambda session, value: session.project("p", ATLAS_CLOUD_BACKUP_V1).cluster(value)),
    ],
)
def test_an_id_that_could_change_the_path_is_refused_at_once(connect, value, says, kind, use):
    with pytest.raises(ConfigError, match=f"^{kind} .*{says}"):
        use(connect(), value)


@each_identifier
def test_a_batch_id_that_could_change_the_query_is_refused(cluster, value, says):
    if value is None:
        return  # no batch at all
    with pytest.raises(ConfigError, match=f"^batch id .*{says}"):
        cluster.restore_jobs(batch_id=value)


@each_identifier
async def test_a_job_id_that_could_change_the_path_is_never_sent(cluster, value, says):
    with pytest.raises(ConfigError, match=f"^job.* .*{says}"):
        await cluster.restore_job(value)


@pytest.mark.parametrize("value", [0, -1, 501, 10**9, True, False, 1.0, "10", math.nan])
def test_a_page_size_out_of_range_is_refused(session, cluster, value):
    for lists in (cluster.restore_jobs, session.project("p", OPS_MANAGER).clusters):
        with pytest.raises(ConfigError, match="items_per_page"):
            lists(items_per_page=value)
    with pytest.raises(ConfigError, match="items_per_page"):
        session.projects(OPS_MANAGER, items_per_page=value)
    with pytest.raises(ConfigError, match="items_per_page must be a whole number from 1 to 500"):
        Options(items_per_page=value)
    with pytest.raises(ConfigError, match="items_per_page must be a whole number from 1 to 500"):
        session.with_options(items_per_page=value)


def test_a_total_given_as_page_size_is_told_the_right_name(cluster):
    with pytest.raises(ConfigError, match="to limit the total use limit=2000"):
        cluster.restore_jobs(items_per_page=2000)


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "10"])
@pytest.mark.parametrize("name", ["limit", "starting_at"])
def test_a_limit_or_a_start_out_of_range_is_refused(session, cluster, name, value):
    for lists in (cluster.restore_jobs, session.project("p", OPS_MANAGER).clusters):
        with pytest.raises(ConfigError, match=f"{name} must be a whole number from 1, not"):
            lists(**{name: value})
    with pytest.raises(ConfigError, match=f"{name} must be a whole number from 1, not"):
        session.projects(OPS_MANAGER, **{name: value})


def test_no_start_at_all_is_no_start(cluster):
    with pytest.raises(ConfigError, match="starting_at must be a whole number from 1, not None"):
        cluster.restore_jobs(starting_at=None)


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "3", None])
async def test_a_concurrency_out_of_range_is_refused(cluster, value):
    with pytest.raises(ConfigError, match="concurrency must be a whole number from 1, not"):
        await cluster.restore_jobs().collect(concurrency=value)


@pytest.mark.parametrize("value", [0, -1, True, 2.5, 700.5, "3"])
@pytest.mark.parametrize("own", [None, 7])
@pytest.mark.parametrize("concurrency", [1, 2])
async def test_a_limit_of_collect_out_of_range_is_refused(cluster, value, own, concurrency):
    with pytest.raises(ConfigError, match="limit must be a whole number from 1, not"):
        await cluster.restore_jobs(limit=own).collect(limit=value, concurrency=concurrency)


@pytest.mark.parametrize("value", ["true", 1, 0, "no"])
async def test_a_flag_that_is_no_boolean_is_refused(cluster, value):
    with pytest.raises(ConfigError, match="include_count must be True"):
        cluster.restore_jobs(include_count=value)


@pytest.mark.parametrize("value", ["true", 1, 0, "no", None])
@pytest.mark.parametrize("flag", ["envelope", "pretty"])
async def test_a_flag_of_the_session_that_is_no_boolean_is_refused(connect, session, flag, value):
    with pytest.raises(ConfigError, match=f"{flag} must be True or False, not"):
        connect(**{flag: value})
    with pytest.raises(ConfigError, match=f"{flag} must be True or False, not"):
        session.with_options(**{flag: value})


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("backupJobsEnabledOnly=true", "query must be a dict of parameters, not str"),
        ([("a", 1)], "query must be a dict of parameters, not list"),
        ({7: "a"}, "the name of a query parameter must be a non-empty string, not 7"),
        ({"": "a"}, "the name of a query parameter must be a non-empty string"),
        ({"a": 1.5}, "query\\['a'\\] must be a string, an integer or a boolean, not float"),
        ({"a": ["b"]}, "query\\['a'\\] must be a string, an integer or a boolean, not list"),
        ({"a": None}, "query\\['a'\\] must be a string, an integer or a boolean, not NoneType"),
        ({"a": "\ud800"}, "lone surrogate"),
        ({"a\ud800": "b"}, "lone surrogate"),
        ({"pretty": True}, "query contains pretty, a flag of the session: use session.with_options"),
        (
            {"envelope": True},
            "query contains envelope, a flag of the session: use session.with_options",
        ),
    ],
)
async def test_a_query_that_cannot_be_sent_is_refused(session, cluster, query, says):
    with pytest.raises(ConfigError, match=says):
        cluster.restore_jobs(query=query)
    with pytest.raises(ConfigError, match=says):
        await session.request("GET", "/groups", query=query)


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake that is tested


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PointInTime(NAIVE), "no time zone: pass an aware datetime, such as datetime.now"),
        (lambda: HttpRestore("s", 1, expires=NAIVE), "no time zone: pass an aware datetime"),
        (lambda: PointInTime(date(2026, 1, 1)), "must be a datetime with a time zone, not date"),
        (lambda: PointInTime(1536610288000), "must be a datetime with a time zone, not int"),
        (lambda: HttpRestore("s", 1, expires=timedelta(hours=1)), "must be a datetime with a time zone"),
        (lambda: HttpRestore("s", 1), "requires an expiry: pass expires or expiration_hours"),
        (
            lambda: HttpRestore("s", 1, expires=datetime.now(UTC), expiration_hours=1),
            "takes either expires or expiration_hours",
        ),
        (
            lambda: HttpRestore("s", 1, expires=datetime.now(UTC), expiration_hours=SERVER_DEFAULT),
            "takes either expires or expiration_hours",
        ),
        (lambda: HttpRestore("s", 0, expiration_hours=1), "max_downloads must be a whole number from 1"),
        (lambda: HttpRestore("s", True, expiration_hours=1), "max_downloads must be a whole number from 1"),  # noqa: FBT003
        (lambda: HttpRestore("s", 1, expiration_hours=0), "expiration_hours must be a whole number from 1"),
        (lambda: HttpRestore("s", 1, expiration_hours="1"), "expiration_hours must be a whole number from 1"),
        (lambda: HttpRestore("", 1, expiration_hours=1), "snapshot_id is empty"),
        (lambda: Snapshot(None), "Snapshot.id must be a str"),
        (lambda: Checkpoint(" "), "whitespace"),
        (lambda: OplogTime(1536610288, 0), "increment must be a whole number from 1"),
        (lambda: OplogTime(1536610288000, 1), "seconds must be a whole number from 1 to 4294967295"),
        (lambda: OplogTime("1536610288", 1), "seconds must be a whole number from 1"),
        (lambda: Target("p", ""), "cluster is empty"),
        (lambda: AutomatedRestore("s", Target("p", "c")), "source must be one of Snapshot, OplogTime"),
        (lambda: AutomatedRestore(Snapshot("s"), "c"), "target must be a Target"),
    ],
)
def test_a_request_that_breaks_a_rule_cannot_be_made(make, says):
    with pytest.raises(ConfigError, match=says):
        make()


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("", "empty"),
        ("om.example.com", "no http or https scheme; write it as https://host"),
        ("om.example.com:8443", "no http or https scheme"),
        ("//om.example.com", "no http or https scheme"),
        ("ftp://om.example.com", "no http or https scheme"),
        ("https://", "host"),
        ("https:///prefix", "host"),
        ("https://user:s3cr3t@om.example.com", "contains credentials; pass DigestAuth"),
        ("https://user@om.example.com", "contains credentials"),
        ("https://om.example.com?x=s3cr3t", "query or a fragment"),
        ("https://om.example.com/?", "query or a fragment"),
        ("https://om.example.com#s3cr3t", "query or a fragment"),
        ("https://om.example.com:port", "cannot be parsed"),
        ("https://om.example.com/a b", "whitespace or control characters"),
        ("https://om.example.com\r\nX: y", "whitespace or control characters"),
        (None, "no http or https scheme"),
    ],
)
def test_a_base_url_that_cannot_be_one_is_refused(base_url, says):
    with pytest.raises(ConfigError, match=says) as caught:
        AsyncSession(None, base_url=base_url)

    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://cloud.mongodb.com",
        "https://cloud.mongodb.com/",
        "HTTPS://Cloud.MongoDB.com",
        "https://cloud.mongodb.com:443",
        "https://cloud.mongodb.com/api/public/v1.0",
    ],
)
async def test_ops_manager_has_no_public_host(base_url):
    async with AsyncSession(None, base_url=base_url) as session:
        with pytest.raises(ConfigError, match="has no public host; pass its address as base_url"):
            session.project("p", OPS_MANAGER)
        with pytest.raises(ConfigError, match="has no public host; pass its address as base_url"):
            session.projects(OPS_MANAGER)
        with pytest.raises(ConfigError, match="has no public host; pass its address as base_url"):
            await session.request("GET", "/groups", family=OPS_MANAGER)
        session.project("p", CLOUD_MANAGER)


@pytest.mark.parametrize("auth", ["public:private", ("public", "private"), {"public": "private"}, DigestAuth, 7])
def test_a_login_of_another_type_is_refused(auth):
    with pytest.raises(ConfigError, match=r"auth must be DigestAuth\(public_key, private_key\)") as caught:
        AsyncSession(auth)

    assert "private" not in str(caught.value).replace("private_key", "")


@pytest.mark.parametrize("family", ["ops-manager", None, 7, object()])
async def test_something_else_than_a_family_is_refused(session, family):
    with pytest.raises(ConfigError, match="family must be a product family such as OPS_MANAGER"):
        session.project("p", family)
    with pytest.raises(ConfigError, match="family must be a product family such as OPS_MANAGER"):
        session.projects(family)
    if family is not None:
        with pytest.raises(ConfigError, match="family must be a product family such as OPS_MANAGER"):
            await session.request("GET", "/groups", family=family)


@pytest.mark.parametrize("options", [{"timeout": 5}, 5, NO_RETRY])
def test_something_else_than_options_is_refused(options):
    with pytest.raises(ConfigError, match=r"options must be Options\(...\)"):
        AsyncSession(None, options=options)
