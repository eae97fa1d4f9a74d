"""Envelopes in every form a source documents, and what must not be taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.protocol.envelopes import unwrap

JOB = {"id": "1", "statusName": "FINISHED"}
LIST = {"links": [], "results": [JOB], "totalCount": 1}
ERROR = {"error": 404, "reason": "Not Found", "detail": "No such job.", "errorCode": "RESTORE_JOB_NOT_FOUND"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: (
        st.lists(children) | st.dictionaries(st.sampled_from(["status", "content", "a", "results"]), children)
    ),
    max_leaves=8,
)


class TestAskedFor:
    @pytest.mark.parametrize("inside", [JOB, LIST, ERROR, [], None], ids=["job", "list", "error", "array", "null"])
    @pytest.mark.parametrize("member", ["content", "envelope"])
    def test_a_status_beside_content_or_envelope(self, member, inside):
        assert unwrap({"status": 201, member: inside}, status=200, asked=True) == (201, inside)

    def test_a_status_beside_results(self):
        assert unwrap({"status": 200, **LIST}, status=200, asked=True) == (200, LIST)

    def test_a_status_beside_an_empty_list(self):
        assert unwrap({"status": 200, "results": []}, status=200, asked=True) == (200, {"results": []})

    def test_an_error_document_with_a_status_of_its_own(self):
        assert unwrap({"status": 404, **ERROR}, status=200, asked=True) == (404, ERROR)

    def test_further_members_do_not_matter(self):
        document = {"status": 200, "content": JOB, "links": []}
        assert unwrap(document, status=200, asked=True) == (200, JOB)

    def test_a_status_alone_has_no_content(self):
        assert unwrap({"status": 204}, status=200, asked=True) == (204, None)

    @pytest.mark.parametrize("document", [JOB, LIST, ERROR, [], [JOB], "text", 5, None])
    def test_a_server_that_ignored_the_wish_is_read_as_it_answers(self, document):
        assert unwrap(document, status=200, asked=True) == (200, document)

    @pytest.mark.parametrize("status", ["COMPLETED", "200", 200.0, True, None, [200], {}])
    def test_a_status_that_is_no_integer_makes_no_envelope(self, status):
        document = {"status": status, "content": JOB}
        assert unwrap(document, status=200, asked=True) == (200, document)

    def test_an_integer_status_without_known_members_is_no_envelope(self):
        document = {"status": 200, "id": "1"}
        assert unwrap(document, status=200, asked=True) == (200, document)


class TestNotAskedFor:
    @pytest.mark.parametrize("member", ["content", "envelope"])
    def test_only_a_status_and_one_wrapper_are_an_envelope(self, member):
        assert unwrap({"status": 409, member: ERROR}, status=200, asked=False) == (409, ERROR)

    @pytest.mark.parametrize(
        "document",
        [
            {"status": 200, "content": JOB, "id": "1"},
            {"status": 200, **LIST},
            {"status": 404, **ERROR},
            {"status": 200},
            {"status": 200, "id": "1"},
            {"content": JOB, "envelope": JOB},
        ],
    )
    def test_anything_else_is_not(self, document):
        assert unwrap(document, status=200, asked=False) == (200, document)

    @pytest.mark.parametrize("asked", [False, True])
    @pytest.mark.parametrize("status", ["PENDING", "COMPLETED", "FAILED"])
    def test_the_status_of_a_tenant_job_is_its_own(self, status, asked, seed):
        for job in seed("atlas_tenant_list")["results"]:
            changed = {**job, "status": status}
            assert unwrap(changed, status=200, asked=asked) == (200, changed)

    @pytest.mark.parametrize("asked", [False, True])
    def test_no_seed_document_is_taken_for_an_envelope(self, asked, seed):
        for name in ("ops_manager_list", "cloud_manager_list", "atlas_cloud_backup_list", "atlas_tenant_list"):
            assert unwrap(seed(name), status=200, asked=asked) == (200, seed(name))


@given(document=json_values, status=st.integers(100, 599), asked=st.booleans())
def test_every_json_value_has_a_status_and_a_content(document, status, asked):
    found, content = unwrap(document, status=status, asked=asked)

    assert isinstance(found, int)
    assert not isinstance(found, bool)
    if content is document:
        assert found == status
