"""Ed25519 signatures of the end of a log (extra ``signatures``).

The signature stands in a file beside the log, ``NAME.sig``: one JSON object with ``count`` and ``hash`` of the end, and
the ``signature`` in hexadecimal. Signed are the canonical bytes of count, hash and a name that no other use has, so the
key may be one that signs other things too. The public key is not in the file: whoever verifies brings it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mongorestore_async.downloading.disk.file_system import write_file
from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence.canonical_json import canonical_bytes, read_json
from mongorestore_async.evidence.entries import Head

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["Key", "read_private_key", "read_public_key", "signature_path", "signed_head", "write_signature"]

#: A key: what its file holds (PEM, or the form of OpenSSH), or the file.
Key = bytes | os.PathLike[str]

_PURPOSE = "mongorestore-async evidence"


def signature_path(path: Path) -> Path:
    """Where the signature of a log is."""
    return path.with_name(f"{path.name}.sig")


def read_private_key(key: Key, password: bytes | None) -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        ConfigError: It is none of Ed25519, or the password is missing or wrong. The message holds nothing of either.
        OSError: The file cannot be read.

    """
    return cast("Ed25519PrivateKey", _read_key(key, "private", password))


def read_public_key(key: Key) -> Ed25519PublicKey:
    """Read a public key.

    Raises:
        ConfigError: It is none of Ed25519.
        OSError: The file cannot be read.

    """
    return cast("Ed25519PublicKey", _read_key(key, "public", None))


def write_signature(path: Path, head: Head, key: Ed25519PrivateKey) -> Path:
    """Sign the end of a log, and write the signature beside it; one that was there is replaced.

    Raises:
        OSError: It cannot be written.

    """
    signature = key.sign(_statement(head)).hex()
    written = canonical_bytes({"count": head.count, "hash": head.hash, "signature": signature})
    write_file(signature_path(path), written + b"\n")
    return signature_path(path)


def signed_head(path: Path, key: Ed25519PublicKey) -> Head | str:
    """Read what was signed with this key of a log; where nothing valid is, why.

    Raises:
        OSError: The file is there, and cannot be read.

    """
    from cryptography.exceptions import InvalidSignature

    place = signature_path(path)
    try:
        value: dict[str, Any] = read_json(place.read_bytes())
        head = Head(str(value["hash"]), int(value["count"]))
        key.verify(bytes.fromhex(value["signature"]), _statement(head))
    except FileNotFoundError:
        return f"there is no signature: {place.name} is missing"
    except InvalidSignature:
        return f"{place.name} was not signed with this key, or was changed"
    except (ValueError, KeyError, TypeError, IndexError):
        return f"{place.name} is no signature"
    return head


def _statement(head: Head) -> bytes:
    return canonical_bytes({"count": head.count, "hash": head.hash, "purpose": _PURPOSE})


def _read_key(key: Key, kind: str, password: bytes | None) -> object:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ConfigError(
            "signatures require the package cryptography: install mongorestore-async[signatures]"
        ) from None
    held = key if isinstance(key, bytes) else Path(key).read_bytes()
    is_ssh = held.startswith((b"ssh-", b"-----BEGIN OPENSSH"))
    try:
        if kind == "private":
            load = serialization.load_ssh_private_key if is_ssh else serialization.load_pem_private_key
            found: object = load(held, password)
        else:
            found = (serialization.load_ssh_public_key if is_ssh else serialization.load_pem_public_key)(held)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        problem = "it cannot be read"
    else:
        wanted = ed25519.Ed25519PrivateKey if kind == "private" else ed25519.Ed25519PublicKey
        if isinstance(found, wanted):
            return found
        problem = "it is of another kind"
    raise ConfigError(f"the {kind} key must be one of Ed25519, in PEM or in the form of OpenSSH: {problem}")
