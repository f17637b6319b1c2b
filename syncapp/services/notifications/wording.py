"""The words of a message, made when it is sent, in the channel's language.

Which server, what happened, since when, what to do, and where to look. Of people a
message has numbers alone: mail is read by others, and kept where nobody looks after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syncapp import messages
from syncapp.choices import Happened
from syncapp.models import Notice
from syncapp.services.endpoints import synchronised
from syncapp.store.naming import naming_of


@dataclass(frozen=True, slots=True)
class Wording:
    subject: str
    text: str
    url: str


def words_of(notice: Notice) -> Wording:
    """Return subject and text of a message in its channel's language."""
    with translation.override(notice.channel.language):
        url = _url(notice)
        lines = [*_lines(notice), *([url] if url else [])]
        return Wording(subject=_subject(notice), text="\n\n".join(lines) + "\n", url=url)


def words_of_test(language: str) -> Wording:
    with translation.override(language):
        return Wording(
            subject=_("Directory sync: a test"),
            text=_("This is a test message. Messages about servers will come this way.") + "\n",
            url=f"{settings.PUBLIC_URL}/" if settings.PUBLIC_URL else "",
        )


def payload_of(notice: Notice) -> dict[str, Any]:
    """What a webhook is sent: codes for the program, and the text for whoever reads along."""
    words, facts = words_of(notice), notice.facts
    reason = facts.get("reason")
    return {
        "id": notice.pk,
        "event": notice.happened,
        "at": notice.created_at.isoformat(),
        "server": notice.endpoint.name if notice.endpoint is not None else None,
        "health": facts.get("health"),
        "since": facts.get("since"),
        "reason": reason["code"] if reason else None,
        "run": notice.run_id,
        "servers": facts.get("servers"),
        "subject": words.subject,
        "text": words.text,
        "url": words.url or None,
    }


def payload_of_test(language: str) -> dict[str, Any]:
    words = words_of_test(language)
    return {"id": 0, "event": "test", "subject": words.subject, "text": words.text, "url": words.url or None}


def _subject(notice: Notice) -> str:
    if notice.happened == Happened.CONFLICTS:
        total = sum(each["open"] for each in notice.facts["servers"])
        text = ngettext(
            "Directory sync: %(count)d matter waits for a decision",
            "Directory sync: %(count)d matters wait for a decision",
            total,
        )
        return text % {"count": total}
    subjects = {
        Happened.FAILING: _("Directory sync: “%(server)s” does not work"),
        Happened.RECOVERED: _("Directory sync: “%(server)s” works again"),
        Happened.HELD: _("Directory sync: a run of “%(server)s” is held"),
    }
    return " ".join((subjects[Happened(notice.happened)] % {"server": notice.endpoint}).split())


def _lines(notice: Notice) -> Iterator[str]:
    facts, server = notice.facts, {"server": notice.endpoint}
    match notice.happened:
        case Happened.CONFLICTS:
            yield "\n".join(_of_server(each) for each in facts["servers"])
            yield _("Decide under Conflicts: nothing of it is changed on either side before that.")
        case Happened.RECOVERED:
            yield _("“%(server)s” can be synchronised again.") % server
            if "since" in facts:
                yield _("It did not work from %(at)s on.") % {"at": _at(facts["since"])}
            yield _("There is nothing to do.")
        case Happened.HELD:
            yield _("A run of “%(server)s” is held: nothing was changed.") % server
            yield from _reason(notice)
            yield _("Look at its plan, then apply or discard it.")
        case _:
            yield _("“%(server)s” cannot be synchronised.") % server
            yield from _reason(notice)
            if "since" in facts:
                yield _("Since %(at)s.") % {"at": _at(facts["since"])}
            if facts["health"] == "stopped":
                yield _("Nothing is tried by itself any more, so that the account is not locked: correct it.")
            else:
                yield _("It is tried again by itself, more and more rarely, where a schedule is set.")


def _reason(notice: Notice) -> Iterator[str]:
    if (reason := notice.facts.get("reason")) is None:
        return
    if "params" in reason:
        yield messages.render(reason["code"], reason["params"], naming_of(notice))
    else:
        yield _("The reason stands on the page of the run, for it names people.")


def _of_server(each: dict[str, Any]) -> str:
    text = ngettext("%(server)s: %(count)d to decide", "%(server)s: %(count)d to decide", each["open"])
    new = ngettext("%(count)d new", "%(count)d new", each["new"]) % {"count": each["new"]}
    return text % {"server": each["server"], "count": each["open"]} + (f" ({new})" if each["new"] else "")


def _url(notice: Notice) -> str:
    if not settings.PUBLIC_URL:
        return ""
    if notice.happened == Happened.CONFLICTS or notice.endpoint_id is None:
        path = reverse("admin:syncapp_conflict_changelist")
    elif notice.run_id is not None:
        path = reverse("admin:syncapp_syncrun_change", args=[notice.run_id])
    else:
        server = synchronised(notice.endpoint_id)
        path = reverse(f"admin:syncapp_{server._meta.model_name}_change", args=[server.pk])
    return f"{settings.PUBLIC_URL}{path}"


def _at(moment: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(moment)), "SHORT_DATETIME_FORMAT")
