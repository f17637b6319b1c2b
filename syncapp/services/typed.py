"""Values of employees as people type them, read by the converters that read a directory's."""

from collections.abc import Mapping

from syncapp.core.options import FieldRule
from syncapp.core.records import Message
from syncapp.core.values import clean, read_text
from syncapp.core.vocabulary import Field
from syncapp.exceptions import SyncError
from syncapp.models import Employee, Endpoint
from syncapp.store.phone_numbers import use_of

# Who has none of these could not be told from others.
KNOWN_BY = (Field.NAME, Field.EMAIL, Field.EXTENSION)
_MISREAD = {
    Field.EMAIL: "typed_not_email",
    Field.MOBILE: "typed_not_mobile",
    Field.EXTENSION: "typed_not_extension",
}


class TypedValueError(SyncError):
    """A person typed something that cannot be this field's value."""


def typing_region() -> str:
    """Country in whose form numbers without country code are typed: that of the first server."""
    region: str = (
        Endpoint.objects.values_list("region", flat=True).first() or Endpoint._meta.get_field("region").default
    )
    return region


def read_typed(field: Field, text: str, *, region: str) -> str:
    """Return a typed text as the hub stores it: even white space, E.164; '' for an empty one.

    Raise TypedValueError when it cannot be this field's value.
    """
    cleaned = clean(text)
    read = cleaned
    if isinstance(cleaned, str):
        read = read_text(FieldRule(field, field.value), cleaned, region=region) if cleaned else ""
    if isinstance(read, str):
        return read
    raise _mistake(field, text, read)


def _mistake(field: Field, text: str, message: Message) -> TypedValueError:
    if message.code == "value_too_long":
        return TypedValueError("typed_too_long", field=field.value, limit=message.params["limit"])
    if message.code == "value_control_characters":
        return TypedValueError("typed_control_characters", field=field.value)
    return TypedValueError(_MISREAD[field], value=text)


def owner_of(extension: str, *, plan: str, beside: int | None) -> Employee | None:
    """Return who else has this extension in a number plan; None for nobody, and for no extension."""
    if not extension:
        return None
    return Employee.rows.exclude(pk=beside or 0).filter(number_plan=plan, extension=extension).first()


def refuse_held(extension: str, *, plan: str) -> None:
    """Raise TypedValueError for a number that a queue or the like has in a phone system, as far as that is known (C5)."""
    use = use_of(extension, plan) if extension else None
    if use is not None:
        raise TypedValueError("typed_number_in_phones", number=extension, use=use.dump())


def refuse_nameless(values: Mapping[str, str]) -> None:
    """Raise TypedValueError when nobody could tell who this is any more."""
    if not any(values.get(name) for name in KNOWN_BY):
        raise TypedValueError("typed_nameless")
