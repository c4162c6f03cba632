"""Three ways to name a tooth, one tooth."""

import pytest

from lennox.desk.tooth_names import NOTATIONS, from_fdi, to_fdi
from lennox.errors import InputError


@pytest.mark.parametrize(
    ("fdi", "universal", "palmer"),
    [
        ("18", "1", "UR8"), ("11", "8", "UR1"), ("21", "9", "UL1"), ("28", "16", "UL8"), ("38", "17", "LL8"),
        ("31", "24", "LL1"), ("41", "25", "LR1"), ("46", "30", "LR6"), ("48", "32", "LR8"),
        ("55", "A", "URE"), ("51", "E", "URA"), ("61", "F", "ULA"), ("65", "J", "ULE"), ("75", "K", "LLE"),
        ("71", "O", "LLA"), ("81", "P", "LRA"), ("85", "T", "LRE"),
    ],
)  # fmt: skip
def test_the_names_of_a_tooth(fdi, universal, palmer):
    assert {to_fdi(fdi, "FDI"), to_fdi(universal.lower(), "Universal"), to_fdi(palmer.lower(), "Palmer")} == {fdi}
    assert (from_fdi(fdi, "FDI"), from_fdi(fdi, "Universal"), from_fdi(fdi, "Palmer")) == (fdi, universal, palmer)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_tooth_has_a_name_of_its_own_in_each_notation(notation):
    teeth = [f"{q}{t}" for q in (1, 2, 3, 4) for t in range(1, 9)] + [
        f"{q}{t}" for q in (5, 6, 7, 8) for t in range(1, 6)
    ]
    names = {from_fdi(tooth, notation) for tooth in teeth}
    assert len(names) == 52
    assert {to_fdi(name, notation) for name in names} == set(teeth)


@pytest.mark.parametrize(
    ("tooth", "notation"), [("19", "FDI"), ("UR6", "FDI"), ("33", "Universal"), ("6", "Palmer"), ("", "FDI")]
)
def test_what_is_no_tooth_in_a_notation_is_refused_and_never_guessed(tooth, notation):
    with pytest.raises(InputError, match="no tooth"):
        to_fdi(tooth, notation)
