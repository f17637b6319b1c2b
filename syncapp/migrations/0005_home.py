"""Which server gives when several know a person (rule B11)."""

from typing import Any

from django.db import migrations, models


def keep_what_counted(apps: Any, schema_editor: Any) -> None:
    """Until now every agreed value counted as the other directory's; it goes on to do so until it changes."""
    records = apps.get_model("syncapp", "SyncRecord").objects
    several = apps.get_model("syncapp", "DirectoryServer").objects.count() > 1
    for record in records.exclude(base={}).only("base").iterator(chunk_size=1000) if several else ():
        record.base = {name: [*pair[:2], 1] for name, pair in record.base.items()}
        record.save(update_fields=["base"])


class Migration(migrations.Migration):
    dependencies = [("syncapp", "0004_leavers")]

    operations = [
        migrations.AddField(
            model_name="syncrecord",
            name="abroad",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(keep_what_counted, migrations.RunPython.noop),
    ]
