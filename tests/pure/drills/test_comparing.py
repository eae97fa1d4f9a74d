from __future__ import annotations

import pytest

from mongorestore_async.drills import DrillCluster, DrillOutcome
from mongorestore_async.drills.checks.comparing import compare_counts, is_known

COUNTED = {"shop.orders": 20000, "shop.users": 30}


def entry(**changes):
    return DrillCluster(name="c", project="p", cluster="c", **changes)


def last(namespaces, snapshot="s1"):
    return DrillOutcome(
        project="p", cluster="c", target="download", state="PASSED", namespaces=namespaces, snapshot=snapshot
    )


@pytest.mark.parametrize(
    ("counted", "changes", "before", "told"),
    [
        ({}, {}, None, "there are no databases"),
        ({}, {"namespaces": COUNTED}, None, "there are no databases"),
        ({"a.b": 0}, {}, None, "there are no documents"),
        (COUNTED, {}, None, ""),
        (COUNTED, {}, last({}), ""),
        (COUNTED, {"namespaces": COUNTED}, None, ""),
        (COUNTED | {"shop.orders": 18000}, {"namespaces": COUNTED}, None, "shop.orders has 18000 documents, not 20000"),
        (COUNTED | {"shop.orders": 20001}, {"namespaces": COUNTED}, None, "shop.orders has 20001 documents, not 20000"),
        (COUNTED | {"shop.orders": 20001}, {"namespaces": COUNTED, "at_least": True}, None, ""),
        (COUNTED | {"a.b": 1}, {"namespaces": COUNTED, "at_least": True}, None, ""),
        (COUNTED | {"a.b": 1}, {"namespaces": COUNTED}, None, "a.b is not in the plan"),
        ({"shop.users": 30}, {"namespaces": COUNTED, "at_least": True}, None, "shop.orders is missing"),
        ({"shop.users": 30}, {"namespaces": {"shop.users": 30, "a.b": 0}}, None, "a.b is missing"),
        (COUNTED, {}, last(COUNTED, "s2"), ""),
        (COUNTED | {"shop.orders": 19000}, {}, last(COUNTED, "s2"), ""),
        (COUNTED | {"shop.orders": 18999}, {}, last(COUNTED, "s2"), "orders has 18999 documents, the last drill found"),
        (COUNTED | {"shop.orders": 18999}, {"may_shrink_percent": 10}, last(COUNTED, "s2"), ""),
        ({"shop.users": 30}, {}, last(COUNTED, "s2"), "shop.orders is missing, which the last drill found"),
        (COUNTED | {"shop.orders": 19999}, {}, last(COUNTED), "shop.orders has 19999 documents, the last drill"),
        (COUNTED | {"shop.orders": 20001}, {}, last(COUNTED), "has 20001 documents, not 20000 as in the last drill"),
        (COUNTED | {"a.b": 1}, {}, last(COUNTED, "s2"), ""),
    ],
)
def test_counts_are_compared_with_what_is_known(counted, changes, before, told):
    said = compare_counts(entry(**changes), counted, before, "s1")

    assert told in said
    assert bool(told) == bool(said)


def test_only_some_differences_are_told():
    known = {f"a.c{number}": 1 for number in range(9)}

    assert compare_counts(entry(namespaces=known), {"a.c0": 1}, None, None).endswith(", and 3 more")


def test_something_is_known_from_the_plan_or_the_last_drill():
    assert is_known(entry(namespaces=COUNTED), None)
    assert is_known(entry(), last(COUNTED))
    assert not is_known(entry(), last({}))
    assert not is_known(entry(), None)
