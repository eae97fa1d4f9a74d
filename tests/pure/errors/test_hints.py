"""Advice as data: every kind has Python's words, is joined to the problem, and travels with its error."""

from __future__ import annotations

import copy
import pickle

import pytest

from mongorestore_async import errors
from mongorestore_async.errors import ConfigError, Finding, Hint, HintKind, RestoreError, Rule
from mongorestore_async.errors.hints import PYTHON_WORDINGS, add_advice

#: Values of the kinds that need some, as the library sets them.
VALUES = {
    HintKind.CONFIRM_OVERWRITE: {"project_id": "p", "cluster": "c", "is_source": False},
    HintKind.LEAVE_OUT: {"argument": "batch_id"},
    HintKind.PASS_INSTEAD: {"argument": "expiration_hours"},
    HintKind.USE_FAMILY: {"family": "cloud-manager"},
    HintKind.USE_VARIANT: {"variants": ("HttpRestore", "Snapshot")},
}


@pytest.mark.parametrize("kind", HintKind)
def test_every_kind_has_a_sentence_in_pythons_words(kind):
    text = str(Hint(kind, VALUES.get(kind, {})))

    assert text == text.strip().rstrip(".")
    assert text.isprintable()
    assert "--" not in text
    assert not {"{", "}"} & set(text)
    assert kind in PYTHON_WORDINGS


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (HintKind.LEAVE_OUT, "leave batch_id out"),
        (HintKind.USE_FAMILY, "use CLOUD_MANAGER"),
        (HintKind.USE_VARIANT, "use one of HttpRestore, Snapshot"),
        (
            HintKind.CONFIRM_OVERWRITE,
            "restore into another cluster, or confirm with overwrite=Target(project_id='p', cluster='c')",
        ),
    ],
)
def test_values_are_put_into_the_sentence(kind, text):
    assert str(Hint(kind, VALUES[kind])) == text


def test_values_are_never_read_as_a_format_themselves():
    assert str(Hint(HintKind.LEAVE_OUT, {"argument": "{0}{x}"})) == "leave {0}{x} out"


def test_another_interface_has_sentences_of_its_own():
    hint = Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"})

    assert hint.render({HintKind.LEAVE_OUT: "drop the field {argument}"}) == "drop the field batch_id"
    assert hint.render({HintKind.LEAVE_OUT: lambda values: values["argument"].upper()}) == "BATCH_ID"
    assert hint.render({}) == ""


@pytest.mark.parametrize(
    ("problem", "advice", "text"),
    [
        ("it failed", "do this", "it failed; do this"),
        ("it failed:", "do this", "it failed: do this"),
        ("It failed.", "do this", "It failed. Do this"),
        ("it failed", "", "it failed"),
        ("it failed:", "", "it failed"),
        ("It failed.", "", "It failed."),
    ],
)
def test_advice_follows_the_problem(problem, advice, text):
    assert add_advice(problem, advice) == text


def test_an_error_says_its_problem_and_its_hint():
    error = ConfigError("no such filter", hint=Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"}), resume_at=2)

    assert error.problem == "no such filter"
    assert error.message == "no such filter; leave batch_id out"
    assert str(error) == "no such filter; leave batch_id out (resume with starting_at=2)"
    assert RestoreError("no such filter").hint is None


def pickled(error):
    return pickle.loads(pickle.dumps(error))  # noqa: S301


EVERY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RestoreError)]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_a_hint_travels_with_every_kind_of_error(kind, again):
    error = kind("what", hint=Hint(HintKind.LEAVE_OUT, {"argument": "batch_id"}))

    assert again(error).hint == error.hint
    assert str(again(error)) == str(error) == "what; leave batch_id out"
    assert vars(again(error)) == vars(error)


def test_values_of_a_hint_are_its_own():
    values = {"argument": "limit"}
    hint = Hint(HintKind.LEAVE_OUT, values)
    values["argument"] = "other"

    assert str(hint) == "leave limit out"


def test_a_finding_with_a_hint_can_stand_in_a_set():
    def found(cluster):
        hint = Hint(HintKind.CONFIRM_OVERWRITE, {**VALUES[HintKind.CONFIRM_OVERWRITE], "cluster": cluster})
        return Finding(Rule.GUARD, "refused", hint=hint)

    assert {found("c"), found("c"), found("d")} == {found("c"), found("d")}
