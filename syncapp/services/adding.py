"""Adding a directory server: address and account, what was found there, scope and rules; then it is switched on."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.directory.anchors import changes
from syncapp.directory.branches import Branch, ScopeFound, find_branches, look_at_scope
from syncapp.directory.discovery import AnchorFound, Feature, Found, discover
from syncapp.directory.kinds import usual_mapping
from syncapp.directory.sampling import Look
from syncapp.models import DirectoryServer, EndpointPool, FieldMapping, NumberPool
from syncapp.services.endpoints import directory_config, extension_pattern, pool_specs

SECONDS = 20.0  # in the web process (design, section 3)
# Settings that the second step asks for.
FOUND = ("kind", "base_dn", "region", "anchor_attribute", "disabled_attribute", "disabled_value")
# And those that the third one asks for.
SCOPE = ("search_bases", "department_attribute", "departments", "user_filter")
RULES = ("match_keys", "create")

_SAID = {
    Feature.PAGED: "feature_paged",
    Feature.ASSERTION: "feature_assertion",
    Feature.POST_READ: "feature_post_read",
}
_SAID_OF_CHANGES = {Feature.SYNC: "feature_sync", Feature.DIRSYNC: "feature_dirsync"}


def look(server: DirectoryServer, *, own: Sequence[FieldRule] = ()) -> Found:
    """Ask the server's directory what it is and how people could be mapped; raise SyncError. Stores nothing.

    `own`: rules that are looked at in the place of proposals for their fields. The
    server's row may have values that are not stored.
    """
    return discover(_look(server, own=own))


def _look(server: DirectoryServer, *, own: Sequence[FieldRule] = ()) -> Look:
    pattern = extension_pattern(pool_specs(server))
    return Look(
        config=directory_config(server),
        usual=lambda kind: usual_mapping(kind, extension_pattern=pattern),
        region=server.region,
        now=timezone.now(),
        seconds=SECONDS,
        own=own,
    )


def keep(server: DirectoryServer, mappings: Sequence[FieldMapping]) -> bool:
    """Keep what was found and confirmed, for the next step to go on from; False where the server is set up already."""
    with transaction.atomic():
        # Whoever comes second, from another window, would run over what is in use by now.
        if not DirectoryServer.objects.filter(pk=server.pk, being_added=True).update(being_added=True):
            return False
        server.save(update_fields=FOUND)
        server.mappings.all().delete()
        for mapping in mappings:
            mapping.endpoint = server
        FieldMapping.objects.bulk_create(mappings)
    return True


def confirm(server: DirectoryServer, *, pool: NumberPool | None, new_range: tuple[str, str] | None) -> bool:
    """Keep the scope and rules of the row as it is now, and switch the server on; False where it is on already."""
    with transaction.atomic():
        if not DirectoryServer.objects.filter(pk=server.pk, being_added=True).update(being_added=False):
            return False
        server.enabled, server.being_added = True, False
        server.save(update_fields=[*SCOPE, *RULES, "enabled"])
        if new_range is not None:
            pool = NumberPool.objects.create(name=server.name, first=new_range[0], last=new_range[1])
        if pool is not None:
            EndpointPool.objects.create(endpoint=server, pool=pool)
    return True


def count_scope(server: DirectoryServer) -> ScopeFound:
    """Count the people whom the row as it is now would bring; raise SyncError."""
    return look_at_scope(_look(server))


def branches(server: DirectoryServer) -> tuple[Branch, ...]:
    """Return the branches of the directory in which people are; raise SyncError."""
    return find_branches(_look(server))


def said_of_scope(found: ScopeFound) -> Message:
    """Say how many people the scope would bring."""
    figures = {"people": found.people, "inactive": found.inactive}
    if not found.people:
        return Message("scope_brings_nobody")
    return Message("found_people" if found.complete else "scope_at_least", figures)


def said_of_server(found: Found) -> list[tuple[bool, Message]]:
    """Say what the server can do, each with whether it can."""
    able = found.features
    said = [(able[feature], Message(code if able[feature] else f"{code}_missing")) for feature, code in _SAID.items()]
    news = [(True, Message(code)) for feature, code in _SAID_OF_CHANGES.items() if able[feature]]
    return [*said, *(news or [(False, Message("feature_changes_missing"))])]


def said_of_people(found: Found) -> Message:
    """Say how many people are in scope."""
    if found.problem is not None:
        return found.problem
    figures = {"people": found.people, "sample": found.sample, "inactive": found.disabled}
    if not found.people:
        return Message("found_nobody", {"filter": found.filter})
    if found.people == found.sample:
        return Message("found_people", figures)
    return Message("found_people_of" if found.counted_all else "found_people_at_least", figures)


def said_of_anchors(found: Found) -> list[tuple[bool, Message]]:
    """Say which attributes may tell people apart, the best first, each with whether it serves."""
    return [
        (
            anchor.serves and not changes(anchor.attribute),
            Message(
                _verdict(anchor),
                {
                    "attribute": anchor.attribute,
                    "example": anchor.example,
                    "filled": anchor.filled,
                    "people": anchor.people,
                    "different": anchor.different,
                    "several": anchor.several,
                },
            ),
        )
        for anchor in sorted(found.anchors, key=_rank)
        if anchor.filled
    ]


def _rank(anchor: AnchorFound) -> tuple[bool, bool]:
    return not anchor.serves, changes(anchor.attribute)


def _verdict(anchor: AnchorFound) -> str:
    if not anchor.serves:
        return "anchor_does_not_serve"
    return "anchor_serves_for_now" if changes(anchor.attribute) else "anchor_serves"


def proposed_anchor(found: Found) -> str:
    """Return the id attribute to choose; '' for the usual one, or where none serves."""
    serving = [anchor.attribute for anchor in sorted(found.anchors, key=_rank) if anchor.serves]
    return "" if not serving or serving[0] == "entryUUID" else serving[0]
