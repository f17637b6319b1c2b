"""The migrations say what the models say, and what they do with rows."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

RIGHTS: Any = import_module("syncapp.migrations.0010_rights")


@pytest.mark.django_db
def test_models_have_no_change_without_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def make_groups() -> None:
    """Carry out the rows' part of 0010_rights, with the models as they were then."""
    state = MigrationLoader(connection).project_state(("syncapp", "0010_rights"))
    RIGHTS.make_groups(state.apps, SimpleNamespace(connection=connection))


@pytest.fixture
def before(db: None) -> None:
    """As it was before the groups and the new rights."""
    Group.objects.all().delete()
    Permission.objects.filter(codename__in=RIGHTS.NEW).delete()


def permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def rights(holder: Any) -> set[str]:
    return {f"{each.content_type.app_label}.{each.codename}" for each in holder}


@pytest.mark.usefixtures("before")
def test_who_could_change_servers_may_still_do_all_of_it() -> None:
    user, viewer = User.objects.create_user("olga"), User.objects.create_user("viewer")
    user.user_permissions.add(permission("change_directoryserver"))
    viewer.user_permissions.add(permission("view_directoryserver"))
    group = Group.objects.create(name="Telephony")
    group.permissions.add(permission("change_directoryserver"))

    make_groups()

    new = {f"syncapp.{codename}" for codename in RIGHTS.NEW}
    assert rights(user.user_permissions.all()) == {"syncapp.change_directoryserver", *new}
    assert rights(group.permissions.all()) == {"syncapp.change_directoryserver", *new}
    assert rights(viewer.user_permissions.all()) == {"syncapp.view_directoryserver"}


@pytest.mark.usefixtures("before")
def test_groups_are_made_with_their_rights() -> None:
    make_groups()

    made = {group.name: rights(group.permissions.all()) for group in Group.objects.all()}
    assert made == {name: set(given) for name, given in RIGHTS.GROUPS.items()}
    assert made["Operators"] < made["Administrators"]
    assert not made["Operators"] & {
        *("syncapp.override_directoryserver", "syncapp.change_directoryserver", "syncapp.view_fieldmapping"),
    }


@pytest.mark.usefixtures("before")
def test_group_of_the_name_keeps_what_it_has() -> None:
    own = Group.objects.create(name="Operators")
    own.permissions.add(permission("change_numberpool"))
    member = User.objects.create_user("olga")
    member.groups.add(own)

    make_groups()
    make_groups()

    assert rights(own.permissions.all()) == {"syncapp.change_numberpool", *RIGHTS.OPERATORS}
    assert list(member.groups.all()) == [own]


@pytest.mark.usefixtures("before")
def test_rights_are_named_as_django_names_them_afterwards() -> None:
    """What the migration makes is what Django would make of the models: nothing is made twice."""
    make_groups()
    made = set(Permission.objects.values_list("codename", "name"))

    call_command("migrate", verbosity=0)

    assert set(Permission.objects.values_list("codename", "name")) == made
    assert ("override_directoryserver", "Can override brakes of directory server") in made
