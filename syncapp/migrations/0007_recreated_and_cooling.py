# Accounts that were made anew, numbers that are handed over, and numbers that rest.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncapp', "0006_whose_directory"),
    ]

    operations = [
        migrations.AlterField(
            model_name='conflict',
            name='kind',
            field=models.CharField(choices=[('field', 'two different values'), ('number_taken', 'the number belongs to somebody else'), ('number_claimed_twice', 'several entries claim one number'), ('match_ambiguous', 'several people could be meant'), ('match_proposed', 'the same person?'), ('match_similar', 'similar name: the same person?'), ('match_recreated', 're-created account?'), ('match_rehired', 'hired again?'), ('match_twice', 'two accounts of one person?')], max_length=30, verbose_name='what'),
        ),
        migrations.AlterField(
            model_name='conflict',
            name='resolution',
            field=models.CharField(blank=True, choices=[('local', 'value of the PBX'), ('remote', 'value of the domain'), ('value', 'another value'), ('hand_over', 'number handed over')], max_length=10, verbose_name='decision'),
        ),
        migrations.CreateModel(
            name='CoolingNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number_plan', models.CharField(default='default', max_length=50)),
                ('extension', models.CharField(max_length=20)),
                ('issued', models.BooleanField(default=False)),
                ('freed_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cooling_numbers', to='syncapp.employee')),
            ],
            options={
                'verbose_name': 'cooling number',
                'verbose_name_plural': 'cooling numbers',
                'ordering': ('until', 'id'),
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('number_plan', 'extension'), name='cooling_once_per_number')],
            },
        ),
    ]
