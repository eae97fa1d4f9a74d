"""Values that must not be seen."""

import copy
import io
import json
import pickle
import traceback
import tracemalloc
from time import process_time

import pytest

from mongorestore_async.models import RawDocument, RawList, Secret, redact
from mongorestore_async.models.document import conceal, reveal
from mongorestore_async.models.secret import MAX_DEPTH, REDACTED, SECRET_FIELDS, hide, hide_document, hide_each, unhide

KEY = "OTY0ZmFiNmEzZjEz"
DOCUMENT = {
    "id": "1",
    "delivery": {"url": f"https://host/{KEY}/a.tar.gz", "authValue": KEY, "maxDownloads": 1},
    "deliveryUrl": [f"https://host/{KEY}"],
    "components": [{"downloadUrl": KEY, "privateDownloadDeliveryUrls": [{"deliveryUrl": KEY, "endpointId": "vpce"}]}],
    "links": [{"href": "https://host", "rel": "self"}],
    "big": 10**30,
}


def nested(depth):
    value = KEY
    for _ in range(depth):
        value = {"url": value}
    return value


class TestSecret:
    def test_is_the_text_itself(self):
        secret = Secret(KEY)

        assert secret == KEY
        assert str(secret) == f"{secret}" == KEY
        assert type(str(secret)) is str
        assert json.dumps(secret) == f'"{KEY}"'
        assert hash(secret) == hash(KEY)

    def test_shows_nothing_in_repr_also_inside_containers(self):
        assert repr(Secret(KEY)) == "Secret('**redacted**')"
        assert KEY not in repr([Secret(KEY)]) + repr({"a": (Secret(KEY),)}) + f"{Secret(KEY)!r}"

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_is_redacted_by_pickle(self, protocol, pickled):
        stored, again = pickled(Secret(KEY), protocol)

        assert KEY.encode() not in stored
        assert again == REDACTED
        assert type(again) is Secret

    @pytest.mark.parametrize(
        "make",
        [
            lambda secret: secret[:80],
            lambda secret: secret[::2] + secret[1::2],
            lambda secret: secret[3],
            lambda secret: secret + "x",
            lambda secret: "https://" + secret,
            lambda secret: secret * 2,
            lambda secret: 2 * secret,
            lambda secret: secret % (),
            lambda secret: "Bearer %s" % secret,  # noqa: UP031 - the operator is the case
            lambda secret: "%(a)s" % {"a": 1} + secret,  # noqa: UP031
            lambda secret: secret.strip().upper().lower(),
            lambda secret: secret.replace("O", "0"),
            lambda secret: secret.rjust(200).removeprefix(" "),
            lambda secret: secret.format(),
            lambda secret: secret.join("ab"),
            lambda secret: secret.translate({}),
        ],
    )
    def test_what_is_made_of_it_stays_secret(self, make):
        made = make(Secret(KEY))

        assert type(made) is Secret
        assert repr(made) == "Secret('**redacted**')"

    @pytest.mark.parametrize("name", ["split", "rsplit", "partition", "rpartition", "splitlines"])
    def test_its_pieces_stay_secret(self, name):
        secret = Secret(f"{KEY} {KEY}")
        pieces = getattr(secret, name)(*([" "] if "partition" in name else []))

        assert KEY not in repr(pieces)
        assert list(pieces) == list(getattr(str(secret), name)(*([" "] if "partition" in name else [])))

    def test_its_methods_give_what_those_of_a_text_give(self):
        assert Secret("a-b").partition("-") == ("a", "-", "b")
        assert Secret("Ab").swapcase() == "aB"
        assert Secret("a%sb") % "x" == "axb"
        assert Secret("ab").find("b") == 1
        assert Secret("ab").encode() == b"ab"
        assert "a%sb" % Secret("x") == "axb"  # noqa: UP031
        with pytest.raises(TypeError):
            Secret("a") + 1

    def test_survives_copies(self):
        secret = Secret(KEY)

        assert copy.copy(secret) is secret
        assert copy.deepcopy([secret])[0] is secret

    def test_has_no_attributes_to_look_into(self):
        with pytest.raises(TypeError):
            vars(Secret(KEY))

    def test_does_not_stand_in_a_traceback_with_locals(self):
        def fail():
            secret = Secret(KEY)
            raise ValueError(type(secret))

        try:
            fail()
        except ValueError as error:
            shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())

        assert "secret = Secret('**redacted**')" in shown
        assert KEY not in shown


