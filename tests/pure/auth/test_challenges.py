"""Reading and choosing digest challenges, down to what no decent server sends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from time import process_time

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.auth.challenges import (
    Challenge,
    choose_challenge,
    directives,
    is_echoable,
    parse_challenges,
    says_token_is_invalid,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
MEBIBYTE = 1 << 20


def only(*values: str) -> Challenge:
    """Parse header lines that hold exactly one challenge."""
    (challenge,) = parse_challenges(values)
    return challenge


# What the vendor sends and prints


def test_the_documented_challenge_reads_op_as_a_misprint_of_qop():
    header = json.loads((FIXTURES / "headers_401.json").read_text())["headers"]["WWW-Authenticate"]
    assert only(header) == Challenge(
        realm="MMS Public API", nonce="{nonce}", algorithm="MD5", qop="auth", misprint=True, stale=False
    )


def test_the_recorded_challenge_is_read():
    header = (
        'Digest realm="MMS Public API", domain="", nonce="PjV+W/3nQYrXJ2sd0Qq5lJz8vB1mTt4=", '
        'algorithm=MD5, qop="auth", stale=false'
    )
    assert only(header) == Challenge(
        realm="MMS Public API", nonce="PjV+W/3nQYrXJ2sd0Qq5lJz8vB1mTt4=", algorithm="MD5", qop="auth"
    )


# qop and its misprint


@pytest.mark.parametrize(
    ("directive", "qop"),
    [
        ('qop="auth"', "auth"),
        ("qop=auth", "auth"),
        ("QOP=AUTH", "auth"),
        ('qop = "auth"', "auth"),
        ('qop="auth,auth-int"', "auth"),
        ('qop="auth-int, auth"', "auth"),
        ('qop=" auth-int ,\tauth "', "auth"),
        ('qop="auth-conf, auth"', "auth"),
        ('qop="auth-int"', "auth-int"),
        ("qop=auth,auth-int", "auth"),
        ("qop=auth-int,auth", "auth"),
        ("qop=auth-int , auth", "auth"),
        ('qop=""', None),
        ('qop=" , "', None),
        ("qop=", None),
        ('domain=""', None),
    ],
)
def test_qop_is_auth_wherever_it_is_listed(directive, qop):
    for header in (f'Digest {directive}, realm="r", nonce="n"', f'Digest realm="r", nonce="n", {directive}'):
        challenge = only(header)
        assert (challenge.qop, challenge.misprint) == (qop, False)
        misprint = only(header.replace("qop", "op").replace("QOP", "OP"))
        assert (misprint.qop, misprint.misprint) == (qop, qop is not None)


def test_a_real_qop_wins_over_the_misprint():
    challenge = only('Digest op="auth", realm="r", nonce="n", qop="auth-int"')
    assert (challenge.qop, challenge.misprint) == ("auth-int", False)


def test_an_empty_qop_leaves_the_floor_to_the_misprint():
    challenge = only('Digest realm="r", nonce="n", qop="", op="auth"')
    assert (challenge.qop, challenge.misprint) == ("auth", True)


def test_a_challenge_with_only_unknown_qops_is_unanswerable():
    assert parse_challenges(['Digest realm="r", nonce="n", qop="auth-conf", op="auth"']) == ()


def test_an_op_that_lists_nothing_known_is_an_unknown_directive():
    challenge = only('Digest realm="r", nonce="n", op="add"')
    assert (challenge.qop, challenge.misprint) == (None, False)


def test_a_bare_auth_outside_a_qop_list_begins_another_scheme():
    assert parse_challenges(['Digest realm="r", auth, nonce="n"']) == ()


# The literal reading of the misprint


def test_the_literal_reading_drops_qop_and_keeps_the_rest():
    challenge = only('Digest realm="r", nonce="n", opaque="o", algorithm=md5, op="auth", stale=true')
    literal = challenge.as_rfc2069()
    assert literal == Challenge(realm="r", nonce="n", opaque="o", spelling="md5", stale=True, misprint=True)
    assert literal.as_rfc2069() == literal


@pytest.mark.parametrize("directive", ['qop="auth"', 'op="auth", algorithm=MD5-sess', 'domain=""'])
def test_a_challenge_without_a_second_reading_stays_as_it_is(directive):
    challenge = only(f'Digest realm="r", nonce="n", {directive}')
    assert challenge.as_rfc2069() is challenge


# Algorithms


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"])
@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_known_algorithms_match_in_any_case_and_keep_their_case(algorithm, spell):
    for text in (spell(algorithm), f'"{spell(algorithm)}"'):
        challenge = only(f'Digest realm="r", nonce="n", qop=auth, algorithm={text}')
        assert (challenge.algorithm, challenge.spelling) == (algorithm, spell(algorithm))
        assert challenge.session == algorithm.endswith("-sess")


def test_a_missing_algorithm_means_md5_and_is_not_echoed():
    challenge = only('Digest realm="r", nonce="n"')
    assert (challenge.algorithm, challenge.spelling) == ("MD5", None)


@pytest.mark.parametrize(
    "algorithm", ["SHA", "SHA-1", "SHA-512", "SHA256", "MD5-\u017fess", "token", '""', '"MD5, SHA-256"']
)
def test_a_challenge_with_an_unknown_algorithm_is_skipped(algorithm):
    header = f'Digest realm="a", nonce="n", algorithm={algorithm}, Digest realm="b", nonce="n", algorithm=MD5'
    assert only(header).realm == "b"


def test_the_hash_function_is_that_of_the_algorithm():
    assert Challenge(realm="r", nonce="n", algorithm="MD5-sess").digest(b"x") == hashlib.md5(b"x").hexdigest()  # noqa: S324
    assert Challenge(realm="r", nonce="n", algorithm="SHA-256").digest(b"x") == hashlib.sha256(b"x").hexdigest()


def test_hashing_declares_that_no_security_rests_on_it(monkeypatch):
    """FIPS builds refuse MD5 otherwise."""
    flags = []
    new = hashlib.new

    def spy(name, data=b"", **options):
        flags.append(options)
        return new(name, data, **options)

    monkeypatch.setattr(hashlib, "new", spy)
    Challenge(realm="r", nonce="n").digest(b"")
    assert flags == [{"usedforsecurity": False}]


def test_what_hashlib_lacks_is_listed_but_not_chosen(monkeypatch):
    new = hashlib.new

    def without_sha512_256(name, data=b"", **options):
        if name == "sha512_256":
            raise ValueError(name)
        return new(name, data, **options)

    monkeypatch.setattr(hashlib, "new", without_sha512_256)
    header = 'Digest realm="a", nonce="n", qop=auth, algorithm=SHA-512-256, Digest realm="b", nonce="n", qop=auth'
    assert [(each.realm, each.answerable) for each in parse_challenges([header])] == [("a", False), ("b", True)]
    assert choose_challenge([header]).realm == "b"


# What must be there, and what must not


@pytest.mark.parametrize("directive", ["", ', nonce=""', ", nonce=", ", nonce", ", xnonce=n"])
def test_a_challenge_without_nonce_is_skipped(directive):
    assert parse_challenges([f'Digest realm="r"{directive}']) == ()


def test_a_challenge_without_realm_has_an_empty_one():
    assert only('Digest nonce="n"') == Challenge(realm="", nonce="n", spelling=None)


@pytest.mark.parametrize("name", ["realm", "nonce", "opaque"])
@pytest.mark.parametrize("character", ["\r\nSet-Cookie: a=b", "\n", "\0", "\x1b", "\t", "\x7f", "\x85", "\udce9"])
def test_a_challenge_whose_echo_breaks_the_header_is_skipped(name, character):
    parameters = {"realm": "r", "nonce": "n", "opaque": "o", name: f"a{character}b"}
    if name == "realm" and character == "\udce9":
        character = "\udc81"  # which is no letter in any reading
        parameters["realm"] = f"a{character}b"
    assert parse_challenges(["Digest " + ", ".join(f'{key}="{value}"' for key, value in parameters.items())]) == ()
    assert not is_echoable(parameters[name])


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Universit\xe4t", "Universität"),
        ("Universität".encode(), "Universität"),
        (b"\xe9\xe8", "éè"),
        (b"Bob\x92s", "Bob\u2019s"),  # as Windows writes it
        ("Ünï".encode() + b"\xfc", "ÃœnÃ¯ü"),
        (b"plain", "plain"),
    ],
)
def test_a_realm_in_iso_8859_1_is_read_and_its_bytes_are_kept(raw, text):
    challenge = only(f'Digest realm="{raw.decode("utf-8", "surrogateescape")}", nonce="n"')
    assert (challenge.realm, challenge.realm_bytes) == (text, raw)
    assert attrs.evolve(challenge, nonce="m").realm_bytes == raw
    assert only('Digest realm="r\ud800", nonce="n"').realm == "r?"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (['Bearer error="invalid_token"'], True),
        (['Bearer realm="m", error="invalid_token", error_description="revoked \\"now\\", x"'], True),
        (["bearer ERROR=Invalid_Token"], True),
        (['BEARER\terror = "invalid\\_token"'], True),
        (['Digest realm="r", nonce="n", qop="auth", Bearer error="invalid_token"'], True),
        (['Bearer realm="m", error="invalid_token", Digest realm="r", nonce="n"'], True),
        (['Digest realm="r", nonce="n"', 'Bearer error="invalid_token"'], True),
        (['Negotiate YII=, Bearer scope="a b", error="invalid_token"'], True),
        ([], False),
        (["Bearer"], False),
        (['Bearer error="insufficient_scope"'], False),
        (['Bearer error="invalid_token_type"'], False),
        (['Bearer realm="error=invalid_token"'], False),
        (['Bearer error_description="invalid_token"'], False),
        (['Digest realm="r", nonce="n", error="invalid_token"'], False),
        (['Bearer realm="m", DPoP error="invalid_token"'], False),
        (['Bearer error="invalid_token'], False),
    ],
)
def test_a_challenge_says_that_the_token_is_invalid(values, says):
    assert says_token_is_invalid(values) is says


def test_unknown_directives_may_hold_anything():
    assert only('Digest domain="/a\x01 /b", realm="r", nonce="n", später="é\n", x=') == Challenge(
        realm="r", nonce="n", spelling=None
    )


@pytest.mark.parametrize(
    ("directive", "attribute"),
    [("stale=true", "stale"), ("userhash=true", "userhash"), ("charset=UTF-8", "charset_utf8")],
)
def test_flags_are_read_quoted_or_not_in_any_case(directive, attribute):
    name, value = directive.split("=")
    for text in (directive, directive.upper(), directive.lower(), f'{name}="{value}"'):
        assert getattr(only(f'Digest realm="r", nonce="n", {text}'), attribute) is True
    for text in (f"{name}=false", f"{name}=", f'{name}="{value}ish"', "x=y"):
        assert getattr(only(f'Digest realm="r", nonce="n", {text}'), attribute) is False


def test_the_last_of_a_repeated_directive_counts():
    assert only('Digest realm="a", nonce="n", realm="b"').realm == "b"


def test_special_characters_in_quotes_belong_to_the_value():
    header = r'Digest realm="a \"b\", nonce=\"c\", \\ Digest x=\y", nonce="n==", opaque=""'
    assert only(header) == Challenge(realm='a "b", nonce="c", \\ Digest x=y', nonce="n==", opaque="", spelling=None)


def test_a_folded_header_is_read():
    assert only('Digest\r\n realm="r",\r\n\tnonce="n"') == Challenge(realm="r", nonce="n", spelling=None)


def test_blanks_instead_of_commas_are_read():
    assert only('Digest realm="r" nonce=n qop=auth') == Challenge(realm="r", nonce="n", qop="auth", spelling=None)


@pytest.mark.parametrize(
    "broken",
    [
        'Digest realm="r"x", nonce="n"',
        'Digest realm="r", nonce="n", qop="auth',
        'Digest realm="r", nonce="n", opaque="o',
        'Digest realm="r", nonce="n", opaque="o\\',
        'Digest realm="r", nonce="n", opaque="o\\"',
        'Digest realm="r", nonce="n", ="x"',
        'Digest realm="r", nonce=n"x"',
        'Digest realm="r", nonce="n", "',
        'Digest realm="r", "nonce"="n"',
        'realm="r", nonce="n"',
        'DigestX realm="r", nonce="n"',
        '"Digest" realm="r", nonce="n"',
        "Digest",
        "Digest ,,,",
        "",
    ],
)
def test_a_broken_challenge_is_skipped_and_the_others_are_read(broken):
    assert parse_challenges([broken]) == ()
    good = 'Digest realm="good", nonce="n"'
    assert [each.realm for each in parse_challenges([f"{good}, Basic realm=x, {broken}", broken, good])] == [
        "good",
        "good",
    ]


def test_a_challenge_after_a_broken_one_on_its_line_is_read():
    assert only('Digest realm="a"b", nonce="n", Digest realm="good", nonce="n"').realm == "good"


def test_neither_nonce_nor_opaque_is_shown():
    assert repr(only('Digest realm="r", nonce="geheim", opaque="verborgen", qop=auth')) == (
        "Challenge(realm='r', algorithm='MD5', qop='auth', stale=False, userhash=False, charset_utf8=False, "
        "misprint=False)"
    )


# Choosing


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("algorithm=SHA-256, qop=auth", "algorithm=MD5, qop=auth"),
        ("algorithm=SHA-256", "algorithm=MD5, qop=auth"),
        ("algorithm=SHA-256-sess, qop=auth", "algorithm=MD5, qop=auth"),
        ("qop=auth", 'qop="auth-int"'),
        ("qop=auth-int", "domain=x"),
        ("op=auth", "domain=x"),
        ("qop=auth", "algorithm=MD5-sess, qop=auth"),
        ("algorithm=MD5-sess, qop=auth", "algorithm=MD5"),
        ("qop=auth", "op=auth"),
        ("qop=auth", "algorithm=SHA-256-sess"),
        ("qop=auth, x=1", "qop=auth, algorithm=SHA-1"),
    ],
)
def test_the_strongest_challenge_wins_in_any_order_and_line(stronger, weaker):
    first, second = f'Digest realm="stronger", nonce="n", {stronger}', f'Digest realm="weaker", nonce="n", {weaker}'
    basic = 'Basic realm="b"'
    for lines in ([first, second], [second, first], [f"{first}, {basic}, {second}"], [f"{basic}, {second}, {first}"]):
        assert choose_challenge(lines).realm == "stronger"


@pytest.mark.skipif("sha512_256" not in hashlib.algorithms_available, reason="this OpenSSL has no SHA-512/256")
def test_sha_512_256_is_the_strongest_of_all():
    header = 'Digest realm="a", nonce="n", algorithm=SHA-256, Digest realm="b", nonce="n", algorithm=SHA-512-256'
    assert choose_challenge([header]).realm == "b"


def test_of_equals_the_first_wins():
    assert choose_challenge(['Digest realm="a", nonce="n"', 'Digest realm="b", nonce="n"']).realm == "a"


@pytest.mark.parametrize(
    "values",
    [
        [],
        ['Basic realm="r"', "Negotiate", 'Bearer realm="Digest nonce=x"'],
        ['Digest realm="r", nonce="n", algorithm=MD5-sess'],
        ['Digest realm="r", nonce="n", algorithm=SHA-1'],
        ['Digest realm="r"'],
    ],
)
def test_without_an_answerable_challenge_none_is_chosen(values):
    assert choose_challenge(values) is None


# Any text, and any spelling of a sound challenge

CLEAN = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
ODD = st.lists(
    st.sampled_from(['"', "\\", ",", "=", " ", "\t", "\r", "Digest ", "nonce", "qop", "auth", "op", "a", "é", "\udce9"])
).map("".join)
OTHERS = st.sampled_from(
    [
        "Negotiate",
        "Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+/==",
        "NTLM TlRMTVNTUAACAAAA",
        'Basic realm="Digest realm=\\"x\\", nonce=\\"y\\"", charset="UTF-8"',
        'Bearer realm="a, Digest nonce=x", scope=openid, error="invalid_token"',
        "Bearer",
        'Digest realm="no nonce", qop="auth"',
        'Digest realm="x", nonce="n", algorithm=SHA-1, qop="auth"',
        'Digest realm="x", nonce="n", qop="auth-conf"',
        'Digest realm="x\x07", nonce="n"',
        'Digest realm="x"y, nonce="n"',
        "Digest = realm=x",
    ]
)


@st.composite
def spelt(draw):
    """Draw one challenge and one of the many ways to write it down."""
    free = draw(st.randoms(use_true_random=True))
    misprint = draw(st.booleans())
    qops = draw(st.lists(st.sampled_from(["auth", "auth-int", "auth-x"]), max_size=3))
    if not misprint and qops and set(qops) == {"auth-x"}:
        qops = []
    qop = next((each for each in ("auth", "auth-int") if each in qops), None)
    spelling = draw(st.sampled_from([None, "MD5", "md5", "MD5-sess", "sha-256", "SHA-256-SESS", "SHA-512-256"]))
    canonical = {"md5": "MD5", "md5-sess": "MD5-sess", "sha-256": "SHA-256", "sha-256-sess": "SHA-256-sess"}
    challenge = Challenge(
        realm=draw(CLEAN),
        nonce=draw(CLEAN.filter(bool)),
        algorithm=canonical.get((spelling or "md5").lower(), "SHA-512-256"),
        qop=qop,
        opaque=draw(st.none() | CLEAN),
        stale=draw(st.booleans()),
        userhash=draw(st.booleans()),
        charset_utf8=draw(st.booleans()),
        misprint=misprint and qop is not None,
        spelling=spelling,
    )

    def in_any_case(text):
        return "".join(free.choice([each.lower(), each.upper()]) for each in text)

    def quoted(text):
        return '"' + "".join(f"\\{each}" if each in '"\\' or free.random() < 0.1 else each for each in text) + '"'

    def maybe_quoted(text):
        plain = text and not set(text) & set('", \t\r\n') and "=" not in text[0]
        return text if plain and free.random() < 0.5 else quoted(text)

    parameters = [
        ("realm", maybe_quoted(challenge.realm)),
        ("nonce", maybe_quoted(challenge.nonce)),
        ("stale", maybe_quoted(in_any_case(str(challenge.stale)))),
        ("userhash", maybe_quoted(in_any_case(str(challenge.userhash)))),
        ("x-unknown", quoted(draw(st.text(max_size=5)))),
    ]
    if qops:
        text = free.choice([",", ", "]).join(map(in_any_case, qops))
        # Without quotes only what is known can be told from the name of a scheme.
        bare = "auth-x" not in qops and free.random() < 0.3
        parameters.append(("op" if misprint else "qop", text if bare else quoted(text)))
    if challenge.opaque is not None:
        parameters.append(("opaque", maybe_quoted(challenge.opaque)))
    if challenge.charset_utf8:
        parameters.append(("charset", maybe_quoted(in_any_case("UTF-8"))))
    if spelling is not None:
        parameters.append(("algorithm", maybe_quoted(spelling)))
    free.shuffle(parameters)
    blanks = ["", "", " ", "\t "]
    written = [f"{in_any_case(name)}{free.choice(blanks)}={free.choice(blanks)}{value}" for name, value in parameters]
    comma = free.choice([",", ", ", " ,\t", " , , ", ",\r\n "])
    return challenge, f"{in_any_case('digest')}{free.choice([' ', '  ', chr(9)])}{comma.join(written)}"


@given(st.lists(spelt() | OTHERS, max_size=4), st.randoms(use_true_random=True))
def test_challenges_are_read_back_in_every_notation(pieces, free):
    lines = [""]
    for piece in pieces:
        text = piece if isinstance(piece, str) else piece[1]
        if free.random() < 0.5:
            lines.append(text)
        else:
            lines[-1] += free.choice([", ", ",", " , ,"]) + text
    assert parse_challenges(lines) == tuple(piece[0] for piece in pieces if not isinstance(piece, str))


@given(st.lists(st.text(st.characters()) | ODD | ODD.map("Digest nonce=x, ".__add__), max_size=3))
def test_no_text_makes_reading_raise_and_what_is_read_is_sound(values):
    for challenge in parse_challenges(values):
        assert challenge.nonce
        assert is_echoable(challenge.realm + challenge.nonce + (challenge.opaque or ""))
    chosen = choose_challenge(values)
    assert chosen is None or chosen.answerable


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" ,\r\n\t", []),
        ('A = "b\\"c" ,d=e= f', [("a", 'b"c'), ("d", "e="), ("f", None)]),
        ('"a=b', [("", None), ("a", "b")]),
        ('a=b "', [("a", "b"), ("", None)]),
        ('a "b" c=', [("a", None), ("", None), ("b", None), ("", None), ("c", "")]),
    ],
)
def test_directives_are_split_with_what_is_none_marked(text, found):
    assert list(directives(text)) == found


@given(st.text(st.characters()) | ODD)
def test_directives_have_lower_case_names_and_add_nothing(text):
    found = list(directives(text))
    assert all(name == name.lower() for name, _ in found)
    assert sum(len(value or "") for _, value in found) <= len(text)


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [
        ("", '"', ""),
        ("", "\\", ""),
        ("", '="', ""),
        ("", 'a="\\', ""),
        ("", 'a="b', '"'),
        ("", "a =", ""),
        ("", "a ", '"'),
        ("", " ", '"'),
        ("", ",", '"'),
        ("", "\t,= ", ""),
        ("", "Digest ", ""),
        ("", 'Digest nonce="a",', '"'),
        ("Digest nonce=x, qop=", "auth,", ""),
        ('Digest nonce=x, qop="', "auth,", '"'),
        ('Digest nonce="', '\\"', ""),
        ('Digest nonce="', '\\"', "\\"),
        ('Digest nonce="', '\\"', '"'),
        ('Digest nonce="', 'a=\\"', ""),
        ('Digest nonce="', "a", ""),
        ("Digest nonce", " ", '"'),
        ("Digest nonce=", " ", '"'),
    ],
)
def test_a_mebibyte_of_anything_is_read_in_linear_time(start, unit, end):
    """A quadratic reader takes minutes here; this one takes about a third of a second at worst."""
    header = start + unit * (MEBIBYTE // len(unit)) + end
    before = process_time()
    parse_challenges([header])
    assert process_time() - before < 10
