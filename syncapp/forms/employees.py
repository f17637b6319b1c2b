"""An employee edited by hand."""

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminImageFieldWidget, UnfoldAdminTextInputWidget

from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.messages import render
from syncapp.models import Employee
from syncapp.services.edits import came_meanwhile
from syncapp.services.photos import take_in
from syncapp.services.pictures import MAX_BYTES, PictureError
from syncapp.services.typed import TypedValueError, owner_of, read_typed, refuse_held, refuse_nameless, typing_region
from syncapp.store.newcomers import newest_employee

TYPED = tuple(field.value for field in TEXT_FIELDS)
NEWER = gettext_lazy("Meanwhile this became “%(theirs)s”; you entered “%(yours)s”. Save again to keep yours.")


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo as the input of a file takes it."""

    name: str

    @property
    def url(self) -> str:
        return reverse("admin:syncapp_photo", args=[self.name])

    def __str__(self) -> str:
        return self.name


class EmployeeForm(forms.ModelForm):
    """Saves the fields that were changed on the page, and only if nobody changed the person meanwhile.

    Each input carries the value that it was opened with, so that a field which a
    run changed meanwhile is not taken for an edit; `version` is the person's
    version at that time. Whoever is added carries `newest`, the last who was added
    before: a run may bring in the same person while the page is open.
    """

    mobile = forms.CharField(
        label=capfirst(gettext_lazy("mobile")),
        required=False,
        max_length=60,
        help_text=gettext_lazy("In any spelling; it is stored in international form, such as +79161234567."),
        widget=UnfoldAdminTextInputWidget,
    )
    picture = forms.FileField(
        label=capfirst(gettext_lazy("photo")),
        required=False,
        help_text=gettext_lazy(
            "JPEG, PNG, GIF, WebP or BMP, at most 10 MB. It is made smaller, and what the camera noted in it is left out."
        ),
        widget=UnfoldAdminImageFieldWidget(attrs={"accept": "image/*"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    newest = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Employee
        fields = TYPED
        widgets = {
            "name": UnfoldAdminTextInputWidget,
            # Not type="email": browsers refuse addresses that directories hold, such as анна@corp.
            "email": UnfoldAdminTextInputWidget(attrs={"inputmode": "email"}),
            "extension": UnfoldAdminTextInputWidget,
            "department": UnfoldAdminTextInputWidget,
            "title": UnfoldAdminTextInputWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in TYPED:
            if name in self.fields:
                self.fields[name].show_hidden_initial = self.instance.pk is not None
        if "picture" in self.fields and self.instance.photo:
            self.fields["picture"].initial = StoredPhoto(self.instance.photo)
        if "version" in self.fields:
            self.fields["version"].initial = self.instance.version
        if self.instance.pk is None and "newest" in self.fields:
            self.fields["newest"].initial = newest_employee()

    def changed_values(self) -> dict[str, str]:
        """What the user changed on the page, ready to be stored."""
        values = {name: self.cleaned_data[name] for name in TYPED if name in self.changed_data}
        if "picture" in self.changed_data:
            values[Field.PHOTO.value] = self.cleaned_data["picture"]
        return values

    def clean_picture(self) -> str:
        """Keep a picture and return its name, '' for one that was taken away."""
        chosen = self.cleaned_data["picture"]
        if "picture" not in self.changed_data:
            return self.instance.photo
        if not chosen:
            return ""
        try:
            return take_in(chosen.read(MAX_BYTES + 1), now=timezone.now())
        except PictureError as error:
            raise ValidationError(
                render(error.message.code, {"attribute": chosen.name, **error.message.params})
            ) from None

    def clean_name(self) -> str:
        return self._read(Field.NAME)

    def clean_department(self) -> str:
        return self._read(Field.DEPARTMENT)

    def clean_title(self) -> str:
        return self._read(Field.TITLE)

    def clean_email(self) -> str:
        return self._read(Field.EMAIL)

    def clean_mobile(self) -> str:
        return self._read(Field.MOBILE)

    def clean_extension(self) -> str:
        extension = self._read(Field.EXTENSION)
        if "extension" in self.changed_data:
            owner = owner_of(extension, plan=self.instance.number_plan, beside=self.instance.pk)
            if owner is not None:
                raise ValidationError(render("typed_number_taken", {"number": extension, "owner": str(owner)}))
            try:
                refuse_held(extension, plan=self.instance.number_plan)
            except TypedValueError as error:
                raise ValidationError(render(error.code, error.params)) from None
        return extension

    def _read(self, field: Field) -> str:
        """Read what was typed; what nobody touched stays as it is, whatever rules say of it today."""
        typed: str = self.cleaned_data[field]
        if field.value not in self.changed_data:
            return typed
        try:
            return read_typed(field, typed, region=typing_region())
        except TypedValueError as error:
            raise ValidationError(render(error.code, error.params)) from None

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                refuse_nameless(values)
            except TypedValueError as error:
                raise ValidationError(render(error.code, error.params)) from None
        if self.instance.pk is not None:
            self._refuse_a_newer_version(values)
        elif not self.errors and values.get("newest") is not None:
            self._refuse_who_came_meanwhile(values, values["newest"])
        return values

    def _refuse_a_newer_version(self, values: dict[str, Any]) -> None:
        """Show both values of what was changed on both sides; a second save is then deliberate.

        The row is locked until the save: nobody can come in between.
        """
        stored = Employee.rows.select_for_update().values("version", *TYPED).get(pk=self.instance.pk)
        if stored["version"] == values.get("version"):
            return
        opened = {name: self.data.get(self.add_initial_prefix(name), "") for name in TYPED}
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("version")] = str(stored["version"])
        for name in TYPED:
            yours, theirs = values.get(name), stored[name]
            if name not in self.changed_data:
                data[self.add_prefix(name)] = theirs
            elif yours is not None and theirs not in (opened[name], yours):
                self.add_error(name, ValidationError(NEWER, params={"theirs": theirs, "yours": yours}))
            data[self.add_initial_prefix(name)] = theirs
        self.data = data
        self.add_error(None, _("Somebody changed this person while the page was open. Look at it again, then save."))

    def _refuse_who_came_meanwhile(self, values: dict[str, Any], newest: int) -> None:
        """Name somebody like this who came in while the page was open; a second save is then deliberate."""
        came = came_meanwhile({name: values[name] for name in TYPED}, newest=newest)
        if came is None:
            return
        self.data = cast(QueryDict, self.data).copy()
        self.data[self.add_prefix("newest")] = str(newest_employee())
        self.add_error(
            None,
            format_html(
                _("Meanwhile {} came in, who looks like the same person. Save again if it is somebody else."),
                format_html(
                    '<a class="underline" href="{}">{}</a>',
                    reverse("admin:syncapp_employee_change", args=[came.pk]),
                    str(came),
                ),
            ),
        )
