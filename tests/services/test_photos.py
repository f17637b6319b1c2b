"""Photos as files: written before the row that names them, removed when nothing names them any more."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from syncapp.models import Employee, Photo, RunItem, SyncRun
from syncapp.services.edits import change_employee
from syncapp.services.photos import find_photo, make_rendition, path_of, read_photo, sweep, take_in
from syncapp.services.pictures import PictureError, digest_of
from tests.factories import make_employee
from tests.services.test_pictures import drawn

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


def taken(size: int = 40) -> str:
    """Take in a picture as somebody did two hours before LATER."""
    name = take_in(drawn(size=(size, size)), now=NOW)
    os.utime(path_of(name), (NOW.timestamp(), NOW.timestamp()))
    return name


def files() -> set[str]:
    return {path.stem for path in Path(settings.PHOTO_DIR).rglob("*.jpg")}


def test_take_in_names_the_file_by_its_content() -> None:
    raw = drawn()

    name = take_in(raw, now=NOW)

    data = read_photo(name)
    assert data is not None
    assert digest_of(data) == name
    photo = Photo.objects.get()
    assert (photo.pk, photo.source, photo.width, photo.height, photo.size) == (name, digest_of(raw), 40, 60, len(data))


def test_the_same_picture_twice_is_one_file() -> None:
    assert taken() == taken()

    assert Photo.objects.count() == len(files()) == 1


def test_photo_is_found_by_what_it_was_made_of_and_by_what_goes_out() -> None:
    raw = drawn()
    name = take_in(raw, now=NOW)
    small = make_rendition(name)

    assert find_photo(digest_of(raw)) == find_photo(digest_of(small)) == find_photo(name) == read_photo(name)
    assert find_photo("0" * 64) is None


def test_rendition_of_a_lost_file_says_so() -> None:
    name = taken()
    path_of(name).unlink()

    with pytest.raises(PictureError) as caught:
        make_rendition(name)

    assert caught.value.message.code == "photo_file_missing"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "AB" * 32, "a" * 63], ids=["path", "empty", "upper", "short"])
def test_what_is_no_name_leads_to_no_file(name: str) -> None:
    assert read_photo(name) is None
    with pytest.raises(ValueError, match="no name of a photo"):
        path_of(name)


def test_sweep_removes_what_nobody_names() -> None:
    used, unused = taken(40), taken(50)
    make_employee(photo=used)

    assert sweep(now=LATER) == 1

    assert set(Photo.objects.values_list("pk", flat=True)) == files() == {used}
    assert unused not in files()


def test_sweep_leaves_young_ones() -> None:
    """They may belong to a transaction that is still to come."""
    name = take_in(drawn(), now=NOW)

    assert sweep(now=NOW + timedelta(minutes=5)) == 0
    assert files() == {name}


def test_sweep_removes_files_without_a_row() -> None:
    """A process that was killed between file and row leaves them."""
    name = taken()
    Photo.objects.all().delete()

    assert sweep(now=LATER) == 1
    assert files() == set()
    assert not path_of(name).exists()


def test_sweep_leaves_files_of_others() -> None:
    taken()
    foreign = path_of("ab" * 32).with_name("holiday.jpg")
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_bytes(b"x")
    os.utime(foreign, (0, 0))

    sweep(now=LATER)

    assert foreign.exists()


def test_replaced_photo_is_kept_as_long_as_the_item_that_replaced_it() -> None:
    """Rule B13."""
    old, new = taken(40), taken(50)
    employee = make_employee(photo=old)
    change_employee(employee.pk, {"photo": new}, version=employee.version, user=None)

    assert sweep(now=LATER) == 0
    assert files() == {old, new}

    RunItem.objects.all().delete()
    SyncRun.objects.all().delete()
    assert sweep(now=LATER) == 1
    assert files() == {new}


@pytest.mark.promise(1)
def test_edit_of_a_photo_is_a_row_with_both_digests() -> None:
    old, new = taken(40), taken(50)
    employee = make_employee(photo=old)

    change_employee(employee.pk, {"photo": new}, version=employee.version, user=None)

    assert Employee.objects.get().photo == new
    assert RunItem.objects.get().changes == [{"field": "photo", "side": "pbx", "before": old, "after": new}]


@pytest.fixture
def unwritable() -> Iterator[None]:
    """Whatever is written is refused at the last moment, as on a full disk."""
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        raise OSError("no space left on device")

    Path.replace = refuse  # type: ignore[method-assign, assignment]  # put back below
    yield
    Path.replace = replace  # type: ignore[method-assign]


def test_full_disk_leaves_neither_row_nor_half_a_file(unwritable: None) -> None:
    with pytest.raises(OSError, match="no space"):
        take_in(drawn(), now=NOW)

    assert not Photo.objects.exists()
    assert [path for path in Path(settings.PHOTO_DIR).rglob("*") if path.is_file()] == []
