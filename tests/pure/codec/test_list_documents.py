"""What a page holds besides its items."""

from __future__ import annotations

import json

import pytest

from mongorestore_async.codec import list_documents
from mongorestore_async.codec.list_documents import decode_list, has_next, page_form, read_list
from mongorestore_async.errors import DataError
from mongorestore_async.models import Link, RestoreJob


def test_items_are_left_as_they_are():
    results = [{"id": "1", "url": "u"}, {}, None, "x"]
    assert read_list({"results": results}).results == results


def test_count_and_links_may_be_missing(seed):
    document = seed("atlas_tenant_list")
    assert "links" not in document
    page = read_list({"results": document["results"]})
    assert (page.total_count, page.links, has_next(page.links)) == (None, (), False)


@pytest.mark.parametrize("count", [0, 2160, "2160", 2160.0])
def test_the_count_is_an_integer_however_it_is_written(count):
    assert read_list({"results": [], "totalCount": count}).total_count == int(count)


def test_null_is_as_good_as_missing():
    page = read_list({"results": [], "totalCount": None, "links": None})
    assert (page.total_count, page.links) == (None, ())


@pytest.mark.parametrize(
    ("rel", "found"),
    [
        ("next", True),
        ("http://mms.mongodb.com/next", True),
        ("self", False),
        ("previous", False),
        ("nextPage", False),
        ("", False),
    ],
)
def test_a_next_link_is_found_by_the_last_part_of_its_relation(rel, found):
    links = [{"href": "https://h", "rel": "self"}, {"href": "http://elsewhere/p", "rel": rel}]
    page = read_list({"results": [], "links": links})
    assert has_next(page.links) is found
    assert page.links[1] == Link(href="http://elsewhere/p", rel=rel)


def test_a_link_without_target_says_nothing():
    assert not has_next(read_list({"results": [], "links": [{}, {"rel": "next"}]}).links)


@pytest.mark.parametrize("name", ["ops_manager_list", "cloud_manager_list", "atlas_cloud_backup_list"])
def test_the_lists_of_the_documents_are_read(name, seed):
    document = seed(name)
    page = read_list(document)
    assert page.results == document["results"]
    assert page.total_count == document["totalCount"]
    assert not has_next(page.links)


@pytest.mark.parametrize("content", [None, [], "x", 5, True])
def test_what_is_no_object_is_no_list(content):
    with pytest.raises(DataError, match="list document") as caught:
        read_list(content)
    assert caught.value.path == "$"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "nothing"),
        ({"totalCount": 0}, "nothing"),
        ({"results": None}, "nothing"),
        ({"results": {}}, "another type"),
    ],
)
def test_a_list_without_results_is_an_error_and_not_empty(document, said):
    with pytest.raises(DataError, match=said) as caught:
        read_list(document)
    assert caught.value.path == "$.results"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"results": [], "totalCount": "many"}, "$.totalCount"),
        ({"results": [], "totalCount": True}, "$.totalCount"),
        ({"results": [], "totalCount": 1.5}, "$.totalCount"),
        ({"results": [], "links": {}}, "$.links"),
        ({"results": [], "links": [5]}, "$.links[0]"),
    ],
)
def test_a_misfit_is_named_by_its_path_and_not_by_its_value(document, path):
    with pytest.raises(DataError) as caught:
        read_list(document)
    assert caught.value.path == path
    assert "many" not in str(caught.value)


def test_items_are_not_in_the_picture_of_a_page():
    assert "SECRET" not in repr(read_list({"results": [{"url": "SECRET"}], "totalCount": 1}))


@pytest.fixture
def learned(monkeypatch):
    """Nothing was learned yet."""
    monkeypatch.setattr(list_documents, "_learned", {})
    return list_documents._learned


def page_of(*items, **rest):
    return json.dumps({"results": list(items), **rest}, separators=(",", ":"), ensure_ascii=False).encode()


def is_lossless(body):
    """Whether a page is read without the decoder of the standard library; checks that its items are exact."""
    found = decode_list(RestoreJob, body)
    assert json.dumps([job.to_dict(redacted=False) for job in found.results]) == json.dumps(json.loads(body)["results"])
    return found.results._received is None


NEW = {"batchId": "B", "id": "J", "size": 5, "zone": {"tags": [{"a": None}, 1.50]}}


