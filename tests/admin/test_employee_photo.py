"""The photo of a person: chosen by hand, shown to those who may see people, and to nobody else."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from syncapp.models import Employee, RunItem
from syncapp.services.photos import read_photo, take_in
from tests.admin.pages import errors, page, posted, save, text
from tests.services.test_photos import NOW
from tests.services.test_pictures import claims, drawn

CHANGE = "syncapp_employee_change"


def upload(content: bytes, name: str = "anna.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def with_photo(anna: Employee) -> str:
    name = take_in(drawn(), now=NOW)
    Employee.objects.filter(pk=anna.pk).update(photo=name)
    return name


def form_of(client: Client, anna: Employee) -> dict[str, Any]:
    data: dict[str, Any] = dict(posted(client.get(page(CHANGE, anna.pk))))
    data.pop("picture", None)  # a browser sends no file that nobody chose
    return data


def test_chosen_photo_is_stored_and_recorded(admin_client: Client, anna: Employee) -> None:
    save(admin_client, CHANGE, anna.pk, picture=upload(drawn("PNG")))

    name = Employee.objects.get(pk=anna.pk).photo
    assert read_photo(name) is not None
    assert RunItem.objects.get().changes == [{"field": "photo", "side": "pbx", "before": "", "after": name}]


def test_untouched_form_keeps_the_photo(admin_client: Client, anna: Employee) -> None:
    name = with_photo(anna)

    response = admin_client.post(page(CHANGE, anna.pk), {**form_of(admin_client, anna), "title": "Director"})

    assert response.status_code == 302
    assert (Employee.objects.get(pk=anna.pk).photo, Employee.objects.get(pk=anna.pk).title) == (name, "Director")


def test_photo_can_be_taken_away(admin_client: Client, anna: Employee) -> None:
    with_photo(anna)

    admin_client.post(page(CHANGE, anna.pk), {**form_of(admin_client, anna), "picture-clear": "on"})

    assert Employee.objects.get(pk=anna.pk).photo == ""


REFUSED = {
    "text": (b"no picture", "no picture of a known format"),
    "bomb": (claims(30_000, 30_000), "too many pixels"),
    "too_large": (drawn() + b"\0" * 11_000_000, "larger than 10"),
}


@pytest.mark.parametrize(("content", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_used_is_refused_in_words(
    admin_client: Client, anna: Employee, content: bytes, expected: str
) -> None:
    response = save(admin_client, CHANGE, anna.pk, picture=upload(content))

    assert expected in errors(response)
    assert Employee.objects.get(pk=anna.pk).photo == ""


@pytest.mark.promise(5)
def test_photo_on_a_newer_person_is_refused(admin_client: Client, anna: Employee) -> None:
    opened = form_of(admin_client, anna)
    Employee.objects.filter(pk=anna.pk).update(title="Head of sales")

    response = admin_client.post(page(CHANGE, anna.pk), {**opened, "picture": upload(drawn())})

    assert "Somebody changed this person" in errors(response)
    assert Employee.objects.get(pk=anna.pk).photo == ""


def test_photo_is_shown_to_who_may_see_people(viewer_client: Client, anna: Employee) -> None:
    name = with_photo(anna)

    response = viewer_client.get(page("syncapp_photo", name))

    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response["Cache-Control"] == "private, immutable, max-age=86400"
    assert response.content == read_photo(name)


def test_photo_is_not_shown_to_others(client: Client, staff_client: Client, anna: Employee) -> None:
    address = page("syncapp_photo", with_photo(anna))

    assert client.get(address).status_code == 302  # to the log-in
    assert staff_client.get(address).status_code == 403


@pytest.mark.parametrize("digest", ["0" * 64, "x", "..db.sqlite3"], ids=["unknown", "short", "file"])
def test_photo_that_is_not_there(admin_client: Client, digest: str) -> None:
    """A preview shows pictures that would come in: the page has a sign in their place, and no broken image."""
    response = admin_client.get(f"/admin/syncapp/employee/photo/{digest}/")

    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    assert response["Cache-Control"] == "no-store"


def test_history_shows_photos_and_hides_secrets(admin_client: Client, anna: Employee) -> None:
    name = with_photo(anna)
    save(admin_client, CHANGE, anna.pk, **{"picture-clear": "on", "picture": ""})
    RunItem.objects.update(
        changes=[
            *RunItem.objects.get().changes,
            {"field": "sip_secret", "side": "pbx", "before": "", "after": "abcdef0123"},
        ]
    )

    shown = text(admin_client.get(page(CHANGE, anna.pk)))

    assert page("syncapp_photo", name) in shown
    assert "abcdef0123" not in shown
