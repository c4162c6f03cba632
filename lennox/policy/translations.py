"""Which texts of a policy the people concerned would meet in another language than theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lennox.policy.policy import Policy

Known = Callable[[str], bool]


def languages(policy: Policy) -> tuple[str, ...]:
    """The languages that the policy speaks beside its own, in order."""
    found = {*policy.title_in, *policy.unknown.name_in}
    for requirement in policy.requirements:
        found |= set(requirement.plain_in)
    for feature in policy.features:
        found |= {*feature.name_in, *feature.groups_in}
    return tuple(sorted(found - {policy.language}))


def missing(policy: Policy, language: str, known: Known) -> Iterator[tuple[str, str]]:
    """(key of the policy, text) of all that has no translation into `language`.

    known : whether a catalogue translates a name; numbers such as "20-64" are read in every language
    """
    if language not in policy.title_in:
        yield "title_in", policy.title
    for requirement in policy.requirements:
        if language not in requirement.plain_in:
            yield f"requirement[{requirement.id}].plain_in", requirement.plain
    if language not in policy.unknown.name_in and not known(policy.unknown.name):
        yield "unknown.name_in", policy.unknown.name
    for feature in policy.features:
        if language not in feature.name_in and not known(feature.name.replace("_", " ")):
            yield f"feature[{feature.name}].name_in", feature.name.replace("_", " ")
        if language not in feature.groups_in:
            for group in feature.groups:
                if any(character.isalpha() for character in group) and not known(group):
                    yield f"feature[{feature.name}].groups_in", group
