"""Names of features and groups in a page's language: the policy's own first, then the catalogue's, else as written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lennox.report.wording import Wording


@dataclass(frozen=True, slots=True)
class Names:
    """policy : as an audit's document has it"""

    policy: Mapping[str, Any]
    say: Wording

    def feature(self, name: str) -> str:
        """The name of a feature."""
        own = self._declared(name).get("name_in", {}).get(self.say.language)
        return str(own) if own else self.say.name(name.replace("_", " "))

    def features(self, names: Iterable[str]) -> str:
        """Several features."""
        return ", ".join(map(self.feature, names))

    def group(self, feature: str, name: str) -> str:
        """The name of one group of a feature, or of those who did not say."""
        declared, unknown = self._declared(feature), self.policy.get("unknown", {})
        own = None
        if name in declared.get("groups", ()):
            names = declared.get("groups_in", {}).get(self.say.language)
            own = names[declared["groups"].index(name)] if names else None
        elif name == unknown.get("name"):
            own = unknown.get("name_in", {}).get(self.say.language)
        return str(own) if own else self.say.name(name)

    def groups(self, group: Mapping[str, str]) -> str:
        """The name of a group, or of crossed groups; "everybody" where it is none, of films "all films"."""
        say = self.say
        everybody = say("all films") if self.policy.get("scope", {}).get("cluster") == "film" else say("everybody")
        return ", ".join(self.group(feature, value) for feature, value in group.items()) or everybody

    def _declared(self, feature: str) -> Mapping[str, Any]:
        found = (one for one in self.policy.get("features", ()) if one["name"] == feature)
        return next(found, {})
