# Servers of no known kind: what tells their people apart; a rule of one's own for who is disabled; servers that are being added.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("syncapp", "0007_recreated_and_cooling"),
    ]

    operations = [
        migrations.AddField(
            model_name='directoryserver',
            name='anchor_attribute',
            field=models.CharField(blank=True, help_text='Only for another LDAPv3 server: the attribute that tells people apart for good, such as employeeNumber. Everybody has exactly one value of it, and nobody ever gets another. Empty means entryUUID.', max_length=100, verbose_name='id attribute'),
        ),
        migrations.AddField(
            model_name='directoryserver',
            name='being_added',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='directoryserver',
            name='disabled_attribute',
            field=models.CharField(blank=True, help_text='Whoever has the value below in this attribute counts as disabled, such as employeeType; besides those whom the directory itself has switched off.', max_length=100, verbose_name='disabled by attribute'),
        ),
        migrations.AddField(
            model_name='directoryserver',
            name='disabled_value',
            field=models.CharField(blank=True, help_text='The whole value that means disabled, such as former; capitals do not matter.', max_length=255, verbose_name='value of the disabled'),
        ),
        migrations.AlterField(
            model_name='directoryserver',
            name='bind_dn',
            field=models.CharField(blank=True, help_text='Account to log in with. Active Directory takes user@domain, DOMAIN\\user or a DN; every other directory a DN, such as uid=sync,ou=system,dc=corp,dc=example (FreeIPA: uid=sync,cn=sysaccounts,cn=etc,dc=…). Empty means anonymously.', max_length=500, verbose_name='account'),
        ),
        migrations.AlterField(
            model_name='directoryserver',
            name='kind',
            field=models.CharField(choices=[('auto', 'find out'), ('active_directory', 'Active Directory'), ('openldap', 'OpenLDAP'), ('freeipa', 'FreeIPA'), ('389ds', '389 Directory Server'), ('generic', 'another LDAPv3 server')], default='auto', help_text='Which directory this is. The program finds out by itself.', max_length=20, verbose_name='kind'),
        ),
    ]
