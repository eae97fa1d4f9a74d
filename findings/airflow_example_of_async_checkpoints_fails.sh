#!/usr/bin/env bash
# Airflow 3.3.2 ships an example of an async task that resumes from its checkpoints. It never gets to the first one: the
# state of a task has no "aget" in that release, only the state of an asset has.
#
# Where it matters: the state that the tries of a task share is what keeps a task that is killed from doing its work
# twice. Who writes an async task after the example gets an AttributeError in every try, in the place where the note of
# the work was to be made. The blocking get, set and delete work; between awaits of one's own loop they do no harm.
#
# Seen on 2026-11-29 with Python 3.11.7, apache-airflow 3.3.2, apache-airflow-task-sdk 1.3.2:
#   state of a task   aclear no adelete no aget no aset no clear yes delete yes get yes set yes
#   state of an asset aclear yes adelete yes aget yes aset yes clear yes delete yes get yes set yes
#   example_task_state_store_async 'TaskStateStoreAccessor' object has no attribute 'aget'
# Fails when any of these lines changes. Takes some minutes: it installs 130 packages and runs a DAG.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apache-airflow==3.3.2 apache-airflow-core==3.3.2 \
    apache-airflow-task-sdk==1.3.2 apache-airflow-providers-standard==1.21.0 apache-airflow-providers-common-compat==1.23.0

example=example_task_state_store_async
export AIRFLOW_HOME="$folder/home" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER="$folder/dags"
mkdir "$folder/dags"
cp "$("$folder/venv/bin/python" -c "from importlib.util import find_spec as f; print(f('airflow').origin)" |
    xargs dirname)/example_dags/$example.py" "$folder/dags"
"$folder/venv/bin/airflow" db migrate >"$folder/migrate.log" 2>&1
"$folder/venv/bin/airflow" dags reserialize >>"$folder/migrate.log" 2>&1

{
    "$folder/venv/bin/python" - <<'PYTHON'
from airflow.sdk.execution_time.context import AssetStateStoreAccessor, TaskStateStoreAccessor

NAMES = ("aclear", "adelete", "aget", "aset", "clear", "delete", "get", "set")
for title, kind in (("state of a task  ", TaskStateStoreAccessor), ("state of an asset", AssetStateStoreAccessor)):
    print(title, " ".join(f"{name} {'yes' if hasattr(kind, name) else 'no'}" for name in NAMES))
PYTHON
    "$folder/venv/bin/airflow" dags test "$example" >"$folder/test.log" 2>&1 || true
    grep -o "'TaskStateStoreAccessor' object has no attribute 'aget'" "$folder/test.log" | sed "s/^/$example /" | head -n 1
} >"$folder/seen"

cat "$folder/seen"
sed -n 's/^#   \([a-z].*\)$/\1/p' "$0" | diff - "$folder/seen"
