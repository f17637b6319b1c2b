"""How values are shown: always a word and an icon, never colour alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from syncapp import messages
from syncapp.choices import Field, ItemOutcome, RunStatus, Side, State, Status
from syncapp.core.vocabulary import OPAQUE_FIELDS
from syncapp.directory.errors import LOGIN_CODES
from syncapp.exceptions import SyncError
from syncapp.messages.naming import OF_DIRECTORY, Naming
from syncapp.models import RunItem, SyncRecord
from syncapp.store.naming import naming_of
from syncapp.views.difference import marked

# Tones are those of the theme's label; icons are names of Material Symbols.
OUTCOMES: dict[str, tuple[str, str]] = {
    Status.FAILED: ("danger", "error"),
    Status.CONFLICT: ("warning", "call_split"),
    Status.PROPOSED: ("warning", "help"),
    Status.CREATED: ("success", "person_add"),
    Status.UPDATED: ("info", "sync"),
    Status.IGNORED: ("", "block"),
    Status.SKIPPED: ("", "check"),
    ItemOutcome.PLANNED: ("", "schedule"),
    ItemOutcome.WRITING: ("info", "upload"),
}
STATES: dict[str, tuple[str, str]] = {
    State.ACTIVE: ("success", "check_circle"),
    State.DISABLED: ("", "block"),
    State.EXPIRED: ("", "event_busy"),
    State.MISSING: ("warning", "person_search"),
    State.RELEASED: ("", "output"),
}
RUN_STATUSES: dict[str, tuple[str, str]] = {
    RunStatus.QUEUED: ("", "schedule"),
    RunStatus.RUNNING: ("info", "sync"),
    RunStatus.COMPLETED: ("success", "check_circle"),
    RunStatus.PARTIAL: ("warning", "rule"),
    RunStatus.HELD: ("warning", "front_hand"),
    RunStatus.FAILED: ("danger", "error"),
    RunStatus.CANCELLED: ("", "cancel"),
    RunStatus.CRASHED: ("danger", "bolt"),
}


def label(text: Any, tone: str = "", icon: str = "") -> SafeString:
    return SafeString(render_to_string("unfold/helpers/label.html", {"text": text, "type": tone, "icon": icon}))


def outcome_label(value: str) -> SafeString:
    tone, icon = OUTCOMES.get(value, ("", ""))
    return label(dict(ItemOutcome.choices).get(value, value), tone, icon)


def state_label(value: str) -> SafeString:
    tone, icon = STATES.get(value, ("", ""))
    return label(dict(State.choices).get(value, value), tone, icon)


def run_status_label(value: str) -> SafeString:
    tone, icon = RUN_STATUSES.get(value, ("", ""))
    return label(dict(RunStatus.choices).get(value, value), tone, icon)


def sentence(code: str, params: Mapping[str, Any] | None = None, naming: Naming = OF_DIRECTORY) -> str:
    """The sentence of a stored code; the bare code when no template fits it.

    Rows outlive versions of the program: one that an older version wrote must
    not make the whole page fail.
    """
    try:
        return messages.render(code, params, naming)
    except (KeyError, TypeError, ValueError):
        return code


def trouble(error: SyncError) -> dict[str, Any]:
    """What a part of a page shows that asked a directory in vain.

    `refused`: nothing is asked again by itself, for one more attempt with a wrong
    password could lock the account.
    """
    return {"error": sentence(error.code, error.params), "refused": error.code in LOGIN_CODES}


def sentences(stored: Iterable[Mapping[str, Any]], naming: Naming = OF_DIRECTORY) -> list[str]:
    """Sentences of messages that are stored as `{"code", "params"}`."""
    return [sentence(message.get("code", ""), message.get("params"), naming) for message in stored]


def record_sentences(record: SyncRecord) -> SafeString:
    """Everything that is to be said of a person on one server."""
    return paragraphs(_record_texts(record))


def record_brief(record: SyncRecord) -> SafeString:
    """The same for a list: as many lines as there is room for, and all of it where the mouse rests on them."""
    said = " ".join(filter(None, _record_texts(record)))
    return format_html('<div class="sync-brief" title="{0}">{0}</div>', said) if said else SafeString("")


def _record_texts(record: SyncRecord) -> list[str]:
    naming = naming_of(record)
    texts = [sentence(record.message_code, record.message_params, naming), *sentences(record.remarks, naming)]
    texts.append(_waiting_sentence(record.waits, naming))
    if record.abroad:
        texts.append(_("Another server comes first for this person: the values of this one are only compared."))
    return texts


def _waiting_sentence(waits: Mapping[str, str], naming: Naming) -> str:
    """Which values have yet to go out."""
    fields = dict(Field.choices)
    names = ", ".join(str(fields.get(name, name)) for name in waits)
    return _("Waits %(for_it)s: %(fields)s.") % {**naming.words(), "fields": names} if names else ""


def paragraphs(texts: Iterable[str]) -> SafeString:
    return format_html_join("", '<div class="sync-message">{}</div>', ((text,) for text in texts if text))


def moment(value: datetime | None) -> str:
    return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT") if value else ""


def when_and_where(record: SyncRecord) -> SafeString:
    """When a value of a person last really changed, and on which side."""
    where = naming_of(record).side(record.updated_side)
    day, blank, hour = moment(record.updated_at).partition(" ")
    # In English the hour has a blank of its own, at which no line is to end.
    when = day + blank + hour.replace(" ", "\N{NO-BREAK SPACE}")
    return format_html('<div>{}</div><div class="sync-side">{}</div>', when or "–", where)


def breakable_dn(dn: str) -> SafeString:
    """A DN that may be broken after its commas, and only there."""
    return format_html_join(SafeString(",<wbr>"), "{}", ((part,) for part in dn.split(",")))


def breakable_email(email: str) -> SafeString:
    """An address that may be broken before its @, and otherwise only where it would not fit at all."""
    parts = format_html_join(SafeString("<wbr>@"), "{}", ((part,) for part in email.split("@")))
    return format_html('<span title="{}">{}</span>', email, parts) if email else SafeString("")


def value_shown(field: str, value: str | None) -> str:
    """A stored value of a field: photos as pictures, secrets not at all (rule B15)."""
    if not value:
        return _("empty")
    if field == Field.SIP_SECRET:
        return _("hidden")
    if field == Field.PHOTO:
        url = reverse("admin:syncapp_photo", args=[value])
        return format_html('<img class="sync-photo" src="{}" alt="{}" loading="lazy">', url, _("photo, not kept here"))
    return value


def value_of_matter(field: str, value: str | None) -> str:
    """A value of a matter: nothing where it is not about a value, a dash for what was never agreed."""
    if not field:
        return ""
    return "–" if value is None else value_shown(field, value)


def changes_table(
    changes: Sequence[Mapping[str, str]], naming: Naming, *, unwritten: Collection[str] = ()
) -> SafeString:
    """The changes of a run item, side by side: field, before, after; what differs is marked.

    `naming`: how the sides are called on which they happened.
    `unwritten` as a run item has them, side and field: changes that did not happen.
    """
    if not changes:
        return SafeString("")
    fields = dict(Field.choices)
    bodies = []
    for side, its_changes in groupby(changes, key=lambda change: change.get("side", "")):
        rows = []
        for change in its_changes:
            name = change["field"]
            note = format_html(" <i>{}</i>", _("not written")) if f"{side}:{name}" in unwritten else ""
            rows.append((capfirst(str(fields.get(name, name))), note, *before_and_after(change)))
        bodies.append((naming.side(side), format_html_join("", _CHANGE, rows)))
    return format_html(
        '<table class="sync-changes"><colgroup><col class="sync-changes-field"><col><col></colgroup><thead class="sync-unseen"><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead>{}</table>',
        _("Field"),
        _("Before"),
        _("After"),
        format_html_join(
            "", '<tbody><tr><th colspan="3" scope="rowgroup" class="sync-side">{}</th></tr>{}</tbody>', bodies
        ),
    )


_CHANGE = '<tr><th scope="row">{}{}</th><td>{}</td><td class="sync-after">{}</td></tr>'


def before_and_after(change: Mapping[str, str]) -> tuple[str, str]:
    """The two values of a stored change, to stand side by side; what differs is marked."""
    before, after = change.get("before") or "", change.get("after") or ""
    if before and after and change["field"] not in OPAQUE_FIELDS:
        return marked(before, after)
    none = format_html('<span class="sync-nought">{}</span>', _("empty"))
    shown = [value_shown(change["field"], value) if value else none for value in (before, after)]
    return shown[0], shown[1]


def agreed_table(base: Mapping[str, Sequence[str]], naming: Naming) -> SafeString:
    """Last agreed values, here and there, as `store` keeps them: field to the pair of both."""
    fields = dict(Field.choices)
    rows = [
        (capfirst(str(fields.get(name, name))), *(value_shown(name, value) if value else "–" for value in pair[:2]))
        for name, pair in base.items()
    ]
    return format_html(
        '<table class="sync-table sync-agreed"><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>{}</tbody></table>',
        _("Field"),
        capfirst(naming.side(Side.LOCAL)),
        capfirst(naming.side(Side.REMOTE)),
        format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
    )


def person_link(item: RunItem) -> SafeString:
    """The person of a run item, with a link to the employee where there is one."""
    if item.employee_id is None:
        return format_html("{}", item)
    return admin_link("syncapp_employee_change", item.employee_id, item)


def admin_link(name: str, pk: Any, text: Any, *, query: str = "") -> SafeString:
    """A link to a page of the admin site; `name` as in `syncapp_employee_change`."""
    url = reverse(f"admin:{name}", args=[pk] if pk is not None else None)
    return format_html('<a class="text-link" href="{}{}">{}</a>', url, query, text)


def list_url(model: str, **query: Any) -> str:
    """Return the address of a list of the site, filtered by `query`."""
    address = reverse(f"admin:syncapp_{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address
