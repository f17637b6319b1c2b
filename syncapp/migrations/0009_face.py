"""Counting people by state without looking at each; when a phase of a run began."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncapp", "0008_other_directories")]

    operations = [
        migrations.AddIndex(
            model_name="syncrecord",
            index=models.Index(fields=["state"], name="record_state"),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="phase_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
