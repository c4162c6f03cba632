"""TOML is refused by its size and depth before a parser takes seconds, or its whole stack, over it."""

import tomllib

import pytest

from lennox import toml


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" + ".a" * 20_000 + " = 1", r"a key of more than 16 parts \(at line 1, column 1\)"),
        ("ok = 1\n[" + ".".join(['"a.b"'] * 17) + "]", r"a key of more than 16 parts \(at line 2, column 2\)"),
        ("x = {" + "'a' . " * 16 + "b = 1}", "a key of more than 16 parts"),
        ("x = " + "[" * 600 + "]" * 600, "nested deeper than 32"),
        ("x = " + "{a = " * 600 + "1" + "}" * 600, "nested deeper than 32"),
        ("#" * (toml.MAX_BYTES + 1), "more than 1048576"),
        ("a = 1\nb = ", "Invalid value"),
        ("[a]\nb = [1, {c = 9223372036854775808}]", "a whole number of more than 64 bits"),
        ("a = 0x" + "f" * 9000, "more than 64 bits"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_with_its_place(text, message):
    with pytest.raises(tomllib.TOMLDecodeError, match=message):
        toml.loads(text)


def test_what_is_quoted_or_a_comment_is_no_key_and_no_bracket():
    text = (
        'words = "www' + ".a" * 50 + " " + "[" * 99 + r' \" [[[" # ' + "[" * 99 + "\n"
        "other = '''\n" + "{" * 99 + "\n'''\n" + 'more = """' + "[" * 99 + '\n"""\n' + ".".join(["k"] * 16) + " = 1.5\n"
    )
    assert toml.loads(text) == tomllib.loads(text)


def test_at_the_limits_a_document_is_read():
    assert toml.loads(f"a = {2**63 - 1}\nb = {-(2**63)}") == {"a": 2**63 - 1, "b": -(2**63)}
    text = "x = " + "[" * 32 + "]" * 32 + "\n" + ".".join(f"k{i}" for i in range(16)) + " = 1\n"
    assert toml.loads(text) == tomllib.loads(text)
