"""People who have left and were seen to in a phone system, which has no way to switch anybody off."""

from django.db import models

from syncapp.models.records import SyncRecord


class PhoneFarewell(models.Model):
    """Somebody says that what was to be done about a leaver in a phone system is done.

    It holds while the person stays away: who comes back and leaves again is a new task.
    """

    record = models.OneToOneField(SyncRecord, on_delete=models.PROTECT, related_name="farewell", primary_key=True)
    who = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.record)
