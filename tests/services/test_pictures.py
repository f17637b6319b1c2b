"""Pictures as bytes: upright, small, without metadata; whatever a file holds, nothing but PictureError comes out."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from syncapp.services import pictures
from syncapp.services.pictures import PictureError, digest_of, look_at, make_picture, make_small


def drawn(kind: str = "JPEG", *, size: tuple[int, int] = (40, 60), mode: str = "RGB", **saved: object) -> bytes:
    """A picture whose upper half is dark and whose lower half is light."""
    image = Image.new("L", size, 30)
    image.paste(220, (0, size[1] // 2, *size))
    out = io.BytesIO()
    image.convert(mode).save(out, kind, **saved)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def turned() -> bytes:
    """As a telephone stores it: lying, with a note that it is to be shown turned by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation
    exif[0x010F] = "Camera of somebody"  # Make
    return drawn(exif=exif.tobytes())


def animated() -> bytes:
    frames = [Image.new("P", (20, 20), color) for color in (0, 100, 200)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as that."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


TAKEN: dict[str, Callable[[], bytes]] = {
    "jpeg": drawn,
    "png": lambda: drawn("PNG"),
    "webp": lambda: drawn("WEBP"),
    "bmp": lambda: drawn("BMP"),
    "grey": lambda: drawn(mode="L"),
    "black_and_white": lambda: drawn("PNG", mode="1"),
    "cmyk": lambda: drawn(mode="CMYK"),
    "palette": lambda: drawn("PNG", mode="P"),
    "transparent": lambda: drawn("PNG", mode="RGBA"),
    "transparent_grey": lambda: drawn("PNG", mode="LA"),
    "sixteen_bits": lambda: drawn("PNG", mode="I;16"),
    "animated": animated,
    "one_pixel": lambda: drawn("PNG", size=(1, 1)),
}


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN.keys())
def test_make_picture_makes_a_jpeg_of_whatever_is_a_picture(make: Callable[[], bytes]) -> None:
    raw = make()

    picture = make_picture(raw)

    made = opened(picture.data)
    made.load()
    assert (made.format, made.mode) == ("JPEG", "RGB")
    assert (picture.sha256, picture.source) == (digest_of(picture.data), digest_of(raw))
    assert made.size == (picture.width, picture.height) == opened(raw).size


def test_make_picture_turns_it_upright_and_drops_what_the_camera_noted() -> None:
    picture = make_picture(turned())

    made = opened(picture.data)
    assert made.size == (60, 40)
    # Turned clockwise, the dark upper half comes to the right.
    assert made.convert("L").getpixel((5, 20)) > 150  # type: ignore[operator]  # a pixel of L is a number
    assert made.convert("L").getpixel((55, 20)) < 100  # type: ignore[operator]
    assert not made.getexif()
    assert b"Camera" not in picture.data


def test_make_picture_shows_the_transparent_as_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")

    assert opened(make_picture(out.getvalue()).data).getpixel((5, 5)) == (255, 255, 255)


def test_make_picture_makes_large_ones_smaller() -> None:
    picture = make_picture(drawn(size=(3000, 2000)))

    assert (picture.width, picture.height) == (1000, 667)


def test_make_picture_is_the_same_every_time() -> None:
    """The name is the content's: two directories with one picture are one file."""
    assert make_picture(drawn("PNG")).data == make_picture(drawn("PNG")).data


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"this is no picture", "photo_not_a_picture"),
    "empty": (lambda: b"", "photo_not_a_picture"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "photo_not_a_picture"),
    "other_format": (lambda: drawn("TIFF"), "photo_not_a_picture"),
    "fifty_megabytes": (lambda: drawn() + b"\0" * 50_000_000, "photo_too_many_bytes"),
    "bomb": (lambda: claims(30_000, 30_000), "photo_too_many_pixels"),
    "larger_than_telephones_make": (lambda: claims(9_000, 6_000), "photo_too_many_pixels"),
    "cut_off": (lambda: drawn("PNG", size=(500, 500))[:200], "photo_damaged"),
    "rubbish_behind_the_header": (lambda: claims(100, 100), "photo_damaged"),
}


@pytest.mark.parametrize(("make", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_make_picture_refuses_in_words(make: Callable[[], bytes], code: str) -> None:
    with pytest.raises(PictureError) as caught:
        make_picture(make())

    assert caught.value.message.code == code


def test_look_at_reads_the_header_alone() -> None:
    raw = drawn("PNG", size=(500, 500))[:200]

    assert look_at(raw) == (digest_of(raw), 250_000)


def test_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(*_arguments: object) -> None:
        raise AssertionError("the pixels were read")

    monkeypatch.setattr(Image.Image, "load", unpacked)

    with pytest.raises(PictureError):
        make_picture(claims(30_000, 30_000))


def test_make_small_keeps_both_limits() -> None:
    noise = Image.effect_noise((1000, 800), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=95)

    small = make_small(out.getvalue(), side=300, limit=20 * 1024)

    assert len(small) <= 20 * 1024
    assert max(opened(small).size) <= 300


def test_make_small_never_makes_larger() -> None:
    assert opened(make_small(drawn(size=(40, 60)), side=300, limit=20 * 1024)).size == (40, 60)


def test_make_small_says_when_it_cannot() -> None:
    with pytest.raises(PictureError) as caught:
        make_small(drawn(), side=300, limit=100)

    assert caught.value.message.code == "photo_not_small_enough"


def test_error_of_a_decoder_is_a_damaged_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pictures.Image, "open", stumbles)

    with pytest.raises(PictureError) as caught:
        look_at(drawn())

    assert (caught.value.message.code, caught.value.message.params) == (
        "photo_damaged",
        {"reason": "ZeroDivisionError"},
    )
