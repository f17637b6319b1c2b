# Whose directory a run read, who accepted another one, and what our writes replaced.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncapp', '0005_home'),
    ]

    operations = [
        migrations.AddField(
            model_name='syncrecord',
            name='written',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='accepted_by',
            field=models.CharField(blank=True, max_length=150, verbose_name='directory accepted by'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='identity',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
