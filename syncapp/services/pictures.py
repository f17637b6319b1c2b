"""Pictures as bytes: looked at, re-encoded, made small. The only place that imports Pillow (rule B13).

Whatever a file holds, nothing but PictureError comes out of here: a bomb is one
person's failed field, never a failed run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from syncapp.core.records import Message

# The usual telephone makes pictures of 3 to 12 MB and 12 to 50 megapixels; a directory holds a few KB.
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
LONGEST_SIDE = 1000  # pixels, of what is kept here
QUALITY = 88
SMALLEST_SIDE = 48  # pixels; smaller, nobody is recognised


class PictureError(Exception):
    """A picture cannot be used; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


class Look(NamedTuple):
    """`digest`: SHA-256 of the bytes, in hex. `area`: width times height in pixels."""

    digest: str
    area: int


class Picture(NamedTuple):
    """A picture as it is kept here: a JPEG without metadata. `source` is the digest of what it was made of."""

    sha256: str
    source: str
    data: bytes
    width: int
    height: int


def digest_of(raw: bytes) -> str:
    return sha256(raw).hexdigest()


def padded(jpeg: bytes, smallest: int) -> bytes:
    """Return a JPEG of at least so many bytes: what is lacking is a comment in it, which nobody is shown."""
    lacking = smallest - len(jpeg)
    if lacking <= 0:
        return jpeg
    length = max(lacking - 2, 2)  # of the comment with its own two bytes, behind the two of the marker
    return jpeg[:2] + b"\xff\xfe" + length.to_bytes(2, "big") + bytes(length - 2) + jpeg[2:]


def look_at(raw: bytes) -> Look:
    """Read a picture's header, and nothing more; raise PictureError for one that cannot be used."""
    with _opened(raw) as image:
        return Look(digest_of(raw), image.width * image.height)


def make_picture(raw: bytes) -> Picture:
    """Re-encode a picture, upright, without metadata, of an animation the first frame; raise PictureError."""
    with _opened(raw) as image:
        # A JPEG is decoded at the size that is needed, other formats as a whole.
        image.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
        upright = _on_white(ImageOps.exif_transpose(image))
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        data = _encoded(upright, QUALITY)
    return Picture(digest_of(data), digest_of(raw), data, upright.width, upright.height)


def make_small(data: bytes, *, side: int, limit: int) -> bytes:
    """Return a picture of ours with no side longer than `side` pixels, in `limit` bytes at most; raise PictureError."""
    with _opened(data) as image:
        while side >= SMALLEST_SIDE:
            small = image.convert("RGB")
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            for quality in (85, 75, 65, 50, 35):
                encoded = _encoded(small, quality)
                if len(encoded) <= limit:
                    return encoded
            side = side * 3 // 4
    raise PictureError(Message("photo_not_small_enough", {"limit": limit}))


def make_thumbnail(data: bytes, *, side: int) -> bytes:
    """Return a square from the middle of a picture of ours, decoded no larger than it has to be; raise PictureError."""
    with _opened(data) as image:
        image.draft("RGB", (side * 2, side * 2))
        return _encoded(ImageOps.fit(image.convert("RGB"), (side, side), centering=(0.5, 0.3)), 80)


@contextmanager
def _opened(raw: bytes) -> Iterator[Image.Image]:
    if len(raw) > MAX_BYTES:
        raise PictureError(Message("photo_too_many_bytes", {"limit": MAX_BYTES // 1024 // 1024}))
    try:
        with Image.open(BytesIO(raw), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(Message("photo_too_many_pixels", {"width": image.width, "height": image.height}))
            yield image
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(Message("photo_too_many_pixels", {"width": "?", "height": "?"})) from None
    except UnidentifiedImageError:
        raise PictureError(Message("photo_not_a_picture", {"formats": ", ".join(FORMATS)})) from None
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise whatever they stumble over
        raise PictureError(Message("photo_damaged", {"reason": type(error).__name__})) from None


def _on_white(image: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes white, and 16 bits of grey the 8 that show."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    ground = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(ground, seen).convert("RGB")


def _encoded(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.info.clear()  # no profile, comment or position comes along
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
