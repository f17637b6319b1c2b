"""Counting people by state without looking at each."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncapp", "0008_home")]

    operations = [
        migrations.AddIndex(
            model_name="syncrecord",
            index=models.Index(fields=["state"], name="record_state"),
        ),
    ]
