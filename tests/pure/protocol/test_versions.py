"""Versions of Atlas v2: which ones can be asked for, and what is advised where one is refused."""

from __future__ import annotations

import pytest

from mongorestore_async import ATLAS_CLOUD_BACKUP, FAMILIES, ConfigError, Unsupported
from mongorestore_async.cli.exit_codes import CLI_WORDINGS
from mongorestore_async.errors import HintKind, RequestContext
from mongorestore_async.families import API_PATH
from mongorestore_async.families.atlas_v2 import media_type_of
from mongorestore_async.protocol.versions import advise_on_version, check_version

V2 = [family for family in FAMILIES.values() if family.api_path == API_PATH]
OTHERS = [family for family in FAMILIES.values() if family.api_path != API_PATH]
PATH = "/groups/1/alerts"


def call(*, family="atlas-cloud-backup", version=None, path=API_PATH):
    return RequestContext("GET", f"https://cloud.example.com{path}{PATH}", family=family, version=version)


@pytest.mark.parametrize("version", ["2023-01-01", "2025-03-12", "2024-02-29", "2999-12-31", "2022-01-01", "preview"])
@pytest.mark.parametrize("family", V2, ids=str)
def test_a_date_or_preview_is_a_version(version, family):
    assert check_version(version, family, PATH) == version
    assert media_type_of(version) == f"application/vnd.atlas.{version}+json"


@pytest.mark.parametrize(
    "version",
    [
        *(
            "",
            "2025",
            "2025-3-12",
            "2025-03-12 ",
            " 2025-03-12",
            "2025-02-30",
            "2023-02-29",
            "2025-13-01",
            "0000-01-01",
        ),
        *("20250312", "2025-W11-3", "2025-03-12T00:00:00Z", "2025-03-12+json", "2025-03-12\n", "\uff12025-03-12"),
        *("PREVIEW", "upcoming", "v2", "application/vnd.atlas.2025-03-12+json", "x\r\nHost: evil"),
        *(20250312, None, b"2025-03-12", True),
    ],
)
def test_anything_else_is_no_version(version):
    with pytest.raises(
        ConfigError, match=r'must be a date such as "2025-03-12" \(YYYY-MM-DD\), or "preview"'
    ) as caught:
        check_version(version, ATLAS_CLOUD_BACKUP, PATH)

    assert len(str(caught.value)) < 160
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("family", OTHERS, ids=str)
def test_only_atlas_v2_has_versions(family):
    with pytest.raises(Unsupported, match="has no versions: leave version out, or pass a family of Atlas v2"):
        check_version("2025-03-12", family, PATH)


def test_a_path_of_v2_needs_no_family():
    assert check_version("2025-03-12", None, f"{API_PATH}/orgs") == "2025-03-12"


@pytest.mark.parametrize(
    "path", ["/orgs", "/api/atlas/v2", "/api/atlas/v2x/orgs", "/api/atlas/v1.0/x", "/x/api/atlas/v2/y"]
)
def test_another_path_without_a_family_has_none(path):
    with pytest.raises(ConfigError, match="only Atlas v2 has versions: pass a family of it"):
        check_version("2025-03-12", None, path)


REFUSALS = [(406, None), (406, "INVALID_VERSION_DATE"), (400, "INVALID_VERSION_DATE"), (415, None)]
REFUSALS += [(415, "UNSUPPORTED_MEDIA_TYPE"), (400, "UNSUPPORTED_MEDIA_TYPE"), (406, "SOMETHING_NEW")]


@pytest.mark.parametrize(("status", "code"), REFUSALS)
@pytest.mark.parametrize(
    ("asked", "said", "kind"),
    [
        (call(family=None), "none of its versions was asked for", HintKind.USE_VERSIONED_FAMILY),
        (call(), "the family atlas-cloud-backup asks for is none of", HintKind.NAME_VERSION),
        (call(version="2023-02-01"), "no version 2023-02-01 of", HintKind.PASS_OTHER_VERSION),
        (call(version="preview"), "no version preview of", HintKind.PASS_OTHER_VERSION),
        (call(family=None, version="2025-03-12"), "no version 2025-03-12 of", HintKind.PASS_OTHER_VERSION),
        (call(path="/api/public/v1.0", family="ops-manager"), "this API has no versions", HintKind.CHECK_BASE_URL),
        (call(path="/api/atlas/v1.0", family=None), "this API has no versions", HintKind.CHECK_BASE_URL),
    ],
)
def test_a_refused_version_is_advised_by_what_was_asked(status, code, asked, said, kind):
    what, hint = advise_on_version(status, code, asked)

    assert said in what
    assert hint.kind is kind
    assert (hint.kind is HintKind.USE_VERSIONED_FAMILY) == (
        asked.family is None and asked.version is None and "v2" in asked.url
    )
    assert "family=" not in CLI_WORDINGS[hint.kind]
    assert "version=" not in CLI_WORDINGS[hint.kind]


@pytest.mark.parametrize(
    ("status", "code"), [(410, None), (410, "VERSION_GONE"), (410, "RESOURCE_GONE"), (404, "VERSION_GONE")]
)
@pytest.mark.parametrize(
    ("asked", "said", "kind"),
    [
        (
            call(version="2023-01-01"),
            "version 2023-01-01 of what was called was switched off",
            HintKind.PASS_NEWER_VERSION,
        ),
        (call(family="atlas-tenant", version="2023-01-01"), "version 2023-01-01", HintKind.PASS_NEWER_VERSION),
        (call(family=None, version="2023-01-01"), "version 2023-01-01", HintKind.PASS_NEWER_VERSION),
        (call(), "use the family that replaces it, or update this package", None),
        (call(family="atlas-tenant"), "use the family atlas-flex", None),
        (call(family=None), "the vendor's changelog has what replaces it", None),
    ],
)
def test_a_version_switched_off_is_advised_alike(status, code, asked, said, kind):
    what, hint = advise_on_version(status, code, asked)

    assert said in what
    assert (None if hint is None else hint.kind) is kind


@pytest.mark.parametrize(
    ("status", "code"), [(410, "PERSONAL_API_KEYS_DEPRECATED"), (404, None), (400, "INVALID_ATTRIBUTE"), (403, None)]
)
def test_other_errors_are_not_about_versions(status, code):
    assert advise_on_version(status, code, call(version="2025-03-12")) is None
