"""From where the next read of changes goes on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncapp", "0012_watch")]

    operations = [
        migrations.AddField(
            model_name="syncrun",
            name="bookmark",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
