"""A section [[directory]]: compared with what is stored, and stored."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from syncapp.choices import Kind
from syncapp.core.records import Message
from syncapp.models import DirectoryServer, Endpoint
from syncapp.services.configure.changes import SectionReport
from syncapp.services.configure.columns import changed_columns, missing_keys, set_bound_secret, set_columns
from syncapp.services.configure.mappings import MappingsDraft
from syncapp.services.configure.sections import PLAIN_DIRECTORY_KEYS, Section
from syncapp.services.configure.server_pools import ServerPoolsDraft
from syncapp.services.directory_settings import (
    DirectoryValues,
    anchor_caution,
    anchor_change_mistakes,
    validate_account,
    validate_directory,
)

COLUMNS = ("uris", *PLAIN_DIRECTORY_KEYS, "search_bases", "departments", "match_keys", "schedule", "limits")
# What a run found out of a directory holds for as long as these stay.
WHICH_DIRECTORY = ("uris", "base_dn")
# Settings that others are judged by: where they could not be read, the others are judged without.
JUDGED_BY = ("security", "base_dn", "kind", "bind_dn")


class DirectoryDraft:
    """A server as the file wants it, not stored yet."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.server = DirectoryServer.objects.filter(name=section.name).first() or DirectoryServer(name=section.name)
        self.created = self.server.pk is None
        self.known_by = (self.server.kind, self.server.anchor_attribute)
        self.changes = set_columns(self.server, _wanted(self.server, section), COLUMNS)
        self.was_being_added = self.server.being_added
        self._finish_adding()
        self.changes += set_bound_secret(self.server, section.values)
        self.mappings = MappingsDraft(self.server, section)
        self.pools = ServerPoolsDraft(self.server, section)

    def judge(self, *, pool_names: Collection[str]) -> None:
        """Add what is wrong with the server as a whole to the mistakes of the file.

        `pool_names` are the pools that there are and those that the file brings.
        """
        section, server = self.section, self.server
        if self.created and Endpoint.objects.filter(name=section.name).exists():
            section.where.inside("name").wrong("name_of_another_kind", name=section.name)
        named_already = section.wrong | (missing_keys(section, ["uris"]) if self.created else set())
        unreadable: dict[str, Any] = {key: "" for key in JUDGED_BY if key in section.wrong}
        found = validate_directory(replace(DirectoryValues.of(server), **unreadable))
        if not self.created and server.records.exists():
            found += anchor_change_mistakes(before=self.known_by, after=(server.kind, server.anchor_attribute))
        for mistake in found:
            if mistake.field not in named_already:
                section.where.inside(mistake.field).refuse(mistake.message)
        if not {"bind_dn", "bind_password"} & section.wrong:
            self._judge_account()
        self.mappings.judge(region=server.region)
        self.pools.judge(pool_names=pool_names, base_dn=unreadable.get("base_dn", server.base_dn))

    def store(self) -> SectionReport:
        """Store the server; the pools that it names must be stored already."""
        if self.created:
            self.server.save()
        elif self.changes or self.was_being_added:
            self.server.save(update_fields=self._changed_columns())
        changes = [*self.changes, *self.pools.store(), *self.mappings.store()]
        cautions = tuple(self._cautions())
        return SectionReport(self.section.kind, self.section.name, self.created, tuple(changes), cautions)

    def _finish_adding(self) -> None:
        """A file says more than what somebody began to enter on the page, and takes its place."""
        if self.server.being_added:
            self.changes += set_columns(self.server, {"enabled": True, **self.section.values}, ["enabled"])
            self.server.being_added = False

    def _cautions(self) -> list[Message]:
        about_anchor = anchor_caution(self.section.values.get("anchor_attribute", ""))
        return [*([about_anchor] if about_anchor else []), *self.mappings.cautions()]

    def _judge_account(self) -> None:
        where, server = self.section.where, self.server
        for mistake in validate_account(bind_dn=server.bind_dn, has_password=bool(server.bind_password)):
            where.inside(mistake.field).refuse(mistake.message)
        if not server.secret_fits:
            where.inside("bind_password").wrong("password_needed_again")

    def _changed_columns(self) -> list[str]:
        return [*changed_columns(self.server, self.changes), *(["being_added"] if self.was_being_added else [])]


def _wanted(server: DirectoryServer, section: Section) -> dict[str, Any]:
    """Return the values of a section, without a kind `auto` that has been worked out already.

    Otherwise every run of the same file would forget what the directory's last
    run found.
    """
    moved = any(section.values.get(key, getattr(server, key)) != getattr(server, key) for key in WHICH_DIRECTORY)
    values = dict(section.values)
    if values.get("kind") == Kind.AUTO and server.pk is not None and not moved:
        del values["kind"]
    return values
