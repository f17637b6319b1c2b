"""Who looks at the pages, and a queue that keeps what is put into it."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client

from syncapp.models import DirectoryServer, Employee
from tests.factories import make_employee, make_server

PASSWORD = "correct horse"
BIND_PASSWORD = "S3cret of the directory"


@pytest.fixture
def staff(db: None) -> User:
    """May log in to the admin site and has no right there."""
    return User.objects.create_user("staff", password=PASSWORD, is_staff=True)


@pytest.fixture
def viewer(staff: User) -> User:
    """May look at everything and change nothing."""
    staff.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return staff


@pytest.fixture
def groups(db: None) -> None:
    """The groups as migrations make them: a test that empties the tables takes them away for those after it."""
    rights: Any = import_module("syncapp.migrations.0010_rights")
    phone_systems: Any = import_module("syncapp.migrations.0014_phone_systems")
    rights.make_groups(apps, SimpleNamespace(connection=connection))
    phone_systems.give_rights(apps, SimpleNamespace(connection=connection))


@pytest.fixture
def operator_client(groups: None) -> Client:
    """Nothing but a member of the group Operators."""
    return _logged_in(_member_of("Operators"))


@pytest.fixture
def administrator_client(groups: None) -> Client:
    """Nothing but a member of the group Administrators: no superuser."""
    return _logged_in(_member_of("Administrators"))


def _member_of(group: str) -> User:
    user = User.objects.create_user(group.lower(), password=PASSWORD, is_staff=True)
    user.groups.set([Group.objects.get(name=group)])
    return user


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def viewer_client(viewer: User) -> Client:
    return _logged_in(viewer)


@pytest.fixture
def staff_client(staff: User) -> Client:
    return _logged_in(staff)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Runs that were queued. Nobody takes them: what a worker does has tests of its own."""
    queued: list[int] = []
    monkeypatch.setattr("django_q.tasks.async_task", lambda task, run_id, **options: queued.append(run_id))
    return queued


@pytest.fixture
def bound_server(db: None) -> DirectoryServer:
    """A server with an account, whose password is BIND_PASSWORD."""
    server = make_server(
        name="Head office",
        uris=["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"],
        bind_dn="cn=sync,dc=corp,dc=example",
        schedule={"every_minutes": 60},
        write_back=True,
    )
    server.set_secret(BIND_PASSWORD)
    server.save()
    return server


@pytest.fixture
def anna(db: None) -> Employee:
    return make_employee(
        name="Anna Petrova",
        email="anna@corp.example",
        mobile="+79161234567",
        extension="215",
        department="Sales",
        title="Manager",
    )


@pytest.fixture(autouse=True)
def content_types(db: None) -> None:
    """Known from the start, as in a process that has served a page: tests count queries."""
    ContentType.objects.get_for_models(*apps.get_models())
