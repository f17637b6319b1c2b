"""How the two sides of an endpoint are called: a directory is the domain, MikoPBX a phone system.

Of a directory the hub is "the PBX" (rule E1). Beside a phone system that would be the
wrong machine, so there the hub is "here".

A sentence about an endpoint is written once, with these words left open: the names of
the fields of `Naming` stand in it as placeholders, such as `%(in_it)s`. Codes and
stored values (`pbx`, `domain`) are the same for all endpoints.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from syncapp.choices import Resolution, Side


@dataclass(frozen=True, slots=True)
class Naming:
    """The words of one kind of endpoint. In the comments: where a sentence needs them."""

    it: Promise  # … has several values
    in_it: Promise  # changed …
    to_it: Promise  # written …
    from_it: Promise  # brought in …
    for_it: Promise  # waits …
    its: Promise  # take … value
    in_hub: Promise  # changed …
    to_hub: Promise  # comes …
    of_hub: Promise  # take … value

    def words(self) -> Mapping[str, str]:
        """Return the words in the active language, by the placeholders that they fill."""
        return {name: str(getattr(self, name)) for name in WORDS}

    def side(self, value: str) -> str:
        """Return where something changed, as a stored code of `Side` says."""
        words: dict[str, Promise] = {Side.LOCAL: self.in_hub, Side.REMOTE: self.in_it, Side.BOTH: Side.BOTH.label}
        return str(words.get(value, value))

    def resolution(self, value: str) -> str:
        """Return how a conflict was decided, as a stored code of `Resolution` says."""
        taken = {Resolution.LOCAL: self.of_hub, Resolution.REMOTE: self.its}
        if value in taken:
            return str(_("%(whose)s value") % {"whose": taken[Resolution(value)]})
        return str(dict(Resolution.choices).get(value, value))


WORDS = frozenset(each.name for each in fields(Naming))

OF_DIRECTORY = Naming(
    it=pgettext_lazy("who", "the domain"),
    in_it=_("in the domain"),
    to_it=_("to the domain"),
    from_it=_("from the domain"),
    for_it=_("for the domain"),
    its=pgettext_lazy("whose", "the domain's"),
    in_hub=_("in the PBX"),
    to_hub=_("into the PBX"),
    of_hub=pgettext_lazy("whose", "the PBX's"),
)
OF_PHONES = Naming(
    it=pgettext_lazy("who", "the phone system"),
    in_it=_("in the phone system"),
    to_it=_("to the phone system"),
    from_it=_("from the phone system"),
    for_it=_("for the phone system"),
    its=pgettext_lazy("whose", "the phone system's"),
    in_hub=pgettext_lazy("where", "here"),
    to_hub=pgettext_lazy("where to", "in here"),
    of_hub=pgettext_lazy("whose", "our"),
)
# For what is about several endpoints, or about none.
OF_ANY = Naming(
    it=pgettext_lazy("who", "the server"),
    in_it=_("on the server"),
    to_it=_("to the server"),
    from_it=_("from the server"),
    for_it=_("for the server"),
    its=pgettext_lazy("whose", "the server's"),
    in_hub=pgettext_lazy("where", "here"),
    to_hub=pgettext_lazy("where to", "in here"),
    of_hub=pgettext_lazy("whose", "our"),
)
