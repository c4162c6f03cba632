"""A catalogue that somebody hands in is used, or refused in a sentence before any work is done for it."""

from pathlib import Path

import pytest

from lennox.errors import InputError
from lennox.report.wording import RUN, Catalogues

CATALOGUES = Catalogues(Path(__file__).parent)  # it has none of its own

HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset={charset}\\n"
"Plural-Forms: nplurals={forms};{rule}\\n"

"""
SENTENCE = 'msgid "asked {who}"\nmsgstr "{text}"\n'


def catalogue(tmp_path, text="tapusqa {who}", charset="utf-8", forms="2", rule=" plural=(n != 1)"):
    file = tmp_path / "qu.po"
    head = HEAD.format(charset=charset, forms=forms, rule=rule)
    file.write_bytes((head + SENTENCE.replace("{text}", text)).encode())
    return file


def test_a_catalogue_of_a_community_is_used(tmp_path):
    assert CATALOGUES.wording("qu", catalogue(tmp_path))("asked {who}", who="Ana") == "tapusqa Ana"
    assert RUN.wording("es")("Save decisions") == "Guardar decisiones"
    assert RUN.wording("es")("nothing of the sort") == "nothing of the sort"


@pytest.mark.parametrize(
    "wrong",
    [
        {"charset": "utn preguntar"}, {"forms": "99999999999999999999"}, {"forms": "11"}, {"rule": " plural=(n/0)"},
        {"rule": " plural=__import__"}, {"text": "{whom}"}, {"text": "{who.__class__}"},
        {"text": "{who"}, {"text": "{}"}, {"text": "{who!r}"}, {"text": "{who:>9999999}"},
    ],
    ids=str,
)  # fmt: skip
def test_one_that_could_fail_later_is_refused_now(tmp_path, wrong):
    with pytest.raises(InputError, match=r"qu\.po: not a catalogue"):
        CATALOGUES.wording("qu", catalogue(tmp_path, **wrong))


def test_a_catalogue_too_large_to_be_one_is_refused(tmp_path):
    file = catalogue(tmp_path)
    with file.open("ab") as stream:
        stream.write(b"#\n" * (1 << 20))
    with pytest.raises(InputError, match="larger than"):
        CATALOGUES.wording("qu", file)
