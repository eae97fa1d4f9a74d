"""The peers of the benchmarks read the fields that this library reads, so that nobody is faster for reading less."""

from __future__ import annotations

import ast
from pathlib import Path

import attrs
import pytest

from mongorestore_async import RestoreJob
from mongorestore_async.models.restore_job import Delivery, FileHash
from mongorestore_async.models.states import DeliveryMethod, DeliveryStatus, JobStatus
from mongorestore_async.models.values import Link, OplogTimestamp

_PEERS = Path(__file__).parents[3] / "benchmarks" / "peers"
_NAMES = ["aiohttp_cattrs", "aiohttp_msgspec", "httpx_pydantic"]
_OURS = {"Job": RestoreJob, "Delivery": Delivery, "Hash": FileHash, "Timestamp": OplogTimestamp, "Link": Link}
_WORDS = {"Status": JobStatus, "Stand": DeliveryStatus, "Method": DeliveryMethod}


def classes_of(peer):
    tree = ast.parse((_PEERS / f"{peer}.py").read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize("peer", _NAMES)
@pytest.mark.parametrize("name", _OURS)
def test_a_peer_has_our_fields_and_no_others(peer, name):
    theirs = {node.target.id for node in classes_of(peer)[name].body if isinstance(node, ast.AnnAssign)}
    ours = {field.name for field in attrs.fields(_OURS[name])} - {"_received", "_origin"}  # no members of the document

    assert theirs == {field.lstrip("_") for field in ours}


@pytest.mark.parametrize("peer", _NAMES)
@pytest.mark.parametrize("name", _WORDS)
def test_a_peer_knows_our_words_and_no_others(peer, name):
    theirs = {node.value.value for node in classes_of(peer)[name].body if isinstance(node, ast.Assign)}

    assert theirs == set(_WORDS[name])
