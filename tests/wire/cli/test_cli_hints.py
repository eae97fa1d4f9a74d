"""The hints of errors in the words of the command line: its own options, and no names of Python."""

from __future__ import annotations

import re

import pytest

from mongorestore_async import CLOUD_MANAGER, FAMILIES, AutomatedRestore, HttpRestore, Rule, Snapshot, Target
from mongorestore_async.cli.cluster_options import VARIABLES, ClusterOptions
from mongorestore_async.cli.creates.safety_options import SafetyOptions
from mongorestore_async.cli.entry import make_app
from mongorestore_async.cli.exit_codes import CLI_WORDINGS, error_text, explain
from mongorestore_async.errors import (
    ConfigError,
    Finding,
    Hint,
    HintKind,
    NotUnique,
    PaginationError,
    ProtectedTarget,
    RequestContext,
    ResumePoint,
)
from mongorestore_async.errors.hints import PYTHON_WORDINGS
from mongorestore_async.settings.variables import VARIABLES_OF

#: Hints with the values that the library sets, each variant once.
HINTS = [
    *(Hint(kind) for kind in HintKind if not callable(PYTHON_WORDINGS[kind]) and "{" not in PYTHON_WORDINGS[kind]),
    Hint(HintKind.CONFIRM_OVERWRITE, {"project_id": "p", "cluster": "c", "is_source": False}),
    Hint(HintKind.CONFIRM_OVERWRITE, {"project_id": "p", "cluster": "c", "is_source": True}),
    *(Hint(HintKind.LEAVE_OUT, {"argument": name}) for name in ("batch_id", "sharded", "completed")),
    Hint(HintKind.PASS_INSTEAD, {"argument": "expiration_hours"}),
    Hint(HintKind.USE_FAMILY, {"family": CLOUD_MANAGER.name}),
    *(
        Hint(HintKind.USE_VARIANT, {"variants": tuple(sorted(kind.__name__ for kind in family.creates))})
        for family in FAMILIES.values()
    ),
]
OTHER_VARIABLES = {"HTTPS_PROXY", *(name for names in VARIABLES_OF.values() for name in names)}


def options_of(app):
    """All names of options of an application and its commands."""
    if app.default_command is not None:
        for argument in app.assemble_argument_collection():
            yield from argument.names
    for name in app:
        if name not in {"--help", "-h", "--version"} and name != "emulator":
            yield from options_of(app[name])


@pytest.fixture(scope="module")
def known_options():
    found = set(options_of(make_app()))
    assert {"--batch-id", "--overwrite-source", "--check-gzip", "--per-project"} <= found
    return found


@pytest.mark.parametrize("kind", HintKind)
def test_every_kind_has_a_sentence_and_is_tried_here(kind):
    assert kind in CLI_WORDINGS
    assert kind in {hint.kind for hint in HINTS}


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_a_hint_names_options_and_variables_that_exist(hint, known_options):
    text = hint.render(CLI_WORDINGS)

    assert set(re.findall(r"(?<!\S)\(?(--[\w-]+)", text)) <= known_options
    assert set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", text)) <= {*VARIABLES, *OTHER_VARIABLES}


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_a_hint_has_no_names_of_python(hint):
    text = hint.render(CLI_WORDINGS)

    assert text == text.strip().rstrip(".")
    assert not re.search(r"\w\(|\w=|=\w|session|Options|[a-z]_[a-z]|\{|\}", text)
    assert not re.search(r"HttpRestore|AutomatedRestore|OplogTime|PointInTime", text)


def test_an_error_is_told_with_its_hint_its_call_and_its_page():
    error = ConfigError(
        "no batch filter",
        hint=Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"}),
        request=RequestContext(method="GET", url="http://om/x"),
        resume_at=3,
    )

    assert explain(error) == "no batch filter; leave --batch-id out [GET http://om/x] (resume with --page 3)"
    assert str(error).startswith("no batch filter; leave batch_id out [GET")


@pytest.mark.parametrize(
    ("argument", "option"), [("completed", "--all"), ("sharded", "--sharded"), ("batch_id", "--batch-id")]
)
def test_arguments_are_called_by_their_options(argument, option):
    assert Hint(HintKind.LEAVE_OUT, {"argument": argument}).render(CLI_WORDINGS) == f"leave {option} out"


def test_texts_in_an_error_are_not_taken_for_python_names():
    # The command line once replaced such words wherever they stood in a message.
    error = NotUnique("the cluster 'leave batch_id out' has until='finished'", hint=Hint(HintKind.WAIT_FOR_RUNNING))

    assert error_text(error).startswith(
        "the cluster 'leave batch_id out' has until='finished'; wait for them with mongo"
    )


def test_a_finding_is_told_in_the_same_words():
    hint = Hint(HintKind.CONFIRM_OVERWRITE, {"project_id": "p", "cluster": "c", "is_source": True})
    finding = Finding(Rule.GUARD, "it is the source:", hint=hint)

    assert error_text(finding) == "it is the source: restore into another cluster, or pass --overwrite-source"
    assert finding.words.endswith("confirm with overwrite=Target(project_id='p', cluster='c')")


def test_command_line_and_library_guards_give_the_same_advice(place, call, emulator):
    own = emulator.world.first("replica-set")
    words = ("create", *place(), "--snapshot-id", emulator.world.snapshots.id(own), "--target-cluster-id", own.id)

    refused, dry = call(*words, "--yes"), call(*words, "--dry-run")

    advice = "and it is the source cluster of the backup: restore into another cluster, or pass --overwrite-source\n"
    assert (refused.code, dry.code) == (2, 1)
    assert refused.err.endswith(advice)
    assert dry.err.endswith(advice)


@pytest.mark.parametrize("protected", [("p/c",), ("p/*",)])
def test_a_protected_target_is_reported_with_its_option(protected):
    request = AutomatedRestore(Snapshot("s"), Target("p", "c"))
    source = ClusterOptions(family="cloud-manager", project_id="p", cluster_id="other")

    with pytest.raises(ProtectedTarget) as caught:
        SafetyOptions(protect=protected, yes=True).check(source, request)

    assert "--protect" in error_text(caught.value)
    assert SafetyOptions(protect=protected).check(source, HttpRestore.on_server_terms("s")) is None


def test_the_page_to_resume_at_comes_with_its_size():
    error = PaginationError("its paging is broken", resume_at=ResumePoint(3, 10))

    assert explain(error) == "its paging is broken (resume with --page 3 --items-per-page 10)"
