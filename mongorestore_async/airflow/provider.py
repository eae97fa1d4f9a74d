"""What Airflow asks a provider package: its connection type with the fields of the form, its operators and links."""

from __future__ import annotations

from typing import Any

from mongorestore_async.version import __version__

__all__ = ["CONNECTION_TYPE", "DEFAULT_CONNECTION", "get_provider_info"]

#: How connections of this kind are called; in a URI its underscores are hyphens.
CONNECTION_TYPE = "mongorestore_async"

#: Connection of a task that names none.
DEFAULT_CONNECTION = "mongorestore_default"

_ROOM = "mongorestore_async.airflow"
_OPERATORS = ("create_operator", "download_operator", "fleet_report_operator", "list_operator", "wait_operator")
_INTEGRATION = "MongoDB restore jobs"


def _field(label: str, kind: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "schema": {"type": [kind, "null"], **schema}, "description": description}


def get_provider_info() -> dict[str, Any]:
    """Describe this provider (entry point ``apache_airflow_provider``). Loads neither Airflow nor an HTTP library."""
    modules = [f"{_ROOM}.{name}" for name in _OPERATORS]
    return {
        "package-name": "mongorestore-async",
        "name": _INTEGRATION,
        "description": "Restore jobs of MongoDB Ops Manager, Cloud Manager and Atlas.",
        "versions": [__version__],
        "integrations": [{"integration-name": _INTEGRATION, "external-doc-url": "", "tags": ["service"]}],
        "operators": [{"integration-name": _INTEGRATION, "python-modules": modules}],
        "hooks": [{"integration-name": _INTEGRATION, "python-modules": [f"{_ROOM}.restore_hook"]}],
        "triggers": [{"integration-name": _INTEGRATION, "python-modules": [f"{_ROOM}.restore_trigger"]}],
        "extra-links": [f"{_ROOM}.operator_base.RestoreJobLink"],
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": f"{_ROOM}.restore_hook.RestoreHook",
                "hook-name": _INTEGRATION,
                "conn-fields": _form(),
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "extra"],
                    "relabeling": {"host": "Base URL", "login": "Public key", "password": "Private key"},
                    "placeholders": {"host": "https://cloud.mongodb.com"},
                },
            }
        ],
    }


def _form() -> dict[str, Any]:
    """Fields beside the standard ones. Airflow's masker knows secrets by their names, so these are chosen for it."""
    secret = {"format": "password"}
    return {
        "client_id": _field("Client id", "string", "Of a service account, in place of an API key."),
        "client_secret": _field("Client secret", "string", "Of a service account.", **secret),
        "ca_file": _field("CA file", "string", "PEM file with the CA certificates to trust."),
        "proxy": _field("Proxy", "string", "URL of an HTTP proxy.", **secret),
        "timeout": _field("Timeout", "number", "Deadline of one call, seconds.", exclusiveMinimum=0),
        "max_in_flight": _field("Calls in flight", "integer", "At most so many at once.", minimum=1),
        "strict_certificates": _field("Strict certificates", "boolean", "Strict checks of RFC 5280.", default=True),
    }
