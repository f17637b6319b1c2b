"""Directories of any size, as LDIF: the same people for the same number and seed.

    python -m benchmarks.generator --people 20000 > company.ldif

Every third person has an extension, four of five a mobile, nine of ten a mail;
half the names are Cyrillic, and no name comes twice (up to 100,000 people).
Person number n is worked out from n alone, so that a benchmark can change
somebody without reading the directory.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from PIL import Image

from fixtures.ldif import entry, line
from fixtures.samba_config import NORMAL_ACCOUNT

SUFFIX = "dc=example,dc=test"
MOST_PEOPLE = 100_000
FIRST_EXTENSION = 10_000
DEPARTMENTS = tuple(f"Department {number:02}" for number in range(1, 21))
TITLES = ("Engineer", "Инженер", "Manager", "Менеджер", "Clerk", "Бухгалтер", "Analyst", "Аналитик")
_PHOTO_SIDE, _PHOTO_QUALITY = 103, 89  # noise of this size makes 10 KB

# Given name, second name, surname: 10 * 50 * 100 ways in each alphabet.
_LATIN = (
    ("Alma", "Bruno", "Clara", "Doris", "Egon", "Fiona", "Gregor", "Hanna", "Ivor", "Judith"),
    tuple(
        f"{first}{second}"
        for first in ("Al", "Ber", "Cor", "Dan", "El")
        for second in ("an", "bert", "cia", "dine", "fred", "gar", "ina", "mund", "ric", "ton")
    ),
    tuple(
        f"{first}{second}"
        for first in ("Ash", "Birch", "Clay", "Dale", "East", "Fern", "Glen", "Hazel", "Iron", "Lake")
        for second in ("bourne", "croft", "dell", "field", "gate", "hurst", "ley", "man", "ton", "wood")
    ),
)
_CYRILLIC = (
    ("Алла", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Инна", "Фёдор"),
    tuple(
        f"{first}{second}"
        for first in ("Бори", "Вади", "Глебо", "Денисо", "Его")
        for second in ("вич", "вна", "мич", "мна", "рыч", "рна", "сыч", "сна", "тыч", "тна")
    ),
    tuple(
        f"{first}{second}"
        for first in ("Берёз", "Ветл", "Гор", "Дуб", "Ельц", "Жит", "Зар", "Камен", "Лес", "Мор")
        for second in ("ов", "ин", "ский", "енко", "ук", "ович", "ян", "адзе", "цев", "няк")
    ),
)
_STRIDE = 7919  # a prime: neighbours in the directory are no neighbours in the alphabet
_WAYS = 50_000


@dataclass(frozen=True, slots=True)
class Change:
    """One value to be replaced in the directory; `value` as it goes over the wire."""

    dn: str
    attribute: str
    value: bytes


def name_of(number: int, seed: int = 0) -> tuple[str, str, str]:
    """Return given name, second name and surname."""
    firsts, seconds, surnames = (_LATIN, _CYRILLIC)[number % 2]
    way = ((number // 2) * _STRIDE + seed) % _WAYS
    way, first = divmod(way, len(firsts))
    surname, second = divmod(way, len(seconds))
    return firsts[first], seconds[second], surnames[surname]


def dn_of(number: int, suffix: str = SUFFIX) -> str:
    return f"uid=p{number:06},ou={DEPARTMENTS[number % len(DEPARTMENTS)]},{suffix}"


def mobile_of(number: int) -> str:
    """Return a number that is valid in RU, in one of the usual spellings."""
    digits = f"{number:07}"
    return (
        f"+7900{digits}",
        f"8 (900) {digits[:3]}-{digits[3:5]}-{digits[5:]}",
        f"8-900-{digits[:3]}-{digits[3:]}",
        f"900 {digits}",
    )[number % 4]


def photo_of(number: int) -> bytes:
    """Return a JPEG of 10 KB that nobody else has: one picture, with the number as its comment."""
    picture = _picture()
    return picture[:2] + b"\xff\xfe\x00\x06" + number.to_bytes(4) + picture[2:]


@cache
def _picture() -> bytes:
    noise = random.Random(0).randbytes(_PHOTO_SIDE * _PHOTO_SIDE * 3)
    file = BytesIO()
    Image.frombytes("RGB", (_PHOTO_SIDE, _PHOTO_SIDE), noise).save(file, "JPEG", quality=_PHOTO_QUALITY)
    return file.getvalue()


def person(number: int, *, suffix: str = SUFFIX, seed: int = 0, photo: bool = False) -> str:
    """Return the LDIF of one person."""
    first, second, surname = name_of(number, seed)
    name = f"{first} {second} {surname}"
    return entry(
        dn_of(number, suffix),
        [
            ("objectClass", "inetOrgPerson"),
            ("uid", f"p{number:06}"),
            ("cn", name),
            ("displayName", name),
            ("givenName", first),
            ("sn", surname),
            ("ou", DEPARTMENTS[number % len(DEPARTMENTS)]),
            ("title", TITLES[number % len(TITLES)]),
            ("employeeNumber", str(number)),
            ("mail", f"p{number:06}@example.test" if number % 10 else ""),
            ("mobile", mobile_of(number) if number % 5 else ""),
            ("telephoneNumber", "" if number % 3 else str(FIRST_EXTENSION + number // 3)),
            ("jpegPhoto", photo_of(number) if photo else b""),
        ],
    )


def company(people: int, *, suffix: str = SUFFIX, seed: int = 0, photos: bool = False) -> Iterator[str]:
    """Yield the LDIF below the suffix, entry by entry: departments, then people 1 to `people`."""
    if people > MOST_PEOPLE:
        raise ValueError(f"at most {MOST_PEOPLE} people: names and numbers would repeat")
    for ou in DEPARTMENTS:
        yield entry(f"ou={ou},{suffix}", [("objectClass", "organizationalUnit"), ("ou", ou)])
    for number in range(1, people + 1):
        yield person(number, suffix=suffix, seed=seed, photo=photos)


def domain(people: int, *, suffix: str, realm: str) -> Iterator[str]:
    """Yield the LDIF of an Active Directory with the same people."""
    for ou in DEPARTMENTS:
        yield entry(f"OU={ou},{suffix}", [("objectClass", "organizationalUnit")])
    for number in range(1, people + 1):
        first, second, surname = name_of(number)
        yield entry(
            f"CN=p{number:06},OU={DEPARTMENTS[number % len(DEPARTMENTS)]},{suffix}",
            [
                ("objectClass", "user"),
                ("sAMAccountName", f"p{number:06}"),
                ("userPrincipalName", f"p{number:06}@{realm}"),
                ("displayName", f"{first} {second} {surname}"),
                ("givenName", first),
                ("sn", surname),
                ("department", DEPARTMENTS[number % len(DEPARTMENTS)]),
                ("title", TITLES[number % len(TITLES)]),
                ("mail", f"p{number:06}@example.test" if number % 10 else ""),
                ("mobile", mobile_of(number) if number % 5 else ""),
                ("telephoneNumber", "" if number % 3 else str(FIRST_EXTENSION + number // 3)),
                ("userAccountControl", str(NORMAL_ACCOUNT)),
            ],
        )


def churn(people: int, *, percent: float, suffix: str = SUFFIX, round_number: int = 1) -> Iterator[Change]:
    """Yield one change for `percent` of the people, spread evenly; another round changes to other values.

    Half of them get another title, a third another mobile, the others another surname.
    """
    count = round(people * percent / 100)
    for position in range(count):
        number = 1 + position * people // count
        value = f"{TITLES[number % len(TITLES)]} {round_number}"
        if position % 6 in (1, 3):
            attribute, value = "mobile", mobile_of(number + MOST_PEOPLE * round_number)
        elif position % 6 == 5:
            first, second, surname = name_of(number)
            attribute, value = "displayName", f"{first} {second} {surname}-{'Neu' * round_number}"
        else:
            attribute = "title"
        yield Change(dn_of(number, suffix), attribute, value.encode())


def change_ldif(change: Change) -> str:
    """Return the change for ldapmodify."""
    return (
        line("dn", change.dn)
        + "changetype: modify\n"
        + f"replace: {change.attribute}\n"
        + line(change.attribute, change.value)
        + "\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the LDIF of a directory.", allow_abbrev=False)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--suffix", default=SUFFIX)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--photos", action="store_true", help="10 KB for everybody")
    options = parser.parse_args()
    sys.stdout.writelines(company(options.people, suffix=options.suffix, seed=options.seed, photos=options.photos))


if __name__ == "__main__":
    main()
