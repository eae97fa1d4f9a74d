#!/usr/bin/env bash
# msgspec rounds the seventh decimal of an RFC 3339 second, so an instant can move into the next day or year; the
# standard library, and with it cattrs' ISO strategy, and pydantic cut it off. Two readers of one document disagree.
#
# Where it matters: snapshots and restore jobs are chosen by "before this moment". A timestamp of 23:59:59.9999996Z
# sorts behind midnight in a program that decodes with msgspec and before it in one that does not, and the last such
# instant of the year 9999, a common "never", is refused by msgspec alone.
#
# Seen on 2026-11-29 with Python 3.11.7, msgspec 0.22.0, pydantic 2.14.4, cattrs 26.2.1:
#   2026-12-31T23:59:59.9999996Z msgspec  2027-01-01T00:00:00+00:00
#   2026-12-31T23:59:59.9999996Z stdlib   2026-12-31T23:59:59.999999+00:00
#   2026-12-31T23:59:59.9999996Z cattrs   2026-12-31T23:59:59.999999+00:00
#   2026-12-31T23:59:59.9999996Z pydantic 2026-12-31T23:59:59.999999+00:00
#   9999-12-31T23:59:59.9999996Z msgspec  ValidationError
#   9999-12-31T23:59:59.9999996Z stdlib   9999-12-31T23:59:59.999999+00:00
#   9999-12-31T23:59:59.9999996Z cattrs   9999-12-31T23:59:59.999999+00:00
#   9999-12-31T23:59:59.9999996Z pydantic 9999-12-31T23:59:59.999999+00:00
# Fails when any of these lines changes.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msgspec==0.22.0 pydantic==2.14.4 cattrs==26.2.1

"$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import json
from datetime import datetime

import msgspec
from cattrs.preconf.json import make_converter
from pydantic import TypeAdapter

converter = make_converter()
readers = {
    "msgspec": lambda body: msgspec.json.decode(body, type=datetime),
    "stdlib": lambda body: datetime.fromisoformat(json.loads(body)),
    "cattrs": lambda body: converter.loads(body, datetime),
    "pydantic": lambda body: TypeAdapter(datetime).validate_json(body),
}
for year in (2026, 9999):
    text = f"{year}-12-31T23:59:59.9999996Z"
    for name, read in readers.items():
        try:
            seen = read(json.dumps(text).encode()).isoformat()
        except Exception as error:
            seen = type(error).__name__
        print(f"{text} {name:8} {seen}")
PYTHON

cat "$folder/seen"
sed -n 's/^#   \([0-9].*\)$/\1/p' "$0" | diff - "$folder/seen"
