"""Requests for restores of single databases and collections: what is refused before any I/O."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async import (
    AutomatedRestore,
    Checkpoint,
    CollectionRestore,
    ConfigError,
    HttpRestore,
    IndexStrategy,
    OplogTime,
    Renamed,
    Snapshot,
    Target,
    WriteStrategy,
)
from mongorestore_async.models import overwritten_by

TARGET = Target("p2", "there")
NEW = WriteStrategy.CREATE_NEW


def ask(**members):
    return CollectionRestore(**{"source": Snapshot("s"), "target": TARGET, "write": NEW, **members})


def test_names_and_renames_are_kept_in_order():
    request = ask(databases=["shop", Renamed("crm", "crm_old")], collections=["a.b.c"])

    assert request.databases == ("shop", Renamed("crm", "crm_old"))
    assert list(request.named_databases()) == [Renamed("shop", "shop"), Renamed("crm", "crm_old")]
    assert list(request.named_collections()) == [Renamed("a.b.c", "a.b.c")]
    assert request.indexes is IndexStrategy.ALL
    assert hash(request) == hash(attrs.evolve(request))


def test_what_happens_to_the_target_has_no_default():
    with pytest.raises(TypeError, match="write"):
        CollectionRestore(Snapshot("s"), TARGET, databases=["shop"])


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset, iter])
def test_entries_come_in_any_kind_of_collection(kind):
    request = ask(databases=kind(["shop"]), collections=kind(["crm.orders"]))

    assert (request.databases, request.collections) == (("shop",), ("crm.orders",))


@pytest.mark.parametrize("name", ["databases", "collections"])
@pytest.mark.parametrize("value", ["shop", b"shop", {"shop": "x"}, Renamed("a", "b"), None, 5])
def test_one_entry_is_no_sequence_of_entries(name, value):
    with pytest.raises(ConfigError, match=f"{name} must be a sequence of names, such as "):
        ask(**{name: value})


@pytest.mark.parametrize("name", ["databases", "collections"])
@pytest.mark.parametrize("entry", [None, 5, b"a.b", ("a.b", "c.d"), Target("a", "b")])
def test_an_entry_is_a_name_or_a_renaming(name, entry):
    with pytest.raises(ConfigError, match=rf"{name} must hold names and Renamed\(source, target\), not"):
        ask(**{name: [entry]})


def test_nothing_named_is_refused():
    with pytest.raises(ConfigError, match="names nothing to restore: pass databases, collections or both"):
        ask()


@pytest.mark.parametrize("name", ["databases", "collections"])
def test_each_list_takes_a_hundred_entries(name):
    entries = [f"d{number}" if name == "databases" else f"d.c{number}" for number in range(101)]

    assert len(getattr(ask(**{name: entries[:100]}), name)) == 100
    with pytest.raises(ConfigError, match=f"{name} has 101 entries, a restore takes at most 100"):
        ask(**{name: entries})


def test_both_lists_may_be_full():
    ask(databases=[f"d{n}" for n in range(100)], collections=[f"e.c{n}" for n in range(100)])


@pytest.mark.parametrize("name", ["shop", "a" * 63, "ä" * 31, "admin", "Shop-1_%", "<>*|?:", "#", "系统"])
def test_names_of_databases_that_are_allowed(name):
    ask(databases=[name, Renamed("other", f"b{name}"[:40])], collections=[f"x{name}"[:30] + ".c"])


@pytest.mark.parametrize("character", [*'/\\. "$', "\0", "\ud800"])
@pytest.mark.parametrize("place", ["source", "target"])
def test_characters_that_no_database_has(character, place):
    bad = f"sh{character}op"
    entry = bad if place == "source" else Renamed("shop", bad)
    with pytest.raises(ConfigError, match="must not contain"):
        ask(databases=[entry])


@pytest.mark.parametrize("name", ["a" * 64, "ä" * 32, "x" * 5000])
def test_a_database_has_at_most_63_bytes(name):
    with pytest.raises(ConfigError, match="the name of a database at most 63"):
        ask(databases=[name])
    with pytest.raises(ConfigError, match="the name of a database at most 63"):
        ask(collections=[f"{name}.c"])


def test_a_namespace_among_databases_is_told_where_it_belongs():
    with pytest.raises(ConfigError, match=r"must not contain '\.': a collection goes into collections"):
        ask(databases=["shop.orders"])
    with pytest.raises(ConfigError, match=r"has no dot: pass database\.collection; a database goes into databases"):
        ask(collections=["shop"])


@pytest.mark.parametrize(
    "name",
    ["a.b", "a.b.c", "a..b", "a.b ", "a. b", "a.b/c?#%", "a.é", "a.\n", "a.systems", "a.mysystem.x", "a." + "b" * 253],
)
def test_namespaces_that_are_allowed(name):
    ask(collections=[name])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a.", "names no collection"),
        (".b", "is empty"),
        (".", "is empty"),
        ("a.b$c", r"must not contain '\$'"),
        ("a.b\0", "must not contain"),
        ("a.\udfff", "must not contain"),
        ("a.system.views", "system collection"),
        ("a.b.system.x", "system collection"),
        ("a b.c", "must not contain ' '"),
        ("a." + "b" * 254, "has 256 bytes, a namespace at most 255"),
        ("a." + "é" * 127, "has 256 bytes"),
    ],
)
def test_namespaces_that_no_collection_has(name, why):
    with pytest.raises(ConfigError, match=why):
        ask(collections=[name])
    with pytest.raises(ConfigError, match=why):
        ask(collections=[Renamed("a.b", name)])


@pytest.mark.parametrize("entry", ["", Renamed])
def test_empty_names_are_refused(entry):
    with pytest.raises(ConfigError, match="empty"):
        ask(databases=[entry("a", "") if entry is Renamed else entry])
    with pytest.raises(ConfigError, match="empty"):
        ask(collections=[entry("", "a.b") if entry is Renamed else entry])


@pytest.mark.parametrize("value", [None, 5, b"a"])
def test_a_renaming_is_of_two_texts(value):
    with pytest.raises(ConfigError, match=r"Renamed\.source must be a str"):
        Renamed(value, "a")
    with pytest.raises(ConfigError, match=r"Renamed\.target must be a str"):
        Renamed("a", value)


@pytest.mark.parametrize(
    "members",
    [
        {"databases": ["shop", "shop"]},
        {"databases": ["shop", Renamed("crm", "shop")]},
        {"databases": ["shop", "SHOP"]},
        {"databases": [Renamed("a", "x"), Renamed("b", "X")]},
        {"collections": ["a.b", "a.b"]},
        {"collections": ["a.b", Renamed("c.d", "a.b")]},
        {"collections": ["a.b", Renamed("c.d", "A.b")]},
        {"collections": [Renamed("a.b", "x.y"), Renamed("c.d", "x.y")], "collection_suffix": "_1"},
        {"databases": ["shop"], "collections": ["shop.orders"]},
        {"databases": [Renamed("shop", "old")], "collections": [Renamed("shop.orders", "old.orders")]},
    ],
)
def test_two_entries_do_not_end_at_one_name(members):
    with pytest.raises(ConfigError, match="under the same name"):
        ask(**members)


@pytest.mark.parametrize(
    "members",
    [
        {"collections": ["a.b", "a.B"]},
        {"collections": ["a.b", "b.b"]},
        {"collections": ["a.b", Renamed("a.b", "a.c")]},
        {"databases": ["shop"], "collections": [Renamed("shop.orders", "shop.orders_old")]},
        {"databases": [Renamed("shop", "old")], "collections": ["shop.orders"]},
        {"databases": ["shop"], "collections": ["crm.orders"]},
        {"databases": [Renamed("a", "b"), Renamed("b", "a")]},
    ],
)
def test_names_that_differ_are_left_to_the_server(members):
    ask(**members)


@pytest.mark.parametrize("field", ["database_suffix", "collection_suffix"])
@pytest.mark.parametrize("suffix", [5, b"_1", ("_1",)])
def test_a_suffix_is_text(field, suffix):
    with pytest.raises(ConfigError, match=f"{field} must be a str, or None for no suffix"):
        ask(databases=["a"], **{field: suffix})


@pytest.mark.parametrize("field", ["database_suffix", "collection_suffix"])
def test_an_empty_suffix_is_left_out(field):
    with pytest.raises(ConfigError, match=f"the {field.replace('_', ' ')} is empty: leave it out"):
        ask(databases=["a"], **{field: ""})


@pytest.mark.parametrize("character", [*'/\\. "$', "\0", "\ud800"])
def test_characters_that_no_suffix_of_databases_has(character):
    with pytest.raises(ConfigError, match=r"the database suffix .* must not contain"):
        ask(collections=["a.b"], database_suffix=f"_{character}")


@pytest.mark.parametrize(
    ("suffix", "why"),
    [("$", "must not contain"), ("\0", "must not contain"), (".system.x", "system"), ("x" * 253, "bytes")],
)
def test_what_no_suffix_of_collections_is(suffix, why):
    with pytest.raises(ConfigError, match=f"the collection suffix .*{why}"):
        ask(databases=["a"], collection_suffix=suffix)


@pytest.mark.parametrize("suffix", ["_1", ".bak", " 2", "/é", "system."])
def test_suffixes_of_collections_that_are_allowed(suffix):
    ask(databases=["a"], collections=["b.c"], collection_suffix=suffix)


def test_names_fit_with_their_suffixes():
    ask(databases=["a" * 60], collections=["b" * 60 + "." + "c" * 188], database_suffix="_22", collection_suffix="_33")
    with pytest.raises(ConfigError, match=r"the database with its suffix .* has 64 bytes"):
        ask(databases=["a" * 61], database_suffix="_22")
    with pytest.raises(ConfigError, match=r"the database of the collection with its suffixes .* has 64 bytes"):
        ask(collections=["a" * 61 + ".c"], database_suffix="_22")
    with pytest.raises(ConfigError, match=r"the collection with its suffixes .* has 256 bytes"):
        ask(collections=["a." + "c" * 251], collection_suffix="_33")
    with pytest.raises(ConfigError, match=r"the collection with its suffixes .* has 256 bytes"):
        ask(collections=["a." + "c" * 251], database_suffix="_33")
    with pytest.raises(ConfigError, match="system collection"):
        ask(collections=["a.b.system"], collection_suffix=".x")


@pytest.mark.parametrize("source", [Checkpoint("k"), "s", None])
def test_it_restores_from_snapshots_and_moments_only(source):
    with pytest.raises(ConfigError, match="source must be one of Snapshot, PointInTime, OplogTime, not"):
        ask(source=source, databases=["a"])


@pytest.mark.parametrize("target", [None, "there", ("p2", "there")])
def test_it_goes_into_a_target(target):
    with pytest.raises(ConfigError, match="target must be a Target, not"):
        ask(target=target, databases=["a"])


@pytest.mark.parametrize("value", ["CREATE_NEW", "MERGE", None, True, IndexStrategy.ALL])
def test_the_write_strategy_is_one_of_two(value):
    with pytest.raises(ConfigError, match=r"one of WriteStrategy\.CREATE_NEW, WriteStrategy\.OVERWRITE_EXISTING, not"):
        ask(databases=["a"], write=value)


@pytest.mark.parametrize("value", ["ALL", "SOME", None, True, WriteStrategy.CREATE_NEW])
def test_the_index_strategy_is_one_of_three(value):
    with pytest.raises(ConfigError, match=r"one of IndexStrategy\.ALL, IndexStrategy\.NONE, IndexStrategy\.ALL_EXCEPT"):
        ask(databases=["a"], indexes=value)


def test_only_what_drops_data_overwrites_its_target():
    request = ask(databases=["a"])

    assert overwritten_by(request) is None
    assert overwritten_by(attrs.evolve(request, write=WriteStrategy.OVERWRITE_EXISTING)) == TARGET
    assert overwritten_by(AutomatedRestore(OplogTime(1, 1), TARGET)) == TARGET
    assert overwritten_by(HttpRestore.on_server_terms("s")) is None


@given(st.lists(st.text(max_size=70), max_size=4), st.lists(st.text(max_size=300), max_size=4))
def test_any_names_are_taken_or_refused_as_bad_input(databases, collections):
    try:
        request = ask(databases=databases, collections=collections)
    except ConfigError as error:
        str(error).encode()  # can be shown
        return
    assert all(0 < len(name.encode()) < 64 for name in request.databases)
    assert all("." in name and len(name.encode()) < 256 for name in request.collections)
    ends = [entry.target for entry in (*request.named_databases(), *request.named_collections())]
    assert len(ends) == len(set(ends))
