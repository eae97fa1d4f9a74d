"""The environment variables of MongoDB's own tools, by the names that their settings have in profiles."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mongorestore_async.models.secret import hide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "BASE_URL_NAMES",
    "CLIENT_ID_NAMES",
    "CLIENT_SECRET_NAMES",
    "PRIVATE_KEY_NAMES",
    "PROFILE_NAMES",
    "PUBLIC_KEY_NAMES",
    "VARIABLES_OF",
    "first_set",
    "has_login",
]

#: Variables an API key is read from, the first that is set counting.
PUBLIC_KEY_NAMES = ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PUBLIC_KEY", "MCLI_PUBLIC_API_KEY")
PRIVATE_KEY_NAMES = ("MONGODB_ATLAS_PRIVATE_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY", "MCLI_PRIVATE_API_KEY")
CLIENT_ID_NAMES = ("MONGODB_ATLAS_CLIENT_ID",)
CLIENT_SECRET_NAMES = ("MONGODB_ATLAS_CLIENT_SECRET",)
BASE_URL_NAMES = ("MONGODB_ATLAS_BASE_URL", "MONGODB_ATLAS_OPS_MANAGER_URL", "MCLI_OPS_MANAGER_URL")
#: The profile to read.
PROFILE_NAMES = ("MONGODB_ATLAS_PROFILE", "MCLI_PROFILE")

#: The variables that a setting of a profile is read from before the profile is.
VARIABLES_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "access_token": ("MONGODB_ATLAS_ACCESS_TOKEN",),
        "client_id": CLIENT_ID_NAMES,
        "client_secret": CLIENT_SECRET_NAMES,
        "public_api_key": PUBLIC_KEY_NAMES,
        "private_api_key": PRIVATE_KEY_NAMES,
        "ops_manager_url": BASE_URL_NAMES,
        "ops_manager_ca_certificate": ("MCLI_OPS_MANAGER_CA_CERTIFICATE",),
        "ops_manager_skip_verify": ("MCLI_OPS_MANAGER_SKIP_VERIFY",),
        "service": ("MONGODB_ATLAS_SERVICE", "MCLI_SERVICE"),
    }
)

#: The settings of each kind of login, in the order of MongoDB's Terraform provider.
_LOGINS = (("access_token",), ("client_id", "client_secret"), ("public_api_key", "private_api_key"))


def first_set(environ: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Give the first of several variables that is set, as a hidden value. An empty variable counts as unset."""
    return next((hide(environ[name]) for name in names if environ.get(name)), None)


def has_login(environ: Mapping[str, str], profile: Mapping[str, str] | None = None) -> bool:
    """Whether the environment, or it and the settings of a profile, have all that one kind of login needs."""
    more = profile or {}
    return any(all(more.get(name) or any(map(environ.get, VARIABLES_OF[name])) for name in login) for login in _LOGINS)
