"""A server's rows as the frozen settings that adapters and rules take."""

from dataclasses import replace

from django.db import transaction

from syncapp.choices import Kind
from syncapp.core.account_state import DisabledRule
from syncapp.core.options import FieldRule, PoolSpec, SyncOptions
from syncapp.core.vocabulary import (
    CreateRule,
    MatchKey,
    TakenNumber,
)
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.kinds import usual_mapping
from syncapp.directory.scope import check_scope
from syncapp.directory.units import rebased
from syncapp.models import DirectoryServer, FieldMapping
from syncapp.services.directory_settings import rule_of
from syncapp.store.residences import superiors
from syncapp.store.sent import last_uri


def directory_config(server: DirectoryServer) -> DirectoryConfig:
    """Return what the directory adapter needs; raise ConfigurationError for a password of another address."""
    return DirectoryConfig(
        name=server.name,
        kind=server.kind,
        uris=tuple(server.uris),
        security=server.security,
        ca_certificate=server.ca_certificate,
        bind_dn=server.bind_dn,
        bind_password=server.reveal_bind_password(),
        base_dn=server.base_dn,
        search_bases=tuple(server.search_bases),
        department_attribute=server.department_attribute,
        departments=tuple(server.departments),
        user_filter=server.user_filter,
        anchor_attribute=server.anchor_attribute,
        disabled_when=disabled_rule(server),
    )


def run_config(server: DirectoryServer) -> DirectoryConfig:
    """Return the same for a run: it stays with the controller that was used last while that one answers (rule B12)."""
    return replace(directory_config(server), first=last_uri(server.pk))


def disabled_rule(server: DirectoryServer) -> DisabledRule | None:
    """Return who is switched off by a rule of the server's own; None without one."""
    if not server.disabled_attribute:
        return None
    return DisabledRule(server.disabled_attribute, server.disabled_value)


def take_over_base(server: DirectoryServer, *, base: str, now: str) -> None:
    """Put the new DN of a renamed base in the place of the old one, wherever the server's settings name it (rule D3).

    Raise ConfigurationError, and change nothing, where a search base would lie outside the base DN.
    """
    base_dn = rebased(server.base_dn, base, now) if server.base_dn else ""
    bases = [rebased(each, base, now) for each in server.search_bases]
    check_scope(replace(directory_config(server), base_dn=base_dn, search_bases=tuple(bases)))
    with transaction.atomic():
        DirectoryServer.objects.filter(pk=server.pk).update(base_dn=base_dn, search_bases=bases)
        for link in server.pools.exclude(ou=""):
            server.pools.filter(pk=link.pk).update(ou=rebased(link.ou, base, now))
    server.base_dn, server.search_bases = base_dn, bases


def pool_specs(server: DirectoryServer) -> tuple[PoolSpec, ...]:
    """Return the pools that the server's people get their numbers from, in the order of asking."""
    return tuple(
        PoolSpec(
            name=link.pool.name,
            first=link.pool.first,
            last=link.pool.last,
            reserved=frozenset(link.pool.reserved),
            ou=link.ou,
            department=link.department,
        )
        for link in server.pools.select_related("pool").order_by("position", "id")
    )


def field_rules(server: DirectoryServer, kind: str) -> tuple[FieldRule, ...]:
    """Return the server's own mappings or, where it has none, the usual ones of its kind (rule B7)."""
    stored = tuple(rule_of(row) for row in server.mappings.order_by("id"))
    return stored or usual_mapping(kind, extension_pattern=extension_pattern(pool_specs(server)))


def extension_pattern(pools: tuple[PoolSpec, ...]) -> str:
    """The usual reading of an extension: a whole value of 2 to 5 digits, or as many as the pools' numbers have."""
    others = sorted({len(pool.first) for pool in pools} - set(range(2, 6)))
    return "^(" + "|".join([r"\d{2,5}", *(rf"\d{{{length}}}" for length in others)]) + ")$"


def sync_options(server: DirectoryServer, kind: str, *, write_back: bool) -> SyncOptions:
    """Return everything of the server's settings that can change a decision; `write_back` is the run's."""
    return SyncOptions(
        rules=field_rules(server, kind),
        match_keys=tuple(MatchKey(key) for key in server.match_keys),
        region=server.region,
        create=CreateRule(server.create),
        taken_number=TakenNumber(server.taken_number),
        write_back=write_back,
        number_plan=server.number_plan,
        pools=pool_specs(server),
        superiors=superiors(server),
    )


def store_findings(server: DirectoryServer, kind: str) -> None:
    """Keep the kind that was found and its usual mapping, where the settings leave them open."""
    if server.kind == Kind.AUTO:
        rules = field_rules(server, kind)
        has_mappings = server.mappings.exists()
        DirectoryServer.objects.filter(pk=server.pk, kind=Kind.AUTO).update(kind=kind)
        server.kind = kind
        if not has_mappings:
            FieldMapping.objects.bulk_create(
                [
                    FieldMapping(
                        endpoint=server,
                        field=rule.field,
                        attribute=rule.attribute,
                        direction=rule.direction,
                        policy=rule.policy,
                        on_empty=rule.on_empty,
                        pattern=rule.pattern,
                        relay=rule.relay,
                    )
                    for rule in rules
                ]
            )
