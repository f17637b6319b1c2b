"""A server's rows as the frozen settings that adapters and rules take."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

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
from syncapp.exceptions import ClaimLostError, SyncError
from syncapp.models import DirectoryServer, FieldMapping, PhoneSystem
from syncapp.services.directory_settings import rule_of
from syncapp.services.phone_systems import phone_config
from syncapp.services.ports import EndpointSession
from syncapp.services.secrets import key_mark, secrets_come_in
from syncapp.store import phone_entries
from syncapp.store.phone_service import phone_services
from syncapp.store.residences import superiors
from syncapp.store.sent import last_uri
from syncapp.telephony.attributes import SECRET_RULE, USUAL_RULES, dump_seen, load_seen
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.endpoint import PhoneEndpoint

Synchronised = DirectoryServer | PhoneSystem


def synchronised(endpoint_id: int) -> Synchronised:
    """Return an endpoint as what it is."""
    return DirectoryServer.objects.filter(pk=endpoint_id).first() or PhoneSystem.objects.get(pk=endpoint_id)


def synchronised_in_bulk(endpoint_ids: Collection[int]) -> dict[int, Synchronised]:
    return {**DirectoryServer.objects.in_bulk(endpoint_ids), **PhoneSystem.objects.in_bulk(endpoint_ids)}


def all_synchronised() -> list[Synchronised]:
    """Return every directory, then every phone system, by rank."""
    return [*DirectoryServer.objects.order_by("rank", "name"), *PhoneSystem.objects.order_by("rank", "name")]


def sends(server: Synchronised) -> bool:
    """Whether anything may be written there: to a phone system always, for else it would be none of three corners."""
    return isinstance(server, PhoneSystem) or server.write_back


def directory_config(server: DirectoryServer) -> DirectoryConfig:
    """Return what the directory adapter needs; raise ConfigurationError for a password of another address."""
    return DirectoryConfig(
        name=server.name,
        kind=server.kind,
        uris=tuple(server.uris),
        security=server.security,
        ca_certificate=server.ca_certificate,
        bind_dn=server.bind_dn,
        bind_password=server.reveal_secret(),
        base_dn=server.base_dn,
        search_bases=tuple(server.search_bases),
        department_attribute=server.department_attribute,
        departments=tuple(server.departments),
        user_filter=server.user_filter,
        anchor_attribute=server.anchor_attribute,
        disabled_when=disabled_rule(server),
    )


def run_config(
    server: Synchronised, *, while_waiting: Callable[[], None] | None = None
) -> DirectoryConfig | PhoneConfig:
    """Return what the adapter needs for a run.

    It stays with the controller that was used last while that one answers (rule B12);
    of a phone system's people it knows what earlier runs have seen. `while_waiting`: as of `phone_config`.
    """
    if isinstance(server, PhoneSystem):
        seen = phone_entries.recalled(server.pk)
        recalled = {anchor: load_seen(anchor, data) for anchor, data in seen.items()}
        return replace(phone_config(server, while_waiting=while_waiting), recalled=recalled)
    return directory_run_config(server)


def directory_run_config(server: DirectoryServer) -> DirectoryConfig:
    """Return the same of a directory alone."""
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


def pool_specs(server: Synchronised) -> tuple[PoolSpec, ...]:
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


def field_rules(server: Synchronised, kind: str) -> tuple[FieldRule, ...]:
    """Return the server's own mappings or, where it has none, the usual ones of its kind (rule B7)."""
    stored = tuple(rule_of(row) for row in server.mappings.order_by("id"))
    if isinstance(server, PhoneSystem):
        usual = stored or USUAL_RULES
        return (*usual, SECRET_RULE) if secrets_come_in() else usual
    return stored or usual_mapping(kind, extension_pattern=extension_pattern(pool_specs(server)))


def extension_pattern(pools: tuple[PoolSpec, ...]) -> str:
    """The usual reading of an extension: a whole value of 2 to 5 digits, or as many as the pools' numbers have."""
    others = sorted({len(pool.first) for pool in pools} - set(range(2, 6)))
    return "^(" + "|".join([r"\d{2,5}", *(rf"\d{{{length}}}" for length in others)]) + ")$"


def sync_options(server: Synchronised, kind: str) -> SyncOptions:
    """Return everything of the server's settings that can change a decision."""
    if isinstance(server, PhoneSystem):
        rules = field_rules(server, kind)
        return SyncOptions(
            rules=rules,
            match_keys=tuple(MatchKey(key) for key in server.match_keys),
            region=server.region,
            write_back=sends(server),
            number_plan=server.number_plan,
            phone=True,
            secret_key=key_mark() if SECRET_RULE in rules else "",
        )
    return SyncOptions(
        rules=field_rules(server, kind),
        match_keys=tuple(MatchKey(key) for key in server.match_keys),
        region=server.region,
        create=CreateRule(server.create),
        taken_number=TakenNumber(server.taken_number),
        write_back=sends(server),
        number_plan=server.number_plan,
        pools=pool_specs(server),
        superiors=superiors(server),
        phones=phone_services(),
    )


@contextmanager
def keeping_what_is_seen(server: Synchronised, session: EndpointSession) -> Iterator[None]:
    """Keep what is seen of a phone system's people also where the run is held, stopped or fails: it took a request each.

    Not of a run that lost its claim: another one may know better by now.
    """
    try:
        yield
    except ClaimLostError:
        raise
    except SyncError:
        store_seen(server.pk, session)
        raise
    store_seen(server.pk, session)


def store_seen(endpoint_id: int, session: EndpointSession) -> None:
    """Keep what was seen of a phone system's people since that was done last."""
    phone_entries.remember(endpoint_id, dumped_seen(session))


def dumped_seen(session: EndpointSession) -> dict[str, dict[str, Any]]:
    """Return what was seen of a phone system's people since this was asked last, as it is kept."""
    if not isinstance(session, PhoneEndpoint):
        return {}
    return {anchor: dump_seen(each) for anchor, each in session.take_seen().items()}


def store_kind(server: DirectoryServer, kind: str) -> None:
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
