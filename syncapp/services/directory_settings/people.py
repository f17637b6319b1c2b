"""Who is who in a directory: what tells people apart, who is disabled, and how our own account is written."""

from collections.abc import Iterator

from syncapp.choices import Kind
from syncapp.core.records import Message
from syncapp.directory.anchors import changes, check_anchor
from syncapp.directory.kinds import anchor_of, check_account
from syncapp.directory.scope import check_attribute_names
from syncapp.services.directory_settings.mistakes import Mistake, mistake, mistakes_of


def account_form_mistakes(*, kind: str, bind_dn: str) -> list[Mistake]:
    return mistakes_of("bind_dn", lambda: check_account(kind, bind_dn)) if kind in Kind.values else []


def anchor_mistakes(*, kind: str, attribute: str) -> list[Mistake]:
    if not attribute:
        return []
    malformed = mistakes_of("anchor_attribute", lambda: check_attribute_names([attribute]))
    if malformed or kind not in Kind.values:
        return malformed
    return mistakes_of("anchor_attribute", lambda: check_anchor(kind, attribute))


def disabled_mistakes(*, attribute: str, value: str) -> Iterator[Mistake]:
    if attribute:
        yield from mistakes_of("disabled_attribute", lambda: check_attribute_names([attribute]))
    if attribute and not value.strip():
        yield mistake("disabled_value", "disabled_value_missing", attribute=attribute)
    if value.strip() and not attribute:
        yield mistake("disabled_attribute", "disabled_attribute_missing")


def anchor_change_mistakes(*, before: tuple[str, str], after: tuple[str, str]) -> list[Mistake]:
    """Judge a new kind, or a new id attribute, of a server whose people are known already.

    Both are pairs of kind and chosen attribute. Known people would all be strangers:
    by another id nobody finds them again.
    """
    old, new = anchor_of(*before), anchor_of(*after)
    if before[1].lower() == after[1].lower() and (not (old and new) or old == new):
        return []
    field = "anchor_attribute" if before[1].lower() != after[1].lower() else "kind"
    return [mistake(field, "anchor_would_change", attribute=old, other=new)]


def anchor_caution(attribute: str) -> Message | None:
    """Say what somebody should know of an id attribute that works for the moment."""
    return Message("anchor_changes", {"attribute": attribute}) if changes(attribute) else None
