"""Rights of their own for asking, synchronising and overriding, and two groups that have them.

A group of one of these names that exists already keeps what it has and gets ours
beside it. Who could change servers until now could do all of this, and still can.
Going back leaves groups and rights where they are: people may have been put into them.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

# What the new rights were part of.
FORMER = "change_directoryserver"
NEW = ("query_directoryserver", "synchronise_directoryserver", "override_directoryserver")

OPERATORS = (
    *("syncapp.view_directoryserver", "syncapp.view_endpointpool", "syncapp.view_numberpool"),
    *("syncapp.view_employee", "syncapp.view_syncrecord", "syncapp.view_conflict"),
    *("syncapp.view_syncrun", "syncapp.view_runitem"),
    *("syncapp.query_directoryserver", "syncapp.synchronise_directoryserver"),
    *("syncapp.change_conflict", "syncapp.add_employee", "syncapp.change_employee"),
)
ADMINISTRATORS = (
    *OPERATORS,
    "syncapp.override_directoryserver",
    *("syncapp.add_directoryserver", "syncapp.change_directoryserver"),
    *(f"syncapp.{right}_fieldmapping" for right in ("view", "add", "change", "delete")),
    *(f"syncapp.{right}_endpointpool" for right in ("add", "change", "delete")),
    *("syncapp.add_numberpool", "syncapp.change_numberpool"),
    # Nobody who did something is deleted: an account is switched off instead.
    *("auth.view_user", "auth.add_user", "auth.change_user"),
    *("auth.view_group", "auth.add_group", "auth.change_group", "auth.delete_group"),
)
GROUPS = {"Operators": OPERATORS, "Administrators": ADMINISTRATORS}


def make_groups(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    _make_permissions(apps, using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    _keep_what_could_be_done(permissions)  # before our own group has the right that it goes by
    for name, rights in GROUPS.items():
        group, _created = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        group.permissions.add(*_found(permissions, rights))


def _make_permissions(apps: Any, using: str) -> None:
    """Django makes them after the last migration.

    It asks the application for a module of models, which those of a migration have not,
    and takes everything else from `apps`.
    """
    for label in ("auth", "syncapp"):
        create_permissions(installed.get_app_config(label), verbosity=0, using=using, apps=apps)


def _keep_what_could_be_done(permissions: Any) -> None:
    mine = permissions.filter(content_type__app_label="syncapp")
    former, new = mine.get(codename=FORMER), list(mine.filter(codename__in=NEW))
    for user in former.user_set.all():
        user.user_permissions.add(*new)
    for group in former.group_set.all():
        group.permissions.add(*new)


def _found(permissions: Any, rights: Iterable[str]) -> list[Any]:
    return [
        permissions.get(content_type__app_label=label, codename=codename)
        for label, codename in (right.split(".") for right in rights)
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("syncapp", "0009_face"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="directoryserver",
            options={
                "permissions": (
                    ("query_directoryserver", "Can query and preview directory server"),
                    ("synchronise_directoryserver", "Can synchronise directory server"),
                    ("override_directoryserver", "Can override brakes of directory server"),
                ),
                "verbose_name": "directory server",
                "verbose_name_plural": "directory servers",
            },
        ),
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
