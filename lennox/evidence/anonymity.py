"""k-anonymity: nobody's groups, taken together, are shared by fewer than k people (Sweeney, 2002).

Where they are, the feature that tells most people apart is left out for those people, until k share what is left.
Whoever shares it with fewer even then is held back. What was left out reads as "did not say", is counted, and is said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Groups = frozenset[str]  # the groups of one feature that a patient's rows are in


@dataclass(frozen=True, slots=True)
class Anonymous:
    """What to leave out. left_out : patient -> features; held_back : patients whose rows stay in the clinic"""

    left_out: Mapping[int, frozenset[str]]
    held_back: frozenset[int]

    def by_feature(self) -> dict[str, int]:
        """In how many patients each feature was left out."""
        kept = (features for patient, features in self.left_out.items() if patient not in self.held_back)
        return dict(sorted(Counter(name for features in kept for name in features).items()))


def anonymous(patients: Sequence[Mapping[str, Groups]], k: int) -> Anonymous:
    """What makes the table k-anonymous. patients : feature -> groups of each patient, in the order of their numbers"""
    names = sorted({name for one in patients for name in one})
    order = sorted(names, key=lambda name: (-len({one[name] for one in patients}), name))
    left_out: defaultdict[int, set[str]] = defaultdict(set)

    def small() -> list[int]:
        shared: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
        for number, one in enumerate(patients):
            left = left_out.get(number, ())
            shared[tuple(None if name in left else one[name] for name in names)].append(number)
        return [number for members in shared.values() if len(members) < k for number in members]

    for name in order:
        rare = small()
        if not rare:
            break
        for number in rare:
            left_out[number].add(name)
    return Anonymous({number: frozenset(found) for number, found in left_out.items()}, frozenset(small()))
