"""Who may do what. Buttons are shown, and answers given, by the same question."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def current_user(request: HttpRequest) -> User:
    """Return who is logged in; nobody gets here without."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def may_start(request: HttpRequest) -> bool:
    """Whether the user may ask a server and start and stop its runs."""
    return bool(request.user.has_perm("syncapp.change_directoryserver"))


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
    """Whether the user may look at what should be mended in a directory: it shows people's values there."""
    return _may_look(request, "directoryserver") and _may_look(request, "syncrecord")


def _may_look(request: HttpRequest, model: str) -> bool:
    return any(request.user.has_perm(f"syncapp.{right}_{model}") for right in ("view", "change"))


def may_archive(request: HttpRequest) -> bool:
    """Whether the user may archive people and take them back."""
    return bool(request.user.has_perm("syncapp.change_employee"))


def allow(permitted: bool) -> None:
    """Raise PermissionDenied (403) unless permitted."""
    if not permitted:
        raise PermissionDenied