@pytest.mark.usefixtures("learned")
class TestPagesOfAnotherForm:
    @pytest.mark.parametrize(
        "items",
        [
            [{"id": "J", "batchId": "B"}, {"statusName": "FINISHED", "id": "K"}],
            [NEW],
            [{"id": "K"}, NEW, {"id": "L", "rank": 1}, {"id": "M", "rank": 1, "size": None}],
            [{"id": "J", "links": [{"href": "h"}, {"href": "h", "more": 1}]}],
            [{"id": "J", "delivery": {"zone": "EU", "url": "u"}}],
            [{"id": "J"}, {"id": "K", "batchId": None}, {"id": "L", "batchId": "B"}],
            [{"id": "J", "timestamp": {"date": None, "increment": 1}}, {"id": "K", "timestamp": {"date": None}}],
            [
                {"id": "J", "links": [{"href": None}, {"href": "h", "rel": "self"}, {"rel": None}]},
                {"id": "K", "links": None},
            ],
        ],
    )
    def test_are_learned(self, learned, items):
        assert is_lossless(page_of(*items, totalCount=1, more={"x": 1}))
        assert learned
        assert is_lossless(page_of({"id": "K"}))

    def test_keep_what_was_learned_of_others(self, learned):
        assert is_lossless(page_of({"id": "J", "size": 5}))
        assert is_lossless(page_of({"delivery": {"url": "u", "zone": "EU"}, "id": "J"}))
        order = learned[RestoreJob]
        assert is_lossless(page_of({"delivery": {"zone": "EU"}, "id": "J", "size": 5}))
        assert learned[RestoreJob] is order

    def test_may_contradict_what_was_learned(self):
        for _ in range(2):
            assert is_lossless(page_of({"id": "J", "batchId": "B"}))
            assert is_lossless(page_of({"batchId": "B", "id": "J"}))
        assert is_lossless(page_of({"zone": 1, "size": 1, "id": "J"}))

    @pytest.mark.parametrize(
        "items",
        [
            [{"id": "J", f"more{number}": 1} for number in range(101)],
            [{"id": "J", "x" * 101: 1}],
            [{"id": "J", "batchId": "B"}, {"batchId": "B", "id": "J"}],
            [{"id": "J", "created": "2017-04-21T03:49:57.1Z"}],
        ],
    )
    def test_that_cannot_be_learned_are_read_all_the_same(self, items):
        for _ in range(2):
            assert not is_lossless(page_of(*items))
        assert is_lossless(page_of({"id": "J", "size": 5}))

    def test_with_names_that_no_struct_can_have_are_left_to_the_converter(self):
        for _ in range(2):
            assert decode_list(RestoreJob, page_of({"id": "J", 'a"b': 1})) is None

    def test_hold_what_was_learned_and_what_was_not(self):
        assert is_lossless(page_of({"id": "J", "size": 5}))
        assert not is_lossless(page_of({"id": "J", "size": 5, "created": "2017-04-21T03:49:57.1Z"}))
        assert is_lossless(page_of({"id": "J", "size": 6}))

    @pytest.mark.parametrize("item", [b'{"id":"J","size":1,"size":2}', b'{"id":"J","size":{"a":1,"a":1}}'])
    def test_do_not_hide_a_member_that_came_twice(self, item):
        for _ in range(2):
            assert is_lossless(page_of({"id": "J", "size": 5}))
            assert decode_list(RestoreJob, b'{"results":[' + item + b"]}") is None

    @pytest.mark.parametrize(("depth", "fits"), [(11, True), (99, True), (100, False), (5000, False)])
    def test_are_not_nested_too_deep(self, depth, fits):
        body = b'{"results":[{"id":"J","size":' + b"[" * depth + b"]" * depth + b"}]}"
        assert is_lossless(page_of({"id": "J", "size": 5}))
        assert (decode_list(RestoreJob, body) is not None) is fits

    def test_are_not_remembered_without_bounds(self, learned):
        for number in range(300):
            assert is_lossless(page_of({"id": "J", f"more{number}": 1}))
        order = learned[RestoreJob].order
        assert len(order) <= 3
        assert len(dict(order)["results"][0]) <= 100
        assert page_form.cache_info().currsize <= 64
