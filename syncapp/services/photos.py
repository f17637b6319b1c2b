"""Photos of employees as files named by their content (design, section 5; rule B13).

A file is written before the row that names it, and removed after it: what a killed
process leaves is a file that nobody names, and house-keeping removes that.
"""

import os
import re
import tempfile
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from syncapp.core.records import Message
from syncapp.models import Employee, Photo
from syncapp.services.pictures import Picture, PictureError, digest_of, make_picture, make_small, make_thumbnail
from syncapp.store.bulk import update_rows

# What is written to directories: Active Directory copies it to every controller.
SENT_SIDE, SENT_BYTES = 300, 20 * 1024
LISTED_SIDE = 96  # pixels: sharp at a third of that on screens of high density
# Younger ones may belong to a transaction that is still to come.
YOUNG = timedelta(hours=1)
FOLDERS = tuple(f"{number:02x}" for number in range(256))
_NAME = re.compile(r"[0-9a-f]{64}")


def path_of(name: str) -> Path:
    """Return where the photo of this name is kept."""
    if not _NAME.fullmatch(name):
        raise ValueError("this is no name of a photo")
    return Path(settings.PHOTO_DIR) / name[:2] / f"{name}.jpg"


def read_photo(name: str) -> bytes | None:
    """Return a photo's bytes, None when there is no such file."""
    with suppress(OSError, ValueError):
        return path_of(name).read_bytes()
    return None


def store_pictures(pictures: Iterable[Picture], *, now: datetime) -> None:
    """Keep pictures: first the files, then their rows; those that are here already stay as they are."""
    several = {picture.sha256: picture for picture in pictures}
    if not several:
        return
    for picture in several.values():
        _write(path_of(picture.sha256), picture.data)
    Photo.objects.bulk_create(
        [
            Photo(
                sha256=picture.sha256,
                source=picture.source,
                width=picture.width,
                height=picture.height,
                size=len(picture.data),
                created_at=now,
            )
            for picture in several.values()
        ],
        ignore_conflicts=True,
    )
    Photo.objects.filter(pk__in=several).update(created_at=now)  # nothing sweeps them before they are named


def take_in(raw: bytes, *, now: datetime) -> str:
    """Keep a picture that somebody chose and return its name; raise PictureError when it is none."""
    picture = make_picture(raw)
    store_pictures([picture], now=now)
    return picture.sha256


def kept_name(digest: str) -> str | None:
    """Return the name of the photo that is, or was made of, the bytes of this SHA-256; None when it is not kept here."""
    names = Photo.objects.filter(Q(pk=digest) | Q(source=digest) | Q(rendition=digest)).values_list("pk", flat=True)
    return names.first()


def find_photo(digest: str) -> bytes | None:
    """Return the photo that is, or was made of, the bytes of this SHA-256; None when it is not kept here."""
    name = kept_name(digest)
    return read_photo(name) if name is not None else None


def find_thumbnail(digest: str) -> bytes | None:
    """Return the photo of `find_photo` as lists show it, a few KB; None when it is not kept here or damaged."""
    photo = find_photo(digest)
    with suppress(PictureError):
        return make_thumbnail(photo, side=LISTED_SIDE) if photo is not None else None
    return None


def kept_of(digests: Collection[str]) -> set[str]:
    """Return those of the SHA-256 by which a photo is found that is kept here (one query, none for none)."""
    if not digests:
        return set()
    rows = Photo.objects.filter(Q(pk__in=digests) | Q(source__in=digests) | Q(rendition__in=digests))
    return set(digests) & {digest for row in rows.values_list("sha256", "source", "rendition") for digest in row}


def make_rendition(name: str) -> bytes:
    """Return the small form of a photo that goes to directories, and remember its digest; raise PictureError."""
    data = read_photo(name)
    if data is None:
        raise PictureError(Message("photo_file_missing"))
    small = make_small(data, side=SENT_SIDE, limit=SENT_BYTES)
    Photo.objects.filter(pk=name).update(rendition=digest_of(small))
    return small


def keep_overwritten(raw: bytes, *, item_id: int) -> None:
    """Keep a picture of a directory that a run item is about to replace there; raise PictureError when it is none."""
    keep_for([(take_in(raw, now=timezone.now()), item_id)])


def keep_for(replaced: Iterable[tuple[str, int]]) -> None:
    """Keep photos that run items replace, given as name and item, for as long as the item is kept (rule B13).

    Called before they are replaced: nothing may sweep them in between.
    """
    update_rows(Photo, [(item_id, name) for name, item_id in replaced], assign=["kept_for_id"], where=("sha256",))


def sweep(*, now: datetime, folders: Iterable[str] = FOLDERS, dry_run: bool = False) -> int:
    """Remove photos that neither an employee nor a run item names, and files without a row; return how many.

    Of files only those in these folders: of a hundred thousand a part is looked
    through at a time. `dry_run` only counts.
    """
    named = Employee.rows.filter(photo=OuterRef("pk"))
    unused = Photo.objects.filter(kept_for=None, created_at__lt=now - YOUNG).exclude(Exists(named))
    names = set(unused.values_list("pk", flat=True))
    if names and not dry_run:
        unused.filter(pk__in=names).delete()
        names -= set(Photo.objects.filter(pk__in=names).values_list("pk", flat=True))
    paths = [path_of(name) for name in names]
    for folder in folders:
        files = {path.stem: path for path in _files(folder)}
        known = set(Photo.objects.filter(pk__startswith=folder).values_list("pk", flat=True)) if files else set()
        paths += [path for name, path in files.items() if name not in known and name not in names]
    return sum(_remove(path, older_than=now - YOUNG, dry_run=dry_run) for path in paths)


def _files(folder: str) -> list[Path]:
    """Return the files of ours in one of the folders; what has another name is somebody else's."""
    try:
        paths = sorted((Path(settings.PHOTO_DIR) / folder).iterdir())
    except OSError:
        return []
    return [path for path in paths if path.suffix == ".jpg" and _NAME.fullmatch(path.stem)]


def _remove(path: Path, *, older_than: datetime, dry_run: bool) -> bool:
    with suppress(FileNotFoundError):
        if path.lstat().st_mtime < older_than.timestamp():
            if not dry_run:
                path.unlink()
            return True
    return False


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
