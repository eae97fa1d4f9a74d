"""What a page holds besides its items."""

from __future__ import annotations

import pytest

from mongorestore_async.codec.list_documents import has_next, read_list
from mongorestore_async.errors import DataError
from mongorestore_async.models import Link


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
