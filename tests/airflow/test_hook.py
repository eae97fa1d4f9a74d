from __future__ import annotations

import json

import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk._shared.secrets_masker import should_hide_value_for_key
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from mongorestore_async import AsyncSession, AuthError, ConfigError, Forbidden
from mongorestore_async.airflow import RestoreHook
from mongorestore_async.airflow.provider import CONNECTION_TYPE, get_provider_info


def test_a_session_is_made_of_the_connection(emulator, connection):
    session = RestoreHook().get_conn()

    assert str(session.base_url) == emulator.url
    assert connection["password"] not in repr(session)


async def test_in_a_loop_the_connection_is_awaited(emulator, connection):
    async with await RestoreHook().aget_conn() as session:
        assert str(session.base_url) == emulator.url


def test_the_button_of_the_form_says_what_the_key_sees(emulator, connection, monkeypatch):
    assert RestoreHook().test_connection() == (True, "The key is accepted; it sees 2 projects.")
    monkeypatch.setenv("AIRFLOW_CONN_MONGORESTORE_DEFAULT", json.dumps({**connection, "password": "other-k3y"}))
    good, text = RestoreHook().test_connection()

    assert not good
    assert text.startswith(AuthError.__name__)
    assert "other-k3y" not in text


def test_a_key_without_rights_to_list_is_a_key_all_the_same(connection, monkeypatch):
    def forbidden(*_, **__):
        raise Forbidden("no rights")

    monkeypatch.setattr(AsyncSession, "projects", forbidden)

    assert RestoreHook().test_connection() == (True, "The key is accepted, but may not list projects: no rights")


def test_an_extra_with_a_name_that_is_not_masked_is_refused(monkeypatch):
    fields = {"conn_type": CONNECTION_TYPE, "extra": {"privateKey": "s3cr3t"}}
    monkeypatch.setenv("AIRFLOW_CONN_MONGORESTORE_DEFAULT", json.dumps(fields))
    with pytest.raises(ConfigError, match="privateKey") as caught:
        RestoreHook().get_conn()

    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("name", ["private_key", "client_secret", "proxy", "password"])
def test_airflow_masks_the_secret_fields(name):
    assert should_hide_value_for_key(name)


def test_airflow_would_not_mask_the_other_spelling():
    assert not should_hide_value_for_key("privateKey")


def test_airflow_finds_the_connection_type_with_its_form():
    manager = ProvidersManager()
    hook = ProvidersManagerTaskRuntime().hooks[CONNECTION_TYPE]
    widgets = manager.connection_form_widgets
    (connection,) = get_provider_info()["connection-types"]

    assert hook.hook_class_name == "mongorestore_async.airflow.restore_hook.RestoreHook"
    assert {f"extra__{CONNECTION_TYPE}__{name}" for name in connection["conn-fields"]} <= set(widgets)
    assert manager.field_behaviours[CONNECTION_TYPE]["relabeling"]["password"] == "Private key"


def test_the_hook_is_the_one_of_the_connection_type(connection):
    hook = RestoreHook.get_connection("mongorestore_default").get_hook()

    assert isinstance(hook, RestoreHook)
