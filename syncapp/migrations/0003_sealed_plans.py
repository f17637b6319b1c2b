# Plans that can be applied later, and what brakes count.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncapp', '0002_two_ways'),
    ]

    operations = [
        migrations.AddField(
            model_name='syncrun',
            name='kinds',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='plan_end_code',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='plan_end_params',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='seal',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
