"""One person's values on their way to the endpoint, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncapp.core.matters import Matter
from syncapp.core.options import FieldRule
from syncapp.core.outgoing import Content, Outgoing, Present, outgoing_content, outgoing_text
from syncapp.core.person_plan import conflict_text
from syncapp.core.records import Base, Message, Refused, RemoteRecord, unusable
from syncapp.core.vocabulary import OPAQUE_FIELDS, Field, MatterKind, Policy, RefusalKind
from syncapp.core.writes import AttributeWrite, WriteRefusal, WriteResult
from syncapp.services.photos import keep_overwritten
from syncapp.services.pictures import PictureError
from syncapp.services.secrets import key_mark
from syncapp.store.sent import Sent


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the endpoint's people write things."""

    region: str
    mobile_form: str = ""


@dataclass(slots=True)
class Draft:
    """What is to be written for one planned item.

    `contents` are the values that have no readable text, or why one cannot go out.
    `prepare` is called with the entry as it is just before writing, `conclude` with
    what became of it.
    """

    sent: Sent
    rules: Mapping[Field, FieldRule]
    spelling: Spelling
    contents: Mapping[Field, Content | Message] = field(default_factory=dict)
    outgoing: dict[Field, Outgoing] = field(default_factory=dict)
    pushes: Mapping[Field, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.pushes = {Field(name): change for name, change in self.sent.row.pushes.items()}

    @property
    def begun(self) -> bool:
        """Whether something was handed out to be written."""
        return any(out.write is not None for out in self.outgoing.values())

    def prepare(self, record: RemoteRecord) -> list[AttributeWrite]:
        """Say what is to be written, so that nobody's edit since the plan is run over."""
        self.outgoing = {name: self._look(name, record) for name in self.pushes}
        self._keep_photo()
        return [out.write for out in self.outgoing.values() if out.write is not None]

    def _keep_photo(self) -> None:
        """Keep the picture that is about to be replaced; one that is damaged is foreign, and nothing goes over it."""
        out = self.outgoing.get(Field.PHOTO)
        if out is None or out.write is None or out.write.old is None:
            return
        try:
            keep_overwritten(out.write.old, item_id=self.sent.row.id)
        except PictureError as error:
            self.outgoing[Field.PHOTO] = Outgoing(Present.FOREIGN)
            params = {
                "field": Field.PHOTO.value,
                "attribute": self.rules[Field.PHOTO].attribute,
                **error.message.params,
            }
            self.sent.refused[Field.PHOTO] = unusable(out.standing, Message(error.message.code, params))

    def conclude(self, result: WriteResult) -> Sent:
        """Carry the result into what is stored of the item."""
        sent = self.sent
        if result.before is None:
            sent.fail(Message("write_entry_gone"))
            for name, (standing, _after) in self.pushes.items():
                self._wait(name, standing, again=True)
            return sent
        sent.messages += result.remarks
        for name in self.pushes:
            self._conclude_field(name, result)
        return sent

    def leave(self) -> Sent:
        """The employee is another than planned: nothing is sent, the next run looks again."""
        for name, (standing, _after) in self.pushes.items():
            self._wait(name, standing, again=True)
        self.sent.messages.append(Message("write_edited_meanwhile"))
        return self.sent

    def _look(self, name: Field, record: RemoteRecord) -> Outgoing:
        rule, (before, after) = self.rules[name], self.pushes[name]
        content = self.contents.get(name)
        if isinstance(content, Message):
            return Outgoing(Present.UNFIT, before)
        if content is not None:
            return outgoing_content(rule, before=before, content=content, attributes=record.attributes)
        return outgoing_text(
            rule,
            before=before,
            after=after,
            attributes=record.attributes,
            region=self.spelling.region,
            mobile_form=self.spelling.mobile_form,
        )

    def _conclude_field(self, name: Field, result: WriteResult) -> None:
        (standing, after), out = self.pushes[name], self.outgoing[name]
        attribute = self.rules[name].attribute
        if attribute in result.unseen:
            self.sent.replaced[name], self.sent.agreed[name] = out.standing, Base(after, key_mark())
        elif attribute in result.written:
            self.sent.replaced[name] = out.standing
            self._read_back(name, out.write, result)
        elif out.write is None:
            self._not_sent(name, out)
        elif attribute in result.drifted and result.after is not None:
            self._not_sent(name, self._look(name, result.after))
        elif attribute in result.left_out:
            self._remember(name, result.left_out[attribute], tried=False)
            self._wait(name, standing)
        elif attribute in result.refused:
            self._refuse(name, result.refused[attribute])
        else:
            self._wait(name, standing, again=True)

    def _not_sent(self, name: Field, out: Outgoing) -> None:
        rule, (standing, after) = self.rules[name], self.pushes[name]
        if out.present is Present.AGREED:
            self.sent.agreed[name] = Base(after, out.standing)
        elif out.present is Present.UNFIT:
            self._refuse(name, WriteRefusal(RefusalKind.VALUE, self._unfit(name)))
        elif out.present is Present.DRIFTED and rule.policy is Policy.ASK:
            self._disagree(name, out.standing)
        else:  # the next run decides with what stands there now
            if out.present is Present.FOREIGN:
                self.sent.messages.append(Message("write_foreign", {"attribute": rule.attribute}))
            self._wait(name, standing, again=True)

    def _unfit(self, name: Field) -> Message:
        attribute, (_before, after), content = self.rules[name].attribute, self.pushes[name], self.contents.get(name)
        if isinstance(content, Message):
            return Message(content.code, {"attribute": attribute, **content.params})
        return Message("write_unfit", {"field": name.value, "attribute": attribute, "value": after})

    def _read_back(self, name: Field, write: AttributeWrite | None, result: WriteResult) -> None:
        """What is stored becomes the base only if it reads as what we sent; otherwise it is somebody's change.

        But what came with the answer to our own write is what became of our value.
        """
        (_standing, after), record = self.pushes[name], result.after
        stored = record.attributes.get(write.attribute.lower()) if record is not None and write is not None else None
        if write is not None and stored == [write.new] and name not in OPAQUE_FIELDS:  # nearly always: byte for byte
            self.sent.agreed[name] = Base(after, after)
            return
        content = self.contents.get(name)
        # As the directory will show it: of a picture not the name of our file.
        ours = content.mark(content.raw) if isinstance(content, Content) and content.raw else after
        out = self._look(name, record) if record is not None else Outgoing(Present.AGREED, ours)
        if out.present is Present.AGREED:
            self.sent.agreed[name] = Base(after, out.standing)
            return
        if result.answered and out.standing:
            self.sent.agreed[name] = Base(after, out.standing)
            return
        self.sent.agreed[name] = Base(after, ours)
        shown = "" if name in OPAQUE_FIELDS else out.standing
        params = {"field": name.value, "attribute": self.rules[name].attribute, "value": shown}
        self.sent.messages.append(Message("write_read_as_other", params))
        self.sent.due = True

    def _disagree(self, name: Field, standing: str) -> None:
        """Somebody was quicker: a conflict with fresh values, and no second try."""
        _before, after = self.pushes[name]
        agreed = self.sent.row.plan["base"].get(name)
        base = agreed[1] if agreed else None
        self.sent.matters.append(Matter(MatterKind.FIELD, name, base=base, local=after, remote=standing))
        self.sent.messages.append(conflict_text(name, local=after, remote=standing))

    def _refuse(self, name: Field, refusal: WriteRefusal) -> None:
        self.sent.fail(refusal.message)
        if refusal.kind is RefusalKind.BUSY:
            self._wait(name, self.pushes[name][0], again=True)
        else:
            self._remember(name, refusal, tried=True)

    def _remember(self, name: Field, refusal: WriteRefusal, *, tried: bool) -> None:
        rule, (standing, after) = self.rules[name], self.pushes[name]
        self.sent.refused[name] = Refused(
            value=after,
            standing=standing,
            attribute=rule.attribute,
            pattern=rule.pattern,
            kind=refusal.kind,
            message=refusal.message,
            tried=tried,
        )

    def _wait(self, name: Field, standing: str, *, again: bool = False) -> None:
        self.sent.waits[name] = standing
        self.sent.due = self.sent.due or again
