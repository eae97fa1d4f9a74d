from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mongorestore_async import (
    SERVER_DEFAULT,
    AutomatedRestore,
    ConfigError,
    HttpRestore,
    JobRef,
    PointInTime,
    Snapshot,
    Target,
)
from mongorestore_async.airflow.restore_orders import RestoreOrder, read_orders, read_place

PLACE = "ops-manager/p1/c1"
INTO = {"cluster": PLACE, "snapshot": "s1", "target": "p2/c2"}


def test_a_place_is_the_reference_of_no_job():
    assert read_place(PLACE) == JobRef(family="ops-manager", project="p1", cluster="c1", job="-")
    assert read_place("atlas-cloud-backup/p/my%20cluster").cluster == "my cluster"


@pytest.mark.parametrize("text", ["", "ops-manager/p1", "ops-manager/p1/c1/j1", "other/p1/c1", "ops-manager/p/host:h"])
def test_other_places_are_refused(text):
    with pytest.raises(ConfigError):
        read_place(text)


def test_an_order_with_a_target_restores_into_it():
    (order,) = read_orders(INTO)

    assert order.request("s1") == AutomatedRestore(Snapshot("s1"), Target("p2", "c2"))
    assert order.place.project == "p1"


def test_an_order_with_a_moment_restores_to_it():
    (order,) = read_orders([{"cluster": PLACE, "point_in_time": "2026-11-29T10:00:00Z", "target": "p2/c2"}])

    assert order.request(None) == AutomatedRestore(
        PointInTime(datetime(2026, 11, 29, 10, tzinfo=UTC)), Target("p2", "c2")
    )


def test_an_order_without_a_target_is_a_download():
    plain, limited = read_orders(
        [
            {"cluster": PLACE, "snapshot": "s1"},
            {"cluster": PLACE, "snapshot": "s1", "max_downloads": 2, "expiration_hours": 3},
        ]
    )

    assert plain.request("s1") == HttpRestore("s1", SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT)
    assert limited.request("s1") == HttpRestore("s1", 2, expiration_hours=3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cluster": "p1/c1"}, "cluster must be family/project/cluster"),
        ({"cluster": 1}, "cluster of an order"),
        ({"snapshot": None}, "either a snapshot or a point_in_time"),
        ({"point_in_time": "2026-11-29T10:00:00Z"}, "either a snapshot or a point_in_time"),
        ({"snapshot": None, "point_in_time": "2026-11-29T10:00:00Z", "target": None}, "needs a target"),
        ({"snapshot": None, "point_in_time": "yesterday"}, "ISO 8601"),
        ({"snapshot": None, "point_in_time": "2026-11-29T10:00:00"}, "time zone"),
        ({"target": "c2"}, "project/cluster"),
        ({"target": "p2/host:h"}, "project/cluster"),
        ({"max_downloads": 1}, "are of downloads"),
        ({"target": None, "max_downloads": "1"}, "max_downloads of an order"),
        ({"targett": "p2/c2"}, "unknown members: targett"),
    ],
)
def test_what_does_not_fit_is_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        read_orders({**INTO, **changes})


@pytest.mark.parametrize("orders", ["s1", 1, None, ["s1"], [{"snapshot": "s1"}], [INTO, INTO]])
def test_other_lists_are_refused(orders):
    with pytest.raises(ConfigError):
        read_orders(orders)


def test_equal_orders_have_one_key_and_others_another():
    first, second, third = RestoreOrder(**INTO), RestoreOrder(**INTO), RestoreOrder(**{**INTO, "snapshot": "s2"})

    assert first.key == second.key != third.key
    assert len(first.key) < 512  # what the column of Airflow's database holds
