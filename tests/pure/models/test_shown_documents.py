"""What of a model can be read, and what tools that take models for types are given."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from mongorestore_async import OPS_MANAGER, load_job
from mongorestore_async.downloading.published_hashes import published_name
from mongorestore_async.errors import ConnectionBroken, DataError, RequestContext
from mongorestore_async.models import ProjectSummary, Secret
from mongorestore_async.models.cloud_backup import PrivateDownloadUrl
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.bodies import _ends_in_letter
from mongorestore_async.protocol.replies import RawReply, read_reply

LINK = "https://host.example.com/pull/key/a.tar.gz"


def test_secrets_are_read_by_name():
    link = PrivateDownloadUrl(delivery_url=Secret(LINK))
    project = ProjectSummary(id="p", agent_api_key=Secret("key-of-the-agents"))
    assert LINK not in repr(link)
    assert "key-of-the-agents" not in repr(project)
    assert (str(link.delivery_url), str(project.agent_api_key)) == (LINK, "key-of-the-agents")


def test_a_job_is_its_redacted_members():
    job = load_job(OPS_MANAGER, {"id": "j", "delivery": {"url": LINK}})
    assert dict(job) == job.to_dict()
    assert LINK not in str(dict(job))


def test_pydantic_is_told_how_to_write_a_job(monkeypatch):
    schema = SimpleNamespace(
        dict_schema=lambda: "dict",
        plain_serializer_function_ser_schema=lambda write, return_schema: (write, return_schema),
        is_instance_schema=lambda kind, serialization: (kind, serialization),
    )
    monkeypatch.setitem(sys.modules, "pydantic_core", SimpleNamespace(core_schema=schema))
    kind = type(load_job(OPS_MANAGER, {"id": "j"}))
    assert kind.__get_pydantic_core_schema__(None, None) == (kind, (kind.to_dict, "dict"))


def test_the_name_of_the_one_published_hash():
    def named(*names):
        hashes = [{"typeName": "SHA1", "fileName": name, "hash": "a" * 40} for name in names]
        return published_name(load_job(OPS_MANAGER, {"id": "j", "hashes": hashes}))

    assert named("a.tar.gz") == "a.tar.gz"
    assert named("a.tar.gz", "b.tar.gz") is None


def test_an_answer_that_lost_its_end_is_a_broken_connection():
    context = RequestContext("GET", "https://om.example.com/api")
    headers = Headers([("Content-Encoding", "gzip")])
    raw = RawReply(status=200, reason="OK", headers=headers, body=b'{"results": [', request=context)
    with pytest.raises((ConnectionBroken, DataError)) as caught:
        read_reply(raw)
    assert type(caught.value) is ConnectionBroken


def test_only_a_cut_letter_is_a_lost_end():
    assert [_ends_in_letter(body) for body in (b"caf\xc3", b"\xff")] == [True, False]
