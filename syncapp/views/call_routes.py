"""What leads calls to a person, in plain sentences."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from syncapp.services.call_routes import CallRoutes

WHEN = {
    "fwd_forwarding": gettext_lazy("when nobody answers"),
    "fwd_forwardingonbusy": gettext_lazy("when busy"),
    "fwd_forwardingonunavailable": gettext_lazy("when not reachable"),
}


@dataclass(frozen=True, slots=True)
class RoutesShown:
    """One phone system: its name and address, what leads to the person there, and what cannot be told."""

    system: str
    url: str
    number: str
    forwards: tuple[str, ...]
    untold: str


def routes_shown(found: Iterable[CallRoutes]) -> list[RoutesShown]:
    return [_shown(routes) for routes in found]


def _shown(routes: CallRoutes) -> RoutesShown:
    untold = _(
        "Which queues, voice menus and incoming routes lead to %(number)s the phone system does not tell this program. Look there before anything is switched off."
    )
    return RoutesShown(
        system=routes.system.name,
        url=routes.system.url,
        number=routes.number,
        forwards=tuple(
            _("%(name)s: calls go on to %(number)s %(when)s.")
            % {"name": each.name, "number": each.number, "when": WHEN[each.when]}
            for each in routes.forwards
        ),
        untold=untold % {"number": routes.number},
    )


def routes_text(found: Iterable[CallRoutes]) -> list[str]:
    """Return what is known in one sentence for each phone system where somebody's calls lead to the person."""
    return [
        _("%(system)s: calls of %(people)s are forwarded here; the phone system takes that along to a new number.")
        % {"system": routes.system.name, "people": ", ".join(dict.fromkeys(each.name for each in routes.forwards))}
        for routes in found
        if routes.forwards
    ]
