"""Who may do what. Buttons are shown, and answers given, by the same question."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from syncapp.choices import RunMode
from syncapp.models import SyncRun
from syncapp.services.seals import needs_force


def current_user(request: HttpRequest) -> User:
    """Return who is logged in; nobody gets here without."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def may_query(request: HttpRequest) -> bool:
    """Whether the user may ask a directory, and make previews: nothing is written to any side."""
    return bool(request.user.has_perm("syncapp.query_directoryserver"))


def may_synchronise(request: HttpRequest) -> bool:
    """Whether the user may start runs that change something, as far as no brake holds them."""
    return bool(request.user.has_perm("syncapp.synchronise_directoryserver"))


def may_override(request: HttpRequest) -> bool:
    """Whether the user may apply a plan although a brake holds it: this only adds to what may be synchronised."""
    return may_synchronise(request) and bool(request.user.has_perm("syncapp.override_directoryserver"))


def may_manage(request: HttpRequest) -> bool:
    """Whether the user may change what a server is and does, and so see its account and its mappings."""
    return bool(request.user.has_perm("syncapp.change_directoryserver"))


def may_stop(request: HttpRequest, run: SyncRun) -> bool:
    """Whether the user may cancel the run or discard its plan: whoever may start such a run.

    Runs that override a brake are no exception: to stop is the safe side.
    """
    return may_query(request) if run.mode == RunMode.PREVIEW else may_synchronise(request)


def may_apply(request: HttpRequest, run: SyncRun) -> bool:
    """Whether the user may have the plan of the run carried out."""
    return may_override(request) if needs_force(run) else may_synchronise(request)


def rights_over(request: HttpRequest, run: SyncRun) -> dict[str, bool]:
    """Say which buttons the page of a run has."""
    return {
        "may_stop": may_stop(request, run),
        "may_apply": may_apply(request, run),
        "may_manage": may_manage(request),
    }


def may_decide(request: HttpRequest) -> bool:
    """Whether the user may say who an entry is, and which of two values is right."""
    return bool(request.user.has_perm("syncapp.change_conflict"))


def may_see_employees(request: HttpRequest) -> bool:
    """Whether the user may look at people, and so at their photos."""
    return bool(request.user.has_perm("syncapp.view_employee") or request.user.has_perm("syncapp.change_employee"))


def may_see_runs(request: HttpRequest) -> bool:
    """Whether the user may look at what runs did to whom."""
    return _may_look(request, "syncrun") and _may_look(request, "runitem")


def may_explain(request: HttpRequest) -> bool:
    """Whether the user may ask why somebody is here or not: it shows people and what is known of their entries."""
    return may_see_employees(request) and _may_look(request, "syncrecord")


def may_examine(request: HttpRequest) -> bool:
    """Whether the user may look for what should be mended in a directory: it asks there, and shows people's values."""
    return may_query(request) and _may_look(request, "directoryserver") and _may_look(request, "syncrecord")


def _may_look(request: HttpRequest, model: str) -> bool:
    return any(request.user.has_perm(f"syncapp.{right}_{model}") for right in ("view", "change"))


def may_change_employees(request: HttpRequest) -> bool:
    """Whether the user may edit people, one by one and by a sheet."""
    return bool(request.user.has_perm("syncapp.change_employee"))


def may_add_employees(request: HttpRequest) -> bool:
    """Whether the user may add people."""
    return bool(request.user.has_perm("syncapp.add_employee"))


def may_archive(request: HttpRequest) -> bool:
    """Whether the user may archive people and take them back."""
    return bool(request.user.has_perm("syncapp.change_employee"))


# Whoever sends one of these came through a proxy: then the address is the proxy's, and everybody has it.
_SET_BY_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def may_watch(request: HttpRequest) -> bool:
    """Whether the caller, a program without log-in, may read the metrics: by the token, or by the address.

    An address counts only where no proxy is in between. What a proxy says of the
    address behind it is not believed, for a caller can say the same.
    """
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return constant_time_compare(given.strip(), settings.METRICS_TOKEN)
    if settings.BEHIND_PROXY or any(name in request.headers for name in _SET_BY_PROXIES):
        return False
    return _is_listed(request.META.get("REMOTE_ADDR", ""), settings.METRICS_ALLOWED)


def _is_listed(address: str, networks: list[str]) -> bool:
    try:
        caller = ip_address(address)
    except ValueError:  # a socket of the system has no address
        return False
    if isinstance(caller, IPv6Address) and caller.ipv4_mapped is not None:
        caller = caller.ipv4_mapped
    return any(caller in ip_network(network, strict=False) for network in networks)


def allow(permitted: bool) -> None:
    """Raise PermissionDenied (403) unless permitted."""
    if not permitted:
        raise PermissionDenied
