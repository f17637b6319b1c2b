# People who leave and return: since when, by what evidence, and whom a run was to bring.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncapp', '0003_sealed_plans'),
    ]

    operations = [
        migrations.CreateModel(
            name='Leaver',
            fields=[
            ],
            options={
                'verbose_name': 'disabled or missing employee',
                'verbose_name_plural': 'disabled and missing employees',
                'ordering': ('name', 'id'),
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('syncapp.employee',),
        ),
        migrations.AddField(
            model_name='syncrecord',
            name='confirmed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='syncrecord',
            name='evidence_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='syncrecord',
            name='former_employee',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='former_records', to='syncapp.employee'),
        ),
        migrations.AddField(
            model_name='syncrecord',
            name='state_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='since'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='scope',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='uri',
            field=models.CharField(blank=True, max_length=500, verbose_name='answered by'),
        ),
    ]
