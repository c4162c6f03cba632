"""Sentences of a page in other languages: gettext catalogues, read through Babel without a build step.

A page that speaks several languages has a folder of catalogues, `<language>.po` each; a community adds its own as a
.po file of the same messages (`community.pot` in that folder). English is in the code and in the templates.
"""

from __future__ import annotations

import gettext
import io
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lennox.errors import InputError, one_line

MAX_BYTES = 1 << 20
MAX_PLURALS = 10  # Arabic has six
Direction = Literal["ltr", "rtl"]


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences in one language. direction : in which it is written"""

    language: str
    catalogue: gettext.NullTranslations
    direction: Direction = "ltr"

    def __call__(self, sentence: str, **values: object) -> str:
        """The sentence in this language, with its {places} filled."""
        return self.catalogue.gettext(sentence).format(**values)

    def name(self, name: str) -> str:
        """A name that comes from outside, in this language where the catalogue has it; else as it is."""
        return self.catalogue.gettext(name) if name else ""

    def many(self, one: str, many: str, number: int, **values: object) -> str:
        """The sentence for a number of things; {n} is the number."""
        return self.catalogue.ngettext(one, many, number).format(n=number, **values)


ENGLISH = Wording("en", gettext.NullTranslations())


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The languages of one page. folder : of its .po files"""

    folder: Path

    def languages(self) -> tuple[str, ...]:
        """Languages that lennox brings."""
        return ("en", *sorted(path.stem for path in self.folder.glob("*.po")))

    def wording(self, language: str = "en", file: Path | None = None) -> Wording:
        """The wording in `language`, from `file` where it is not one that lennox brings.

        Raises InputError if there is no such catalogue, or it is not one.
        """
        path = file or self.folder / f"{language}.po"
        if language == "en" and file is None:
            return ENGLISH
        if language not in self.languages() and file is None:  # before the name is part of a path
            raise InputError(
                f"there is no catalogue for '{language:.40}' (there are {', '.join(self.languages())}); "
                "translate community.pot and name it with --catalogue"
            )
        try:
            return Wording(language, _compiled(path.read_bytes(), language), _direction(language))
        except OSError as error:
            raise InputError(f"{path.name}: cannot be read ({error.strerror})") from error
        except Exception as error:  # what Babel says of bytes that are no catalogue has no common base
            raise InputError(
                f"{path.name}: not a catalogue ({one_line(str(error))[:200]}); give a gettext .po file"
            ) from error

    def knows(self, language: str) -> Callable[[str], bool]:
        """Whether the catalogue of `language` has a name, be it the same word there. Raises InputError for none."""
        catalogue = self.wording(language).catalogue
        catalogue.add_fallback(_Nothing())
        return lambda name: bool(catalogue.gettext(name))


class _Nothing(gettext.NullTranslations):
    """No translation at all, where gettext would give back what it was asked."""

    def gettext(self, message: str) -> str:
        return ""


def _direction(language: str) -> Direction:
    """In which direction a language is written; left to right for one that Babel does not know."""
    from babel import Locale, UnknownLocaleError

    try:
        return "rtl" if Locale.parse(language, sep="-" if "-" in language else "_").text_direction == "rtl" else "ltr"
    except (UnknownLocaleError, ValueError):
        return "ltr"


def _compiled(data: bytes, language: str) -> gettext.GNUTranslations:
    """Translations from the text of a catalogue. Raises anything if it is none, or speaks of values there are not."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    header = re.sub(rb'"\s*"', b"", data)  # a text may go on in the next line
    forms = [int(digits[:9]) for digits in re.findall(rb"nplurals\s*=\s*(\d+)", header)]
    if len(data) > MAX_BYTES or any(number > MAX_PLURALS for number in forms):  # each form is set aside, used or not
        raise ValueError(f"it is larger than {MAX_BYTES} bytes, or has more than {MAX_PLURALS} plural forms")
    catalogue = read_po(io.BytesIO(data), locale=language, abort_invalid=True)
    for message in catalogue:
        texts = [[one] if isinstance(one, str) else list(one or ()) for one in (message.id, message.string)]
        known, used = ({name for text in of for name in _values(text)} for of in texts)
        if message.id and not used <= known:
            raise ValueError(f"{{{min(used - known)}}} is no value of the sentence '{texts[0][0]:.60}'")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)
    for number in range(101):  # a plural rule may divide by zero, or name a form that there is not
        translations.ngettext("", "", number)
    return translations


def _values(text: str) -> set[str]:
    """The names in braces of a sentence, with what follows them inside the braces."""
    return {
        name if not spec and not how else f"{name}!{how}:{spec}"
        for _, name, spec, how in string.Formatter().parse(text)
        if name is not None
    }


_LOCALE = Path(__file__).parent / "locale"
RUN = Catalogues(_LOCALE / "run")
PATIENT = Catalogues(_LOCALE / "patient")
WORKSHOP = Catalogues(_LOCALE / "workshop")
COMMUNITY = Catalogues(Path(__file__).parents[1] / "audit" / "report" / "locale")
