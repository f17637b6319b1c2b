"""A phone system in memory, held to the same contract as MikoPBX (`tests/telephony/contract.py`)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from syncapp.core.phone_numbers import NumberInUse
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field, RefusalKind
from syncapp.core.writes import WriteRefusal
from syncapp.telephony.mikopbx import KINDS
from syncapp.telephony.protocol import NewPerson, PhonePerson, Summary, Written

LONGEST_NUMBER = 8
SMALLEST_PICTURE = 1024


@dataclass
class FakePhoneSystem:
    """Its people by anchor, their pictures, and the numbers of what is no person."""

    people: dict[str, PhonePerson] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    writes: int = 0
    _next: int = 113

    def add(self, name: str, *, number: str = "", mobile: str = "", **values: object) -> str:
        anchor = str(self._next)
        self._next += 1
        person = PhonePerson(anchor, name, "", number, mobile, mobile, has_picture=False)
        self.people[anchor] = replace(person, **values)  # type: ignore[arg-type]  # values by name, each of its own type
        return anchor

    @contextmanager
    def session(self) -> Iterator["FakePhoneSession"]:
        yield FakePhoneSession(self)


class FakePhoneSession:
    uri = "https://pbx.corp.example"

    def __init__(self, system: FakePhoneSystem) -> None:
        self.system = system

    def summaries(self) -> Sequence[Summary]:
        return [
            Summary(
                anchor=each.anchor,
                name=each.name,
                email=each.email,
                number=each.number,
                mobile=each.dial_string or each.mobile,
                picture=each.anchor if each.has_picture else "",
                disabled=False,
            )
            for each in self.system.people.values()
        ]

    def people(self, summaries: Iterable[Summary]) -> Mapping[str, PhonePerson | None]:
        return {each.anchor: self.system.people.get(each.anchor) for each in summaries}

    def occupied(self) -> Mapping[str, str]:
        found = dict(self.system.others)
        for each in self.system.people.values():
            found |= {number: kind for number, kind in ((each.mobile, "EXTERNAL"), (each.number, "SIP")) if number}
        return found

    def numbers(self) -> Sequence[NumberInUse]:
        names = {number: each.name for each in self.system.people.values() for number in (each.number, each.mobile)}
        return [
            NumberInUse(number, KINDS[kind], names.get(number, "")) for number, kind in sorted(self.occupied().items())
        ]

    def picture(self, anchor: str) -> bytes | None:
        return self.system.pictures.get(anchor)

    def create(self, person: NewPerson) -> Written:
        mobile, number = person.mobile.removeprefix("+"), person.number[:LONGEST_NUMBER]
        refusal = self._refusal({number, mobile} - {""}, person.picture)
        if refusal:
            return Written(refusal=refusal)
        anchor = self.system.add(person.name.strip(), number=number, mobile=mobile, email=person.email.strip())
        self.system.writes += 1
        self._keep_picture(anchor, person.picture)
        self.system.secrets[anchor] = person.secret or f"made for {anchor}"
        return self._written(anchor, {Field.EXTENSION: person.number})

    def picture_at(self, path: str) -> bytes | None:
        return self.system.pictures.get(path)

    def change(
        self,
        before: PhonePerson,
        values: Mapping[Field, str],
        *,
        picture: bytes | None = None,
        secret: str = "",
        is_fresh: bool = False,
    ) -> Written:
        now = self.system.people.get(before.anchor)
        if now is None:
            return Written(refusal=_refused("phone_person_gone"))
        if not before.number:
            return Written(refusal=_refused("phone_person_without_number"))
        drifted = frozenset(name for name in values if _value(now, name) != _value(before, name))
        if drifted:
            return Written(now, drifted=drifted)
        mobile = values.get(Field.MOBILE, now.mobile).removeprefix("+")
        number = values.get(Field.EXTENSION, now.number)[:LONGEST_NUMBER]
        refusal = self._refusal({number, mobile} - {now.number, now.mobile, ""}, picture or b"")
        if refusal:
            return Written(now, refusal=refusal)
        follows = not now.dial_string or (bool(now.mobile) and now.dial_string.endswith(now.mobile)) or not mobile
        prefix = now.dial_string.removesuffix(now.mobile) if now.mobile else ""
        after = replace(
            now,
            name=values.get(Field.NAME, now.name).strip(),
            email=values.get(Field.EMAIL, now.email).strip(),
            number=number,
            mobile=mobile,
            dial_string=((prefix + mobile) if mobile else "") if follows else now.dial_string,
            forwards={
                name: mobile if to == now.mobile else to
                for name, to in now.forwards.items()
                if to != now.mobile or mobile
            },
        )
        is_new = bool(secret) and self.system.secrets.get(now.anchor) != secret
        if is_new:
            self.system.secrets[now.anchor] = secret
        if after != now or picture is not None or is_new:
            self.system.people[now.anchor] = after
            self.system.writes += 1
        if picture is not None:
            self._keep_picture(now.anchor, picture)
        kept = () if follows else (Message("phone_dial_string_kept"),)
        return self._written(now.anchor, values, kept)

    def _written(self, anchor: str, values: Mapping[Field, str], remarks: tuple[Message, ...] = ()) -> Written:
        person, wanted = self.system.people[anchor], values.get(Field.EXTENSION)
        if wanted and wanted != person.number:
            remarks += (Message("phone_kept_otherwise"),)
        return Written(person, remarks=remarks)

    def _keep_picture(self, anchor: str, picture: bytes) -> None:
        self.system.pictures.pop(anchor, None)
        if picture:
            self.system.pictures[anchor] = picture
        self.system.people[anchor] = replace(self.system.people[anchor], has_picture=bool(picture))

    def _refusal(self, numbers: set[str], picture: bytes) -> WriteRefusal | None:
        if numbers & self.occupied().keys():
            return _refused("phone_number_taken")
        return _refused("phone_picture_refused") if 0 < len(picture) < SMALLEST_PICTURE else None


def _value(person: PhonePerson, name: Field) -> str:
    return {
        Field.NAME: person.name,
        Field.EMAIL: person.email,
        Field.EXTENSION: person.number,
        Field.MOBILE: person.mobile,
    }[name]


def _refused(code: str) -> WriteRefusal:
    return WriteRefusal(RefusalKind.VALUE, Message(code))
