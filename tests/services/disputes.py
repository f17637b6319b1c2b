"""Conflicts about values over a real directory, and how tests decide them."""

from typing import Any

from django.contrib.auth.models import User

from syncapp.core.vocabulary import Resolution
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, RunItem
from syncapp.services.conflicts import Choice, decide
from syncapp.services.disputes import seen_of
from tests.services.company import Company, sync

NAME = "Anna Petrova"
LOCAL, REMOTE, VALUE = Resolution.LOCAL, Resolution.REMOTE, Resolution.VALUE


def mapped(
    company: Company, *, write_back: bool = True, pool: Any = None, **mappings: dict[str, Any]
) -> DirectoryServer:
    """A server that maps the name and what is given, both ways where nothing else is said."""
    server = company.server(write_back=write_back, bind_dn=company.directory.writer_dn, pool=pool)
    FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")
    for name, mapping in mappings.items():
        FieldMapping.objects.create(endpoint=server, field=name, **{"direction": "both", **mapping})
    return server


def disputed_title(company: Company, *, write_back: bool = True, **mapping: Any) -> DirectoryServer:
    """Anna's title, agreed as Boss, is Chief here and Director there; the mapping is then the one given."""
    company.add("anna", NAME, title="Boss")
    server = mapped(company, write_back=write_back, title={"attribute": "title"})
    sync(server)
    Employee.objects.filter(name=NAME).update(title="Chief")
    company.change("anna", title="Director")
    sync(server)
    FieldMapping.objects.filter(endpoint=server, field="title").update(**mapping)
    return server


def conflict() -> Conflict:
    """The one open conflict."""
    return Conflict.objects.get(closed_at=None)


def take(side: Resolution, value: str = "", *, user: User | str = "olga", of: Conflict | None = None) -> RunItem:
    """Decide the one open conflict, or this one, by the values that it shows now."""
    found = of or conflict()
    return decide(found.pk, seen_of(found), Choice(side, value), user=user)
