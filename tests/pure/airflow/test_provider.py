from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import mongorestore_async
from mongorestore_async.airflow.provider import CONNECTION_TYPE, get_provider_info

PACKAGE = Path(mongorestore_async.__file__).parent


def test_the_entry_point_names_it():
    (found,) = (
        point
        for point in metadata.distribution("mongorestore-async").entry_points
        if point.group == "apache_airflow_provider"
    )

    assert found.load() is get_provider_info


def test_every_module_that_it_names_is_there():
    info = get_provider_info()
    groups = (*info["operators"], *info["hooks"], *info["triggers"])
    modules = [module for group in groups for module in group["python-modules"]]
    (connection,) = info["connection-types"]
    modules += [connection["hook-class-name"].rpartition(".")[0], *(x.rpartition(".")[0] for x in info["extra-links"])]

    assert connection["connection-type"] == CONNECTION_TYPE
    assert [m for m in modules if not (PACKAGE.parent / Path(*m.split(".")).with_suffix(".py")).exists()] == []


def test_secret_fields_have_names_that_airflow_masks():
    (connection,) = get_provider_info()["connection-types"]
    secret = [n for n, field in connection["conn-fields"].items() if field["schema"].get("format") == "password"]

    assert secret == ["client_secret", "proxy"]
    assert all(any(word in name for word in ("secret", "proxy", "private_key")) for name in secret)


def test_reading_it_loads_neither_airflow_nor_the_http_library():
    program = """
import sys
from mongorestore_async.airflow.provider import get_provider_info
get_provider_info()
print(sorted({"airflow", "aiohttp", "asyncio"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
