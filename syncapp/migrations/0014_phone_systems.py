"""Phone systems, with the rights to them for those who have the same rights to directory servers.

Going back leaves the rights where they are: groups may have been given others meanwhile.
"""

from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
import django.db.models.deletion
import syncapp.fields
from django.db import migrations, models


RIGHTS = ("view", "add", "change")


def give_rights(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    # Django makes the rights of a new table after the last migration.
    create_permissions(installed.get_app_config("syncapp"), verbosity=0, using=using, apps=apps)
    mine = apps.get_model("auth", "Permission").objects.using(using).filter(content_type__app_label="syncapp")
    for right in RIGHTS:
        former = mine.filter(codename=f"{right}_directoryserver").first()
        new = mine.filter(codename=f"{right}_phonesystem").first()
        if former is None or new is None:
            continue
        for user in former.user_set.all():
            user.user_permissions.add(new)
        for group in former.group_set.all():
            group.permissions.add(new)


class Migration(migrations.Migration):

    dependencies = [
        ('syncapp', '0013_incremental'),
    ]

    operations = [
        migrations.CreateModel(
            name='PhoneSystem',
            fields=[
                ('endpoint_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='syncapp.endpoint')),
                ('kind', models.CharField(choices=[('mikopbx', 'MikoPBX')], default='mikopbx', max_length=20, verbose_name='kind')),
                ('url', models.CharField(help_text='Such as https://pbx.corp.example. Always https: the key must not be readable on the way.', max_length=500, verbose_name='address')),
                ('api_key', syncapp.fields.EncryptedTextField(blank=True, default=syncapp.fields.Secret, editable=False, verbose_name='API key')),
                ('api_key_scope', models.TextField(blank=True, default='', editable=False)),
                ('verify_tls', models.BooleanField(default=True, help_text='Without the check whoever answers at the address gets the key.', verbose_name='check the certificate')),
                ('ca_certificate', models.CharField(blank=True, help_text='File with the certificates that are trusted here; empty means those of the system.', max_length=500, verbose_name='CA certificate')),
                ('fingerprint', models.CharField(blank=True, help_text='SHA-256 fingerprint of the only certificate that is talked to, for a phone system that signs its own. Test connection shows it for confirmation.', max_length=200, verbose_name='confirmed certificate')),
                ('requests_per_minute', models.PositiveSmallIntegerField(default=150, help_text='At most so many, 10 to 180: MikoPBX shuts out whoever sends more than 200 for five minutes.', verbose_name='requests a minute')),
                ('create', models.BooleanField(default=True, help_text='Whether people may be created in the phone system.', verbose_name='create people')),
                ('serves', models.JSONField(blank=True, default=dict, help_text='Whose people have their phones here: directories, departments or pools. Empty means everybody.', verbose_name='serves')),
                ('mobile_form', models.CharField(choices=[('auto', 'as most people there have theirs'), ('7XXXXXXXXXX', '7XXXXXXXXXX'), ('8XXXXXXXXXX', '8XXXXXXXXXX')], default='auto', help_text='How Russian mobiles are written there.', max_length=20, verbose_name='form of mobiles')),
            ],
            options={
                'verbose_name': 'phone system',
                'verbose_name_plural': 'phone systems',
            },
            bases=('syncapp.endpoint',),
        ),
        migrations.RunPython(give_rights, migrations.RunPython.noop),
    ]
