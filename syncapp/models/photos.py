"""Photos of employees: what is known of each file."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from syncapp.models.runs import RunItem


class Photo(models.Model):
    """One picture, named by the SHA-256 of its stored file; `Employee.photo` holds that name.

    `source` is the SHA-256 of the bytes that it was made of, `rendition` that of
    the small form that is written to directories, once that was made: a directory
    that holds one of these holds this picture. `kept_for` is the run item that
    replaced it; a photo without employee and without such an item is removed.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    source = models.CharField(max_length=64, db_index=True)
    rendition = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text=_("Bytes."))
    kept_for = models.ForeignKey(RunItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self) -> str:
        return self.sha256[:12]
