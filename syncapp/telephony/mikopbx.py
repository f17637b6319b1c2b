"""MikoPBX as a phone system: its people and numbers, and how they are made and changed.

Never sent: an `id` in a create (it would overwrite), a secret of our own after the
create (the phone on the desk would fall off; what a directory has is its own decision),
a change of somebody without a number (his detail shows one that was made up).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from syncapp.core.phone_numbers import NumberInUse
from syncapp.core.records import Message
from syncapp.core.vocabulary import Field, NumberKind
from syncapp.core.writes import WriteRefusal
from syncapp.exceptions import TelephonyAnswerError
from syncapp.telephony.config import MobileForm, PhoneConfig
from syncapp.telephony.forms import dial_string, kept_email, kept_name, mobile_form, same_number, written_mobile
from syncapp.telephony.mikopbx_client import MikoPbxClient, Reply, UncertainError, rows_of
from syncapp.telephony.pictures import data_uri, picture_refusal, place_of
from syncapp.telephony.protocol import NewPerson, PhonePerson, Summary, Written
from syncapp.telephony.refusals import SECRET, refused, without_secret
from syncapp.telephony.sip_secret import is_weak, new_secret

EMPLOYEES, EXTENSIONS = "/employees", "/extensions"
FORWARDS = ("fwd_forwarding", "fwd_forwardingonbusy", "fwd_forwardingonunavailable")
_OK, _MADE, _NOT_FOUND = 200, 201, 404

# Kinds of numbers as the box calls them.
KINDS = {
    "SIP": NumberKind.PERSON,
    "EXTERNAL": NumberKind.MOBILE,
    "QUEUE": NumberKind.QUEUE,
    "IVR MENU": NumberKind.MENU,
    "CONFERENCE": NumberKind.CONFERENCE,
    "DIALPLAN APPLICATION": NumberKind.APPLICATION,
    "PARKING": NumberKind.PARKING,
    "SYSTEM": NumberKind.SYSTEM,
}

NAMES = {
    Field.NAME: "user_username",
    Field.EMAIL: "user_email",
    Field.EXTENSION: "number",
    Field.MOBILE: "mobile_number",
}


@contextmanager
def open_mikopbx(config: PhoneConfig, **how: Any) -> Iterator["MikoPbxSession"]:
    """Open a session; nothing is asked yet. `how` may replace clock and sleep."""
    with MikoPbxClient(config, **how) as client:
        yield MikoPbxSession(client)


class MikoPbxSession:
    """One session, to be used by one thread."""

    def __init__(self, client: MikoPbxClient) -> None:
        self.client = client
        self._defaults: Mapping[str, Any] | None = None
        self._form: MobileForm | None = None

    @property
    def uri(self) -> str:
        return self.client.url

    def summaries(self) -> Sequence[Summary]:
        rows = rows_of(self._read(EMPLOYEES), url=self.uri, path=EMPLOYEES)
        found = [self._summary(row) for row in rows]
        if len({each.anchor for each in found}) != len(found):
            raise TelephonyAnswerError("phone_list_incomplete", url=self.uri, rows=len(found), announced="-")
        self._form = mobile_form((each.mobile for each in found), chosen=self.client.config.mobile_form)
        return found

    def people(self, summaries: Iterable[Summary]) -> Mapping[str, PhonePerson | None]:
        """One request each: ask for those alone whose summary is new."""
        return {each.anchor: self._person(each.anchor, has_phone=bool(each.number)) for each in summaries}

    def numbers(self) -> Sequence[NumberInUse]:
        return [
            NumberInUse(str(row["number"]), KINDS.get(str(row["type"]), NumberKind.OTHER), str(row["callerid"] or ""))
            for row in self._extensions()
        ]

    def occupied(self) -> Mapping[str, str]:
        return {str(row["number"]): str(row["type"]) for row in self._extensions()}

    def _extensions(self) -> list[Any]:
        return rows_of(self._read(EXTENSIONS), url=self.uri, path=EXTENSIONS)

    def picture(self, anchor: str) -> bytes | None:
        detail = self._detail(anchor)
        path = place_of(detail["user_avatar"]) if detail else ""
        return self.client.picture(path) if path else None

    def create(self, person: NewPerson) -> Written:
        refusal = picture_refusal(person.picture)
        if refusal:
            return Written(refusal=refusal)
        body = {**self._template(), **self._values_of(person), SECRET: person.secret or new_secret()}
        for _again in range(2):
            try:
                reply = self.client.send("POST", EMPLOYEES, body)
            except UncertainError as exc:
                made, error = self._wait_for(exc, lambda: self._made(person)), exc.error
                if made is not None:
                    return self._kept(made, body)
            else:
                if not reply.ok:
                    return Written(
                        refusal=without_secret(
                            self._why(reply, {"number": person.number, "mobile_number": body["mobile_number"]}), body
                        )
                    )
                if reply.status != _MADE:
                    raise TelephonyAnswerError(
                        "phone_answer_unexpected", url=self.uri, path=EMPLOYEES, status=reply.status
                    )
                return self._kept(self._from_detail(reply.data), body)
        raise error

    def picture_at(self, path: str) -> bytes | None:
        return self.client.picture(path)

    def change(
        self,
        before: PhonePerson,
        values: Mapping[Field, str],
        *,
        picture: bytes | None = None,
        secret: str = "",
        is_fresh: bool = False,
    ) -> Written:
        refusal = picture_refusal(picture or b"")
        if refusal or not before.number:
            return Written(refusal=refusal or refused("phone_person_without_number", name=before.name))
        now = before if is_fresh else self._person(before.anchor)
        if now is None:
            return Written(refusal=refused("phone_person_gone", name=before.name))
        drifted = frozenset(each for each in values if _value(now, each) != _value(before, each))
        if drifted:
            return Written(now, drifted=drifted)
        body, remarks = self._patch(now, values)
        if picture is not None:
            body["user_avatar"] = data_uri(picture)
        if secret and (self._detail(now.anchor) or {}).get(SECRET) != secret:
            body[SECRET] = secret
        if not body:
            return Written(now, remarks=remarks)
        return self._with_late_forwards(now, body, self._send_patch(now, body, remarks))

    def _with_late_forwards(self, before: PhonePerson, body: Mapping[str, Any], done: Written) -> Written:
        """Let forwards follow that were led to the old mobile after the person was looked at: the answer shows them."""
        mobile = body.get("mobile_number")
        if not mobile or done.person is None or done.refusal is not None:
            return done
        late = self._following(done.person, before.mobile, mobile)
        return self._send_patch(done.person, late, done.remarks) if late else done

    def _following(self, person: PhonePerson, old: str, mobile: str) -> dict[str, Any]:
        """Return what lets a person's own forwards follow a mobile; how long it rings before is kept."""
        body: dict[str, Any] = {name: mobile for name, number in person.forwards.items() if same_number(number, old)}
        if "fwd_forwarding" in body:  # else it would be set to what a new person has
            body["fwd_ringlength"] = person.ring_length
        return body

    def _send_patch(self, now: PhonePerson, body: Mapping[str, Any], remarks: tuple[Message, ...]) -> Written:
        path = f"{EMPLOYEES}/{now.anchor}"
        for _again in range(2):
            try:
                reply = self.client.send("PATCH", path, body)
            except UncertainError as exc:
                kept, error = self._wait_for(exc, lambda: self._arrived(now.anchor, body)), exc.error
                if kept is not None:
                    return self._kept(kept, body, remarks)
            else:
                if reply.ok:
                    return self._kept(self._from_detail(reply.data), body, remarks)
                if reply.status == _NOT_FOUND:
                    return Written(refusal=refused("phone_person_gone", name=now.name))
                return Written(now, refusal=without_secret(self._why(reply, body, now), body), remarks=remarks)
        raise error

    def _patch(self, now: PhonePerson, values: Mapping[Field, str]) -> tuple[dict[str, Any], tuple[Message, ...]]:
        """Return the smallest change: what differs in the form that the box keeps, and what follows the mobile."""
        body: dict[str, Any] = {}
        for name, form in ((Field.NAME, kept_name), (Field.EMAIL, kept_email), (Field.EXTENSION, str)):
            if name in values and form(values[name]) != _value(now, name):
                body[NAMES[name]] = form(values[name])
        if Field.MOBILE not in values:
            return body, ()
        mobile = written_mobile(values[Field.MOBILE], self._mobile_form())
        if mobile == now.mobile or same_number(mobile, now.mobile):
            return body, ()
        dialled = dial_string(now.dial_string, old_mobile=now.mobile, new_mobile=mobile)
        body |= {"mobile_number": mobile, "mobile_dialstring": dialled.text}
        body |= self._following(now, now.mobile, mobile)
        kept = Message("phone_dial_string_kept", {"name": now.name, "dialled": dialled.text, "mobile": mobile})
        return body, () if dialled.follows else (kept,)

    def _why(self, reply: Reply, body: Mapping[str, Any], now: PhonePerson | None = None) -> WriteRefusal:
        """Say why a person was refused. The texts are in the box's language: what is the matter is asked for."""
        if reply.filtered:
            return refused("phone_filtered")
        own = {now.number, now.mobile} if now else set()
        wanted = [str(body[name]) for name in ("number", "mobile_number") if body.get(name)]
        occupied = self.occupied() if wanted else {}
        for number in wanted:
            if number in occupied and number not in own:
                return refused("phone_number_taken", number=number, kind=occupied[number])
        if now and not self._takes_changes(now.anchor):
            detail = self._detail(now.anchor) or {}
            if is_weak(str(detail.get("sip_secret", ""))):
                return refused("phone_secret_weak", number=now.number)
            return refused("phone_stored_values_refused", number=now.number, texts=list(reply.errors))
        return refused("phone_refused", texts=list(reply.errors))

    def _takes_changes(self, anchor: str) -> bool:
        """Whether the box takes a change that changes nothing: it judges everything stored along with it."""
        try:
            return self.client.send("PATCH", f"{EMPLOYEES}/{anchor}", {}).ok
        except UncertainError as exc:
            raise exc.error from None

    def _wait_for(self, uncertain: UncertainError, found: Callable[[], PhonePerson | None]) -> PhonePerson | None:
        """Look for a write of which nobody knows; None once it is certain that it never came."""
        config, clock = self.client.config, self.client.clock
        person = found()
        while person is None and clock() < uncertain.sent_at + config.stale_after:
            self.client.sleep(min(config.pause * 5, uncertain.sent_at + config.stale_after - clock()))
            person = found()
        return person

    def _made(self, person: NewPerson) -> PhonePerson | None:
        """Return the person whom we sent, if he is there; somebody else with the number is not."""
        rows = rows_of(self._read(EMPLOYEES, search=f"number:{person.number}"), url=self.uri, path=EMPLOYEES)
        names = {str(row["id"]) for row in rows if row["user_username"] == kept_name(person.name)}
        return self._person(names.pop()) if len(names) == 1 else None

    def _arrived(self, anchor: str, body: Mapping[str, Any]) -> PhonePerson | None:
        """Return the person if everything that was sent is kept; a picture has the same path whatever it shows."""
        detail = self._detail(anchor)
        if detail is None or any(detail[name] != value for name, value in body.items() if name != "user_avatar"):
            return None
        if "user_avatar" in body and data_uri(self.picture(anchor) or b"") != body["user_avatar"]:
            return None
        return self._from_detail(detail)

    def _kept(self, kept: PhonePerson, body: Mapping[str, Any], remarks: tuple[Message, ...] = ()) -> Written:
        """Compare what is kept with what was sent: much is changed there in silence."""
        differing = [
            Message(
                "phone_kept_otherwise", {"field": name.value, "sent": str(body[theirs]), "kept": _value(kept, name)}
            )
            for name, theirs in NAMES.items()
            if theirs in body and str(body[theirs]) != _value(kept, name)
        ]
        return Written(kept, remarks=(*remarks, *differing))

    def _values_of(self, person: NewPerson) -> dict[str, Any]:
        mobile = written_mobile(person.mobile, self._mobile_form()) if person.mobile else ""
        values = {
            "user_username": kept_name(person.name),
            "user_email": kept_email(person.email),
            "number": person.number,
            "mobile_number": mobile,
            "mobile_dialstring": mobile,
        }
        return {**values, "user_avatar": data_uri(person.picture)} if person.picture else values

    def _template(self) -> dict[str, Any]:
        """The server's own defaults, asked for once; what only the server may say is left out of them."""
        if self._defaults is None:
            data = self._read(f"{EMPLOYEES}:getDefault").data
            if not isinstance(data, dict):
                raise TelephonyAnswerError("phone_answer_unexpected", url=self.uri, path=EMPLOYEES, status=_OK)
            self._defaults = {
                name: value
                for name, value in data.items()
                if name.startswith(("sip_", "fwd_")) and not name.endswith(("_represent", "_secret"))
            }
        return dict(self._defaults)

    def _mobile_form(self) -> MobileForm:
        if self._form is None:
            self.summaries()
        return self._form or MobileForm.SEVEN

    def _person(self, anchor: str, *, has_phone: bool = True) -> PhonePerson | None:
        detail = self._detail(anchor)
        return None if detail is None else self._from_detail(detail if has_phone else {**detail, "number": ""})

    def _detail(self, anchor: str) -> dict[str, Any] | None:
        """Return the raw record, secret and all: it stays inside of this class."""
        reply = self.client.get(f"{EMPLOYEES}/{anchor}")
        if not reply.ok:  # 422, where one would expect 404
            return None
        if not isinstance(reply.data, dict) or "user_username" not in reply.data:
            raise TelephonyAnswerError("phone_answer_unexpected", url=self.uri, path=EMPLOYEES, status=reply.status)
        return reply.data

    def _from_detail(self, detail: Any) -> PhonePerson:
        if not isinstance(detail, dict) or "user_username" not in detail:
            raise TelephonyAnswerError("phone_answer_unexpected", url=self.uri, path=EMPLOYEES, status=_OK)
        return PhonePerson(
            anchor=str(detail["id"]),
            name=str(detail["user_username"]),
            email=str(detail["user_email"]),
            number=str(detail["number"]),
            mobile=str(detail["mobile_number"]),
            dial_string=str(detail["mobile_dialstring"]),
            has_picture=bool(place_of(detail["user_avatar"])),
            forwards={name: str(detail[name]) for name in FORWARDS if detail.get(name)},
            picture=place_of(detail["user_avatar"]),
            ring_length=int(detail["fwd_ringlength"] or 0),
        )

    def _summary(self, row: Any) -> Summary:
        try:
            return Summary(
                anchor=str(int(row["id"])),
                name=str(row["user_username"]),
                email=str(row["user_email"]),
                number=str(row["number"]),
                mobile=str(row["mobile"]),
                picture=place_of(row["avatar"]),
                disabled=bool(row["disabled"]),
            )
        except (KeyError, TypeError, ValueError):
            raise TelephonyAnswerError("phone_answer_unexpected", url=self.uri, path=EMPLOYEES, status=_OK) from None

    def _read(self, path: str, **query: str) -> Reply:
        reply = self.client.get(path, **query)
        if not reply.ok:
            raise TelephonyAnswerError("phone_answer_unexpected", url=self.uri, path=path, status=reply.status)
        return reply


def _value(person: PhonePerson, name: Field) -> str:
    return {
        Field.NAME: person.name,
        Field.EMAIL: person.email,
        Field.EXTENSION: person.number,
        Field.MOBILE: person.mobile,
    }[name]
