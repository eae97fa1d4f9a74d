"""The hunt for secrets: pictures of everything Python can show, searched once all secrets are known."""

from __future__ import annotations

import contextlib
import copy
import logging
import pickle
import pprint
import traceback
import warnings
from pathlib import Path

import mongorestore_async

__all__ = ["Hunt", "exported", "hunting", "is_ours"]


_OURS = str(Path(mongorestore_async.__file__).parent)


def is_ours(file_name: str) -> bool:
    """Whether a frame runs code of the library, what attrs and the codec generate for it included."""
    return file_name.startswith((_OURS, "<attrs generated", "<copy of"))


def exported(value: object, depth: int = 6) -> str:
    """Write a local variable as elastic-apm does: any text as it is, of subclasses as well; the rest by repr."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if depth and isinstance(value, dict):
        return " ".join(f"{key}={exported(item, depth - 1)}" for key, item in value.items())
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return " ".join(exported(item, depth - 1) for item in value)
    return repr(value)


class Hunt:
    """Pictures of everything, to be searched once all secrets are known."""

    def __init__(self) -> None:
        self.pictures: list[tuple[str, str]] = []
        self.secrets: dict[str, str] = {}

    def text(self, where: str, text: str) -> None:
        self.pictures.append((where, text))

    def thing(self, where: str, thing: object) -> None:
        """Take every picture of an object that Python offers."""
        self.text(f"repr of {where}", f"{thing!r} {pprint.pformat(thing)} {[thing]}")
        if not isinstance(thing, str):
            self.text(f"str of {where}", f"{thing} {thing!s}")
        if hasattr(thing, "__dict__"):
            self.text(f"vars of {where}", repr(vars(thing)))
        for name, change in (("copy", copy.copy), ("deepcopy", copy.deepcopy)):
            try:
                changed = change(thing)
            except (TypeError, AttributeError) as error:
                self.text(f"refused {name} of {where}", repr(error))
            else:
                self.text(f"{name} of {where}", f"{changed!r} {getattr(changed, '__dict__', None)!r}")
        for protocol in (0, 2, pickle.HIGHEST_PROTOCOL):
            try:
                stored = pickle.dumps(thing, protocol)
            except (TypeError, AttributeError, pickle.PicklingError) as error:
                self.text(f"refused pickle of {where}", repr(error))
            else:
                self.text(f"pickle {protocol} of {where}", stored.decode("latin-1"))

    def error(self, where: str, error: BaseException) -> None:
        """Take pictures of an error, of all it hangs together with, and of the locals of every frame."""
        self.thing(where, error)
        seen: set[int] = set()
        todo: list[BaseException | None] = [error]
        while todo:
            each = todo.pop()
            if each is None or id(each) in seen:
                continue
            seen.add(id(each))
            name = f"{type(each).__name__} of {where}"
            self.text(f"repr of {name}", f"{each!r} {each} {each.args!r} {getattr(each, '__notes__', None)!r}")
            self.text(f"vars of {name}", repr(vars(each)))
            lines = traceback.TracebackException.from_exception(each, capture_locals=True).format()
            self.text(f"traceback of {name}", "".join(lines))
            for frame, _ in traceback.walk_tb(each.__traceback__):
                if is_ours(frame.f_code.co_filename):
                    where_in = f"exported locals of {frame.f_code.co_qualname} in {name}"
                    self.text(where_in, exported(dict(frame.f_locals)))
            todo += [each.__cause__, each.__context__, *(arg for arg in each.args if isinstance(arg, BaseException))]
            todo += [value for value in vars(each).values() if isinstance(value, BaseException)]

    def hits(self) -> list[str]:
        assert self.secrets
        assert all(len(secret) > 7 for secret in self.secrets.values())
        return sorted(
            {
                f"{name} in {where}"
                for where, text in self.pictures
                for name, secret in self.secrets.items()
                if secret in text
            }
        )


@contextlib.contextmanager
def hunting():
    """Watch all loggers at DEBUG, warnings and the exception handler of the loop; fail the test on any hit."""
    hunt = Hunt()
    records: list[logging.LogRecord] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler = Handler(logging.DEBUG)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            yield hunt
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    for record in records:
        if record.name == "aiohttp.server":
            continue  # the emulator's, which runs in this process and was sent our answers
        hunt.text(f"log record of {record.name}", f"{record.getMessage()} {vars(record)!r}")
        if record.exc_info and record.exc_info[1] is not None:
            hunt.error(f"log record of {record.name}", record.exc_info[1])
    for warning in warned:
        hunt.text("warning", str(warning))
    assert any(record.name.startswith("mongorestore_async") for record in records)
    assert len(hunt.pictures) > 20
    hits = hunt.hits()
    assert hits == [], "\n".join(hits)