class TestRedact:
    def test_replaces_only_what_stands_below_secret_members(self):
        shown = redact(DOCUMENT)

        assert KEY not in repr(shown)
        assert shown["delivery"] == {"url": REDACTED, "authValue": REDACTED, "maxDownloads": 1}
        assert shown["deliveryUrl"] == [REDACTED]
        assert shown["components"][0]["privateDownloadDeliveryUrls"][0]["endpointId"] == "vpce"
        assert shown["links"] == DOCUMENT["links"]
        assert shown["big"] == 10**30

    @pytest.mark.parametrize("name", sorted(SECRET_FIELDS))
    def test_knows_every_secret_member_at_any_depth(self, name):
        assert redact([{"a": ({name: KEY},)}]) == [{"a": [{name: REDACTED}]}]

    def test_hides_numbers_and_whole_objects_but_not_absence(self):
        assert redact({"token": 17, "url": {"a": [KEY, None, True]}}) == {
            "token": REDACTED,
            "url": {"a": [REDACTED, None, True]},
        }

    def test_leaves_the_original_alone(self):
        document = copy.deepcopy(DOCUMENT)
        redact(document)

        assert document == DOCUMENT

    @pytest.mark.parametrize("wrap", [lambda value: {"a": value}, lambda value: [value]])
    def test_ends_where_a_document_is_nested_without_end(self, wrap):
        value = KEY
        for _ in range(5000):
            value = wrap(value)

        assert REDACTED in repr(redact(value))
        assert KEY not in repr(redact(value))

    def test_keeps_what_is_nested_as_deep_as_allowed(self):
        value = "leaf"
        for _ in range(MAX_DEPTH):
            value = [value]

        assert redact(value) == value

    def test_names_of_a_hostile_server_are_not_remembered_without_bound(self):
        redact({f"name{number}": "a" for number in range(5_000)})
        tracemalloc.start()
        try:
            for number in range(100):
                redact({f"{number} {name} token": KEY for name in range(100)})
            assert tracemalloc.get_traced_memory()[0] < 500_000
        finally:
            tracemalloc.stop()
        assert redact({"another one": "a", "anotherToken": KEY}) == {"another one": "a", "anotherToken": REDACTED}


class TestHiddenSecret:
    def test_reads_as_the_placeholder_to_whatever_takes_it_for_a_text(self):
        hidden = hide(KEY)

        assert json.dumps({"a": hidden}) == f'{{"a": "{REDACTED}"}}'
        assert f"{hidden}" == str(hidden) == ",".join([hidden][:1]) == hidden[:80] == REDACTED
        assert repr(hidden) == "Secret('**redacted**')"
        assert KEY not in repr(hide((KEY,))) + json.dumps(hide_each([KEY]))

    def test_gives_the_value_to_those_who_ask(self):
        assert unhide(hide(KEY)) == KEY
        assert type(unhide(hide(KEY))) is Secret
        assert unhide(hide(hide(KEY))) == KEY
        assert unhide(hide_each([KEY, "b"])) == (KEY, "b")
        assert unhide(hide_each(hide_each([KEY]))) == (KEY,)
        assert [unhide(value) for value in (None, "", KEY)] == [None, "", KEY]
        assert hide(None) is None
        assert hide_each([]) == ()

    def test_equals_another_one_with_the_same_value(self):
        assert hide(KEY) == hide(KEY)
        assert hash(hide(KEY)) == hash(hide(KEY))
        assert hide(KEY) != hide("b")
        assert hide(KEY) != KEY
        assert hide(KEY) != REDACTED

    def test_is_redacted_by_pickle(self, pickled):
        stored, again = pickled(hide(KEY))

        assert KEY.encode() not in stored
        assert unhide(again) == REDACTED
        stored, again = pickled(hide_each([KEY, KEY]))
        assert KEY.encode() not in stored
        assert unhide(again) == (REDACTED, REDACTED)
        stored, again = pickled(hide_document(RawDocument({"url": KEY})))
        assert KEY.encode() not in stored
        assert unhide(again) == {"url": REDACTED}

    def test_survives_copies(self):
        hidden = hide(KEY)

        assert copy.copy(hidden) is hidden
        assert copy.deepcopy([hidden])[0] is hidden


