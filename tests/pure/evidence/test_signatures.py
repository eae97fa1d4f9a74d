"""Signatures of a log: what they find, which keys are taken, and what is told of those that are not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from builders.evidence_logs import changed, hashed_anew, make_lines, written_as
from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence import EvidenceError, sign, verify

KEY = ed25519.Ed25519PrivateKey.generate()
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
OTHER = ed25519.Ed25519PrivateKey.generate().public_key()
OTHER_PUBLIC = OTHER.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
LINES = make_lines(6)


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "evidence.jsonl"
    made.write_bytes(written_as(LINES))
    return made


def told(found):
    return [(problem.line, str(problem.kind)) for problem in found.problems]


def test_a_signed_log_holds_as_long_as_it_is_the_same(path):
    assert sign(path, PRIVATE) == path.with_name("evidence.jsonl.sig")
    found = verify(path, public_key=PUBLIC)

    assert found.holds
    assert found.can_find_cut_tail
    path.write_bytes(written_as(LINES[:5]))
    assert told(verify(path, public_key=PUBLIC)) == [(6, "CUT")]
    path.write_bytes(written_as(make_lines(6, another=True)))
    assert told(verify(path, public_key=PUBLIC)) == [(6, "REWRITTEN")]
    path.write_bytes(written_as(hashed_anew([*LINES, LINES[0]], 6)))
    assert told(verify(path, public_key=PUBLIC)) == [(7, "ADDED")]
    assert sign(path, PRIVATE)
    assert verify(path, public_key=PUBLIC).holds


def test_a_head_and_a_signature_that_say_the_same_are_told_once(path):
    sign(path, PRIVATE)
    head = verify(path).head
    path.write_bytes(written_as(LINES[:5]))

    assert told(verify(path, head=head.hash, count=head.count, public_key=PUBLIC)) == [(6, "CUT")]


def test_only_a_log_that_holds_is_signed(path):
    path.write_bytes(written_as([LINES[0], changed(LINES[1], who="me"), *LINES[2:]]))
    with pytest.raises(EvidenceError, match="line 2 of the log does not hold"):
        sign(path, PRIVATE)

    assert not path.with_name("evidence.jsonl.sig").exists()


def spoil_signature(path, **members):
    place = path.with_name("evidence.jsonl.sig")
    place.write_text(json.dumps({**json.loads(place.read_text()), **members}))


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda path: path.with_name("evidence.jsonl.sig").unlink(), "is missing"),
        (lambda path: path.with_name("evidence.jsonl.sig").write_bytes(b"no JSON"), "is no signature"),
        (lambda path: path.with_name("evidence.jsonl.sig").write_bytes(b"[]"), "is no signature"),
        (lambda path: path.with_name("evidence.jsonl.sig").write_bytes(b"{}"), "is no signature"),
        (lambda path: spoil_signature(path, signature="zz"), "is no signature"),
        (lambda path: spoil_signature(path, signature="00" * 64), "was not signed with this key"),
        (lambda path: spoil_signature(path, count=5), "was not signed with this key"),
        (lambda path: spoil_signature(path, hash="0" * 64), "was not signed with this key"),
    ],
)
def test_a_signature_that_is_none_is_a_problem_of_the_whole_file(spoil, text, path):
    sign(path, PRIVATE)
    spoil(path)
    found = verify(path, public_key=PUBLIC)

    assert told(found) == [(0, "SIGNATURE")]
    assert text in found.problems[0].text
    assert not found.can_find_cut_tail


def test_a_signature_of_another_key_is_none(path):
    sign(path, PRIVATE)

    assert told(verify(path, public_key=OTHER_PUBLIC)) == [(0, "SIGNATURE")]


def test_keys_are_files_or_what_they_hold_in_pem_or_as_openssh_has_them(path, tmp_path):
    private, public = tmp_path / "private", tmp_path / "public"
    private.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public.write_bytes(KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    sign(path, private)

    assert verify(path, public_key=public).holds
    assert verify(str(path), public_key=public.read_bytes()).holds


def test_an_encrypted_key_needs_its_password(path):
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a password"))
    for password in (None, b"another"):
        with pytest.raises(ConfigError, match="it cannot be read") as caught:
            sign(path, private, password=password)
        assert "another" not in str(caught.value)
    sign(path, private, password=b"a password")

    assert verify(path, public_key=PUBLIC).holds


CURVE = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (PUBLIC, "cannot be read"),
        (b"", "cannot be read"),
        (b"SECRET", "cannot be read"),
        (CURVE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "is of another kind"),
    ],
)
def test_a_private_key_that_is_none_is_refused_without_showing_it(key, problem, path):
    with pytest.raises(ConfigError, match=f"private key must be one of Ed25519.*{problem}") as caught:
        sign(path, key)

    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (PRIVATE, "cannot be read"),
        (CURVE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "is of another kind"),
    ],
)
def test_a_public_key_that_is_none_is_refused(key, problem, path):
    with pytest.raises(ConfigError, match=f"public key must be one of Ed25519.*{problem}"):
        verify(path, public_key=key)


def test_a_key_file_that_is_missing_is_told(path):
    with pytest.raises(FileNotFoundError):
        verify(path, public_key=Path("missing.pem"))


def test_without_the_library_it_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ConfigError, match=r"install mongorestore-async\[signatures\]"):
        sign(path, PRIVATE)
