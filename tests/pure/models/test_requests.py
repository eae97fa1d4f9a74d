"""What can be asked for, and what is refused before any I/O."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import ConfigError
from mongorestore_async.models import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    ServerDefault,
    Snapshot,
    Target,
)

MOMENT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
NAIVE = MOMENT.replace(tzinfo=None)
TARGET = Target("P", "C")
BAD_TEXT = [
    ("", "is empty"),
    (" ", "whitespace"),
    ("a ", "whitespace"),
    ("a\x00b", "control character"),
    ("a\x7fb", "control character"),
    ("a\ud800", "surrogate"),
    (None, "must be a str, not NoneType"),
    (17, "must be a str, not int"),
    (b"a", "must be a str, not bytes"),
]


class Nowhere(tzinfo):
    """A zone that does not know its offset: such a datetime is naive although it has a tzinfo."""

    def utcoffset(self, _):
        return None


class TestIds:
    @pytest.mark.parametrize(("value", "message"), BAD_TEXT)
    @pytest.mark.parametrize(
        ("make", "name"),
        [
            (Snapshot, "Snapshot.id"),
            (Checkpoint, "Checkpoint.id"),
            (lambda value: Target(value, "C"), "Target.project_id"),
            (lambda value: Target("P", value), "Target.cluster"),
            (lambda value: HttpRestore(value, 1, expiration_hours=1), "HttpRestore.snapshot_id"),
        ],
    )
    def test_are_text_that_can_be_sent(self, make, name, value, message):
        with pytest.raises(ConfigError, match=message) as caught:
            make(value)

        assert str(caught.value).startswith(f"{name} ")

    def test_may_have_any_alphabet_and_length(self):
        assert Snapshot("{SNAPSHOT-ID}").id == "{SNAPSHOT-ID}"
        assert Checkpoint("ünïcode/" * 99).id

    @pytest.mark.parametrize("arguments", [(), ("P",), ("P", None), (None, "C")])
    def test_of_a_target_are_both_needed(self, arguments):
        with pytest.raises((ConfigError, TypeError)):
            Target(*arguments)


class TestHttpRestore:
    def test_takes_hours_or_a_moment(self):
        assert HttpRestore("S", 1, expiration_hours=2).expires is None
        assert HttpRestore("S", 1, MOMENT).expiration_hours is None
        assert HttpRestore("S", 1, None, 2) == HttpRestore(snapshot_id="S", max_downloads=1, expiration_hours=2)

    def test_takes_the_default_of_the_server_when_asked_for_it(self):
        request = HttpRestore("S", SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT)

        assert request.max_downloads is request.expiration_hours is SERVER_DEFAULT
        assert isinstance(SERVER_DEFAULT, ServerDefault)

    def test_needs_an_expiry(self):
        with pytest.raises(ConfigError, match="pass expires or expiration_hours, or expiration_hours=SERVER_DEFAULT"):
            HttpRestore("S", 1)

    @pytest.mark.parametrize("hours", [1, SERVER_DEFAULT])
    def test_takes_one_expiry_only(self, hours):
        with pytest.raises(ConfigError, match="takes either expires or expiration_hours: leave one out"):
            HttpRestore("S", 1, MOMENT, hours)

    @pytest.mark.parametrize("value", [0, -1, True, False, 1.0, "1", None])
    def test_counts_downloads_from_one(self, value):
        with pytest.raises(ConfigError, match=r"^HttpRestore.max_downloads must be .* from 1, or SERVER_DEFAULT"):
            HttpRestore("S", value, expiration_hours=1)

    @pytest.mark.parametrize("value", [0, -1, True, False, 1.0, "1"])
    def test_counts_hours_from_one(self, value):
        with pytest.raises(ConfigError, match=r"^HttpRestore.expiration_hours must be .* from 1, or SERVER_DEFAULT"):
            HttpRestore("S", 1, expiration_hours=value)

    @pytest.mark.parametrize("value", [NAIVE, "2020-01-02T03:04:05Z", 1577934245, date(2020, 1, 2), SERVER_DEFAULT])
    def test_expires_at_an_aware_datetime(self, value):
        with pytest.raises(ConfigError, match=r"^HttpRestore.expires (must be a datetime|has no time zone)"):
            HttpRestore("S", 1, value)

    def test_needs_max_downloads(self):
        with pytest.raises(TypeError):
            HttpRestore("S", expiration_hours=1)


class TestOplogTime:
    @pytest.mark.parametrize("value", [1, 1536610288, 2**32 - 1])
    def test_takes_32_bits(self, value):
        assert OplogTime(value, value) == OplogTime(seconds=value, increment=value)

    @pytest.mark.parametrize("value", [0, -1, 2**32, True, 1.0, "1", None, MOMENT])
    @pytest.mark.parametrize("name", ["seconds", "increment"])
    def test_refuses_the_rest(self, name, value):
        with pytest.raises(ConfigError, match=f"^OplogTime.{name} must be a whole number from 1 to 4294967295, not"):
            OplogTime(**{"seconds": 1, "increment": 1, name: value})


class TestPointInTime:
    def test_takes_any_zone(self):
        local = MOMENT.astimezone(timezone(timedelta(hours=-7)))

        assert PointInTime(local) == PointInTime(MOMENT)

    @pytest.mark.parametrize(
        "value", [NAIVE, NAIVE.replace(tzinfo=Nowhere()), None, 1577934245000, "now", date(2020, 1, 2)]
    )
    def test_refuses_what_is_no_aware_datetime(self, value):
        with pytest.raises(ConfigError, match=r"^PointInTime.moment (must be a datetime|has no time zone)"):
            PointInTime(value)

    @pytest.mark.parametrize(
        "value",
        [
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
            datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        ],
    )
    def test_refuses_what_has_no_utc_form(self, value):
        with pytest.raises(ConfigError, match="out of range"):
            PointInTime(value)

    @given(st.datetimes(timezones=st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)))
    def test_takes_any_aware_datetime_that_has_a_utc_form(self, value):
        try:
            utc = value.astimezone(UTC)
        except OverflowError:
            return

        assert PointInTime(value).moment.astimezone(UTC) == utc


class TestAutomatedRestore:
    @pytest.mark.parametrize("source", [Snapshot("S"), OplogTime(1, 1), PointInTime(MOMENT), Checkpoint("K")])
    def test_takes_four_sources(self, source):
        assert AutomatedRestore(source, TARGET).source is source

    @pytest.mark.parametrize("source", ["S", None, TARGET, MOMENT, Snapshot])
    def test_refuses_other_sources(self, source):
        with pytest.raises(ConfigError, match="must be one of Snapshot, OplogTime, PointInTime, Checkpoint, not"):
            AutomatedRestore(source, TARGET)

    def test_says_how_the_id_of_a_snapshot_is_passed(self):
        with pytest.raises(ConfigError, match=r"not str; pass the id of a snapshot as Snapshot\(id\)$"):
            AutomatedRestore("S", TARGET)

    @pytest.mark.parametrize("target", ["C", None, ("P", "C"), Snapshot("S")])
    def test_refuses_other_targets(self, target):
        with pytest.raises(ConfigError, match=r"^AutomatedRestore.target must be a Target, not"):
            AutomatedRestore(Snapshot("S"), target)


@pytest.mark.parametrize(
    "request_",
    [
        HttpRestore("S", 1, expiration_hours=1),
        AutomatedRestore(OplogTime(1, 2), TARGET),
        PointInTime(MOMENT),
    ],
)
def test_requests_are_frozen_values(request_):
    assert len({request_, attrs.evolve(request_)}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(request_, attrs.fields(type(request_))[0].name, None)
