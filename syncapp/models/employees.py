"""The hub: one row per employee."""

from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from syncapp.core import normalise
from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.fields import EncryptedTextField, Secret

# Columns that are synchronised and that people edit, and the folded keys that follow from them.
SYNCHRONISED = tuple(field.value for field in (*TEXT_FIELDS, Field.PHOTO))
KEY_OF = {"name": ("name_key", normalise.name_key), "email": ("email_key", normalise.email_key)}


class EmployeeQuerySet(models.QuerySet["Employee"]):
    """Bulk edits by admin, import and shell: they too leave every record `due`."""

    def update(self, **values: Any) -> int:
        touched = [name for name in SYNCHRONISED if name in values]
        if not touched:
            return super().update(**values)
        for name in touched:
            column, key = KEY_OF.get(name, ("", str))
            if column and column not in values:
                if not isinstance(values[name], str):
                    raise TypeError(f"{name} takes plain texts only: its compared form cannot be had of an expression")
                values[column] = key(values[name])
        if "extension" in touched:
            values.setdefault("number_issued", False)
        with transaction.atomic(using=self.db):
            # People before records, as runs lock them: the other way round each would wait for the other.
            found = self.order_by().values("pk")
            list(self.model.rows.filter(pk__in=found).order_by("pk").select_for_update().values_list("pk", flat=True))
            mark_due(found)
            return super().update(**{"version": F("version") + 1, "updated_at": timezone.now(), **values})

    def bulk_update(self, objs: Iterable["Employee"], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Django carries this out by `update`, which does the rest; versions in memory stay as they are."""
        employees, names = tuple(objs), list(fields)
        for employee in employees:
            employee.refresh_keys()
        names += [column for name, (column, _key) in KEY_OF.items() if name in names and column not in names]
        return super().bulk_update(employees, names, batch_size=batch_size)

    def bulk_create(self, objs: Iterable["Employee"], *args: Any, **kwargs: Any) -> list["Employee"]:
        employees = list(objs)
        for employee in employees:
            employee.refresh_keys()
        return super().bulk_create(employees, *args, **kwargs)


def mark_due(employee_ids: Any) -> None:
    """Let every server's next run look at these employees, whatever it reports of them."""
    from syncapp.models.records import SyncRecord

    SyncRecord.objects.filter(employee__in=employee_ids, due=False).update(due=True)


class Employee(models.Model):
    """A person. Never deleted, only archived: then the number is given up, and rests."""

    name = models.CharField(_("name"), max_length=255, blank=True, help_text=_("Full name as it is shown on phones."))
    email = models.CharField(_("e-mail"), max_length=254, blank=True, help_text=_("Work address."))
    mobile = models.CharField(
        _("mobile"),
        max_length=16,
        blank=True,
        help_text=_("Mobile number in international form, such as +79161234567."),
    )
    extension = models.CharField(
        _("extension"), max_length=20, blank=True, help_text=_("Internal number; every number belongs to one person.")
    )
    department = models.CharField(_("department"), max_length=255, blank=True, help_text=_("Department."))
    title = models.CharField(_("job title"), max_length=255, blank=True, help_text=_("Job title."))
    photo = models.CharField(_("photo"), max_length=64, blank=True, editable=False)
    sip_secret = EncryptedTextField(blank=True, default=Secret, editable=False)
    sip_secret_mark = models.CharField(max_length=64, blank=True, editable=False)
    number_plan = models.CharField(max_length=50, default="default", editable=False)
    number_issued = models.BooleanField(
        default=False, editable=False, help_text=_("The extension was given out by this program.")
    )
    name_key = models.CharField(max_length=300, default="", editable=False)
    email_key = models.CharField(max_length=300, default="", editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)

    objects = EmployeeQuerySet.as_manager()
    rows = models.Manager()  # for store.writer, which keeps keys, versions and `due` itself

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        default_manager_name = "objects"
        indexes = [models.Index(fields=["name_key"], name="employee_name_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["number_plan", "extension"],
                condition=~models.Q(extension=""),
                name="extension_once_per_plan",
                violation_error_message=_("Somebody else has this extension already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.extension or f"#{self.pk}"

    def refresh_keys(self) -> None:
        for name, (column, key) in KEY_OF.items():
            setattr(self, column, key(getattr(self, name)))

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save, with keys and version brought up to date and every record left `due`."""
        self.refresh_keys()
        if self._state.adding:
            super().save(update_fields=update_fields, **kwargs)
            return
        saved = None if update_fields is None else set(update_fields)
        names = [name for name in SYNCHRONISED if saved is None or name in saved]
        with transaction.atomic(using=self._state.db):
            row = type(self).rows.using(self._state.db).select_for_update().filter(pk=self.pk)
            stored = row.values(*SYNCHRONISED, "version").first()
            changed = [name for name in names if stored is not None and stored[name] != getattr(self, name)]
            if stored is not None:  # the version never goes back, however old the object in memory is
                self.version = stored["version"] + bool(changed)
            if changed:
                self.updated_at = timezone.now()
                if "extension" in changed:
                    self.number_issued = False
                if saved is not None:
                    keys = [column for name, (column, _key) in KEY_OF.items() if name in changed]
                    saved |= {*keys, "version", "updated_at", "number_issued"}
            super().save(update_fields=saved, **kwargs)
            if changed:
                mark_due([self.pk])


class Leaver(Employee):
    """An employee as the page of disabled and missing people shows him."""

    class Meta:
        proxy = True
        ordering = ("name", "id")
        default_permissions = ()
        verbose_name = _("disabled or missing employee")
        verbose_name_plural = _("disabled and missing employees")