UNFORESEEN = {
    "urlV3": {"urlV3": f"https://host/{KEY}"},
    "array": {"downloadUrls": [f"https://host/{KEY}"]},
    "any name": {"place": f"https://host/{KEY}"},
    "deep": {"a": [{"b": [f"s3://bucket/{KEY}"]}]},
    "no scheme": {"place": f"//host/{KEY}"},
    "upper case": {"place": f"HTTPS://HOST/{KEY}"},
    "in a sentence": {"hint": f"curl -O 'https://host/{KEY}'"},
    "path of a download": {"place": f"/backup/restore/v2/pull/1/{KEY}/a.tar.gz"},
    "half a link": {"urlV3": {"host": "host", "path": KEY}},
    "token": {"downloadToken": KEY},
    "value of a header": {"authValueV2": KEY},
    "login in a connection string": {"srv": f"mongodb+srv://user:{KEY}@host"},
    "download among links": {"links": [{"rel": "download", "href": f"https://host/pull/{KEY}/a.tar.gz"}]},
    "signed among links": {"links": [{"rel": "download", "href": f"https://host/a?X-Amz-Signature={KEY}"}]},
}


class TestRawDocument:
    @pytest.mark.parametrize("document", UNFORESEEN.values(), ids=UNFORESEEN)
    def test_links_under_names_nobody_foresaw_are_redacted(self, document, pickled):
        raw = RawDocument(document)

        assert KEY not in repr(raw) + str(raw.to_dict()) + repr(list(raw.values())) + str(redact(document))
        assert KEY.encode() not in pickled(raw)[0]
        assert raw.to_dict(redacted=False) == document

    def test_a_link_nobody_foresaw_is_a_secret_when_asked_for(self):
        raw = RawDocument({"place": f"https://host/{KEY}", "list": [f"https://host/{KEY}"], "id": "1"})

        assert type(raw["place"]) is type(raw["list"][0]) is Secret
        assert raw["place"] == f"https://host/{KEY}"
        assert type(raw["id"]) is str

    @pytest.mark.parametrize("piece", ["a//", "mongodb://", "a:/", "//a", "x/pull", "A", "https:/"])
    def test_a_hostile_text_takes_linear_time(self, piece):
        began = process_time()
        RawDocument({"place": piece * 200_000 + "//"}).to_dict()

        assert process_time() - began < 5

    @pytest.mark.parametrize(
        "document",
        [
            {"links": [{"href": "https://host/a/b", "rel": "http://host/cluster"}]},
            {"srvAddress": "mongodb+srv://host.example.com", "mongoURI": "mongodb://a:1,b:2"},
            {"id": "1", "name": "a // b", "ratio": "1:2", "created": "2026-01-01T00:00:00Z"},
            {"tokenDiscovered": True, "curl": "yes", "maxDownloads": 1},
        ],
    )
    def test_what_is_no_link_of_a_download_is_shown(self, document):
        assert RawDocument(document).to_dict() == document

    def test_equals_the_document_and_reads_like_it(self):
        raw = RawDocument(DOCUMENT)

        assert raw == DOCUMENT
        assert raw == RawDocument(DOCUMENT)
        assert raw != {}
        assert list(raw) == list(DOCUMENT)
        assert len(raw) == len(DOCUMENT)
        assert raw["delivery"]["maxDownloads"] == 1
        assert raw["links"] == DOCUMENT["links"]
        assert raw["links"][0]["rel"] == "self"
        assert len(raw["links"]) == 1
        assert raw["links"][0:1] == DOCUMENT["links"]
        assert raw.get("nothing") is None

    def test_gives_secrets_when_asked_by_name(self):
        raw = RawDocument(DOCUMENT)

        assert raw["delivery"]["authValue"] == KEY
        assert type(raw["delivery"]["authValue"]) is Secret
        assert raw["deliveryUrl"][0] == DOCUMENT["deliveryUrl"][0]

    def test_shows_no_secret_in_any_picture_of_it_or_its_parts(self):
        raw = RawDocument(DOCUMENT)
        pictures = [raw, raw["delivery"], raw["deliveryUrl"], raw["deliveryUrl"][0], raw["deliveryUrl"][:], raw.items()]
        pictures += [raw.values(), raw["components"], dict(raw), list(raw["components"]), raw["delivery"]["url"]]

        assert KEY not in "".join(map(repr, pictures)) + str(raw) + f"{raw}"
        assert repr(RawDocument({"url": KEY})) == "RawDocument({'url': '**redacted**'})"
        assert repr(raw["deliveryUrl"]) == "RawList(['**redacted**'])"

    def test_keeps_an_object_below_a_secret_member_secret(self):
        raw = RawDocument({"url": {"part": [KEY, 1]}})

        assert KEY not in repr(raw["url"]) + repr(raw["url"]["part"]) + repr(raw["url"]["part"][0])
        assert raw["url"]["part"][0] == KEY

    def test_is_redacted_by_pickle(self, pickled):
        for part in (RawDocument(DOCUMENT), RawDocument(DOCUMENT)["deliveryUrl"], RawDocument(DOCUMENT)["delivery"]):
            stored, again = pickled(part)

            assert KEY.encode() not in stored
            assert type(again) is type(part)
        assert pickled(RawDocument(DOCUMENT))[1] == redact(DOCUMENT)

    def test_survives_copies(self):
        raw = RawDocument(DOCUMENT)
        part = raw["deliveryUrl"]

        assert copy.copy(raw) is raw
        assert copy.deepcopy(raw) is raw
        assert copy.copy(part) is part
        assert copy.deepcopy({"part": part})["part"] == DOCUMENT["deliveryUrl"]

    def test_is_read_only_and_not_hashable(self):
        raw = RawDocument(DOCUMENT)

        with pytest.raises(TypeError):
            raw["id"] = "2"
        with pytest.raises(TypeError):
            raw["links"][0] = {}
        with pytest.raises(TypeError):
            hash(raw)
        with pytest.raises(TypeError):
            vars(raw)

    def test_to_dict_redacts_unless_told(self):
        raw = RawDocument(DOCUMENT)

        assert raw.to_dict() == redact(DOCUMENT)
        assert raw.to_dict(redacted=False) == DOCUMENT
        assert type(raw.to_dict()["delivery"]) is dict

    def test_to_dict_is_a_copy(self):
        raw = RawDocument({"links": [{"href": "a"}]})
        raw.to_dict(redacted=False)["links"][0]["href"] = "b"

        assert raw["links"][0]["href"] == "a"

    def test_does_not_wrap_twice(self):
        assert repr(RawDocument(RawDocument({"a": 1}))) == "RawDocument({'a': 1})"
        document = {"a": 1}

        assert reveal(RawDocument(RawDocument(document))) is document

    def test_can_stand_inside_a_document(self):
        outer = RawDocument({"inner": RawDocument({"url": KEY}), "list": RawList([1])})

        assert outer.to_dict(redacted=False) == {"inner": {"url": KEY}, "list": [1]}
        assert KEY not in repr(outer)

    def test_prints_no_secret_of_a_hostile_document(self):
        stream = io.StringIO()
        print(RawDocument(nested(3000)), file=stream)

        assert KEY not in stream.getvalue()


class TestVeil:
    @pytest.mark.parametrize("value", [{"url": KEY}, [{"url": KEY}], KEY])
    def test_hides_whatever_came_in_place_of_a_document(self, value):
        assert KEY not in repr(conceal(value))
        assert reveal(conceal(value)) == value

    def test_takes_a_tuple_for_an_array(self):
        assert KEY not in repr(conceal(({"url": KEY},)))
        assert reveal(conceal(({"url": KEY},))) == [{"url": KEY}]

    @pytest.mark.parametrize("value", [None, True, 1, 1.5])
    def test_leaves_other_scalars(self, value):
        assert conceal(value) is value

    def test_copies_nothing(self):
        document = {"a": 1}

        assert reveal(conceal(document)) is document
        assert reveal(conceal(conceal(document))) is document
