# Two ways: write-back, photos, SIP secrets, decisions about conflicts.

import django.db.models.deletion
import django.utils.timezone
import syncapp.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncapp', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='conflict',
            name='resolution',
            field=models.CharField(blank=True, choices=[('local', 'value of the PBX'), ('remote', 'value of the domain'), ('value', 'another value')], max_length=10, verbose_name='decision'),
        ),
        migrations.AddField(
            model_name='conflict',
            name='resolved_by',
            field=models.CharField(blank=True, max_length=150, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='employee',
            name='photo',
            field=models.CharField(blank=True, editable=False, max_length=64, verbose_name='photo'),
        ),
        migrations.AddField(
            model_name='employee',
            name='sip_secret',
            field=syncapp.fields.EncryptedTextField(blank=True, default=syncapp.fields.Secret, editable=False),
        ),
        migrations.AddField(
            model_name='employee',
            name='sip_secret_mark',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='fieldmapping',
            name='push_secret',
            field=models.BooleanField(default=False, help_text='Asked a second time on purpose: the passwords of telephones would be written into the directory, where others may read them.', verbose_name='write SIP secrets'),
        ),
        migrations.AddField(
            model_name='runitem',
            name='unwritten',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='syncrecord',
            name='refusals',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='syncrecord',
            name='waits',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='anchors',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='mapping',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name='runitem',
            name='outcome',
            field=models.CharField(choices=[('planned', 'planned'), ('writing', 'being written'), ('failed', 'failed'), ('conflict', 'conflict'), ('proposed', 'proposed'), ('created', 'created'), ('updated', 'updated'), ('ignored', 'ignored'), ('skipped', 'skipped')], default='planned', max_length=10, verbose_name='outcome'),
        ),
        migrations.CreateModel(
            name='Photo',
            fields=[
                ('sha256', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('source', models.CharField(db_index=True, max_length=64)),
                ('rendition', models.CharField(blank=True, max_length=64)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('size', models.PositiveIntegerField(help_text='Bytes.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('kept_for', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='syncapp.runitem')),
            ],
            options={
                'verbose_name': 'photo',
                'verbose_name_plural': 'photos',
            },
        ),
    ]
