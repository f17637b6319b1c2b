"""How a server stands, in sentences: what is wrong since when, and when the next run comes by itself."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syncapp.services.standing import Health, Standing, WhyNot
from syncapp.views.display import moment


def next_text(standing: Standing) -> str:
    """When the next run comes by itself, or why none does."""
    if standing.next_run is None:
        return {
            WhyNot.SWITCHED_OFF: "",
            WhyNot.NOT_GIVEN: _("No schedule: it is synchronised by hand alone."),
            WhyNot.OFF: _("The schedule is off: it is synchronised by hand alone."),
            WhyNot.STOPPED: _("Nothing is tried by itself until password, account or address is set anew."),
            None: "",
        }[standing.why_not]
    when = {"when": moment(standing.next_run)}
    if standing.failures:
        return _("Next try: %(when)s") % when
    if not standing.may_apply:
        return _("Next preview by itself: %(when)s. It applies nothing before you have done so once.") % when
    return _("Next run: %(when)s") % when


def trouble_text(standing: Standing) -> str:
    """Since when a server fails, and when it last worked; '' for one that works."""
    if standing.health not in (Health.FAILING, Health.STOPPED):
        return ""
    text = ngettext(
        "Failed once, on %(since)s.", "Failed %(count)d times in a row, since %(since)s.", standing.failures
    ) % {"count": standing.failures, "since": moment(standing.failing_since)}
    if standing.last_success is None:
        return text
    worked = _("Last success: %(when)s.") % {"when": moment(standing.last_success)}
    return f"{text} {worked}"


def left_out_text(number: int) -> str:
    """How many runs of the schedule found this one in their way."""
    if not number:
        return ""
    return ngettext(
        "%(count)d run of the schedule was due meanwhile, and was left out.",
        "%(count)d runs of the schedule were due meanwhile, and were left out.",
        number,
    ) % {"count": number}
