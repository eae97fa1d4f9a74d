"""Secrets in models, keys and errors, for tests that look for them in what other people's tools write."""

import json

import pytest

from mongorestore_async import (
    OPS_MANAGER,
    AccessToken,
    AsyncSession,
    DataError,
    DigestAuth,
    Profile,
    RestoreError,
    ServiceAccount,
    load_job,
)
from mongorestore_async.auth.digest import Signer
from mongorestore_async.codec.list_documents import decode_list
from mongorestore_async.models import CloudBackupRestoreJob, ProjectSummary, RawDocument, RestoreJob, TenantRestoreJob
from mongorestore_async.settings.profiles import choose_profile, read_profiles

#: Longer than what programs that print local variables show of a string, which they cut first.
LONG_KEY = "S3cretKeyOfNobody" * 8
LINK = f"https://restore.example.com/{LONG_KEY}/a.tar.gz"

JOB = {
    "id": "1",
    "statusName": "FINISHED",
    "delivery": {
        "statusName": "READY",
        "url": LINK,
        "urlV2": LINK,
        "authValue": LONG_KEY,
        "urlV3": LINK,
        "downloadUrls": [LINK],
    },
    "archive": {"place": LINK, "command": f"curl -O {LINK}"},
    "links": [{"href": "https://om.example.com/api/1", "rel": "self"}],
}
ATLAS_JOB = {
    "id": "2",
    "deliveryUrl": [LINK],
    "components": [
        {"downloadUrl": LINK, "replicaSetName": "a", "privateDownloadDeliveryUrls": [{"deliveryUrl": LINK}]}
    ],
}


def from_list(model, document):
    """Make a model as it comes in a list: of what msgspec decoded."""
    body = json.dumps({"results": [document]}, separators=(",", ":")).encode()
    return decode_list(model, body).results[0]


def _profile(key):
    settings = {"public_api_key": "p", "private_api_key": key, "access_token": key}
    return Profile("default", "mongocli", "config.toml", RawDocument(settings, secret=True))


#: What a handler of a web application may return.
MODELS = {
    "job": load_job(OPS_MANAGER, JOB),
    "job of a list": from_list(RestoreJob, JOB),
    "delivery": load_job(OPS_MANAGER, JOB).delivery,
    "Atlas job": from_list(CloudBackupRestoreJob, ATLAS_JOB),
    "tenant job": from_list(TenantRestoreJob, {"id": "3", "snapshotUrl": LINK}),
    "project": from_list(ProjectSummary, {"id": "4", "name": "a", "agentApiKey": LONG_KEY}),
    "key": DigestAuth("public", LONG_KEY),
    "account": ServiceAccount("mdb_sa_id_1", LONG_KEY),
    "token": AccessToken(LONG_KEY),
    "profile": choose_profile(
        [read_profiles("atlascli", "f", f'[one]\nprivate_api_key = "{LONG_KEY}"'.encode())], None, {}
    ),
}


def _sign(key):
    challenge = type(
        "Challenge", (), {"answerable": True, "realm": "r", "nonce": "n", "opaque": None, "spelling": None}
    )
    Signer(challenge, username="public", password=f"{key}\ud800", cnonce="c")


_ENVIRONMENT = {"MCLI_PUBLIC_API_KEY": "p", "MCLI_PRIVATE_API_KEY": f"{LONG_KEY}\x07"}

#: Calls that are refused, or fail, with a secret at hand.
REFUSALS = {
    "key with a control character": lambda: DigestAuth("public", f"{LONG_KEY}\x07"),
    "key in bytes": lambda: DigestAuth("public", LONG_KEY.encode()),
    "account with a line break": lambda: ServiceAccount("id", f"{LONG_KEY}\n"),
    "key that cannot be hashed": lambda: _sign(LONG_KEY),
    "proxy of a kind we do not speak": lambda: AsyncSession(None, proxy=f"socks5://u:{LONG_KEY}@host:1"),
    "credentials in the base URL": lambda: AsyncSession(None, base_url=f"https://p:{LONG_KEY}@host"),
    "key in the environment": lambda: AsyncSession.from_env(_ENVIRONMENT),
    "proxy beside an environment": lambda: AsyncSession.from_env({}, auth=None, proxy=f"ftp://u:{LONG_KEY}@host"),
    "proxy beside a profile": lambda: AsyncSession.from_profile(
        _profile(LONG_KEY), environ={}, auth=None, proxy=f"ftp://u:{LONG_KEY}@host"
    ),
    "key in a profile": lambda: AsyncSession.from_profile(_profile(f"{LONG_KEY}\x07"), environ={}),
    "token with a line break": lambda: AccessToken(f"{LONG_KEY}\n"),
    "job that cannot be read": lambda: load_job(OPS_MANAGER, JOB | {"created": "yesterday"}),
    "link in place of a job": lambda: load_job(OPS_MANAGER, LINK),
}


def refused(call):
    """Run what is refused; its traceback begins with the first frame of the library."""
    with pytest.raises((RestoreError, DataError)) as caught:
        call()
    error = caught.value
    while (
        error.__traceback__ is not None and "mongorestore_async" not in error.__traceback__.tb_frame.f_code.co_filename
    ):
        error.__traceback__ = error.__traceback__.tb_next
    assert error.__traceback__ is not None
    return error
