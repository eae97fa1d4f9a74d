"""Checks of what a caller passes."""

from datetime import timedelta

import attrs
import pytest

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.policies import PollPolicy, RestoreGuard
from mongorestore_async.models.validators import (
    flag,
    number,
    require_flag,
    require_number,
    require_seconds,
    require_whole,
    seconds,
    seconds_of,
    whole,
)

NO_NUMBERS = [True, "1", None, float("nan"), float("inf"), -1, [1]]


@pytest.mark.parametrize("value", [0, -1, 11, 1.0, True, "1", None])
def test_a_whole_number_is_an_int_within_its_bounds(value):
    with pytest.raises(ConfigError, match=r"^pages must be a whole number from 1 to 10, or None, not "):
        require_whole("pages", value, most=10, instead=", or None")


def test_whole_numbers_within_their_bounds_come_back():
    assert [require_whole("n", value, most=10) for value in (1, 10)] == [1, 10]
    assert require_whole("n", 0, least=0) == 0
    assert require_whole("n", 10**30) == 10**30


@pytest.mark.parametrize("value", [0, 1, "True", None])
def test_a_flag_is_a_bool_and_is_not_repeated(value):
    with pytest.raises(ConfigError, match=rf"^pretty must be True or False, not {type(value).__name__}$"):
        require_flag("pretty", value)
    assert require_flag("pretty", value=True) is True
    assert require_flag("pretty", value=False) is False


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_seconds_are_finite_and_positive(value):
    with pytest.raises(ConfigError, match=r"^pause must be a positive number of seconds, not "):
        require_seconds("pause", value)
    with pytest.raises(ConfigError, match=r"^pause must be a number of seconds from 0, not "):
        require_seconds("pause", value, zero=True)


def test_zero_seconds_are_taken_where_they_make_sense():
    assert require_seconds("pause", 0, zero=True) == 0
    assert require_seconds("pause", 0.5) == 0.5
    with pytest.raises(ConfigError, match="positive"):
        require_seconds("pause", 0)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 10.5])
def test_a_number_is_finite_and_within_its_bounds(value):
    with pytest.raises(ConfigError, match=r"^growth must be a number from 0 to 10, not "):
        require_number("growth", value, least=0, most=10)


def test_a_number_without_an_upper_bound_is_finite():
    assert require_number("n", 1e300, least=0) == 1e300
    with pytest.raises(ConfigError, match=r"^n must be a number from 0, not inf$"):
        require_number("n", float("inf"), least=0)


@pytest.mark.parametrize("value", [0, -1, True, "1", float("nan"), float("inf"), 10**400, timedelta(0)])
def test_a_time_out_is_a_positive_time(value):
    with pytest.raises(ConfigError, match=r"^timeout must be a positive timedelta or number of seconds, or None"):
        seconds_of(value)


def test_a_time_out_is_read_as_seconds():
    assert seconds_of(None) is None
    assert seconds_of(timedelta(minutes=1)) == 60
    assert seconds_of(0.5) == 0.5


def test_validators_of_fields_name_the_field_and_its_class():
    @attrs.frozen
    class Settings:
        pages: int = attrs.field(default=1, validator=whole(1, 3, of=" of Settings"))
        pretty: bool = attrs.field(default=False, validator=flag())
        pause: float = attrs.field(default=1.0, validator=seconds(zero=True))
        growth: float = attrs.field(default=1.0, validator=number(1, of=" of Settings"))

    assert Settings(pages=3, pause=0) == Settings(3, False, 0, 1.0)  # noqa: FBT003
    for name, value in {"pages": 4, "pretty": 1, "pause": -1, "growth": 0}.items():
        with pytest.raises(ConfigError, match=rf"^{name}( of Settings)? must be "):
            Settings(**{name: value})


def test_policies_name_their_class():
    with pytest.raises(ConfigError, match=r"^protect_source of a RestoreGuard must be True or False, not int"):
        RestoreGuard(protect_source=1)
    with pytest.raises(ConfigError, match=r"^budget_share of a PollPolicy must be a number above 0, or None"):
        PollPolicy(budget_share=0)
