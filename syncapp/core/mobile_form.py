"""How a server's people write their mobiles, so that ours look the same (rule B14)."""

from collections import Counter
from collections.abc import Iterable

from syncapp.core import telephones
from syncapp.core.records import Message
from syncapp.core.values import decode

# A place for one digit of the number; what stands before the places is the way of dialling it.
PLACE = "#"


def prevailing_form(raws: Iterable[bytes], *, region: str) -> str:
    """Return the form that more than half of the readable values have, '' when there is none.

    A form is a value with places for the digits after the country code, such as
    `8 (###) ###-##-##`.
    """
    forms = Counter(form for raw in raws if (form := _form_of(raw, region)) is not None)
    if not forms:
        return ""
    form, count = min(forms.items(), key=lambda each: (-each[1], each[0]))
    return form if count * 2 > forms.total() else ""


def spelled(mobile: str, form: str, *, region: str) -> str:
    """Return a mobile (E.164) in a form, or as it is where the form is made for other numbers."""
    places = form.count(PLACE)
    if not places or len(mobile) <= places:
        return mobile
    digits = iter(mobile[-places:])
    text = "".join(next(digits) if character == PLACE else character for character in form)
    return text if telephones.read_mobile(text, region) == mobile else mobile


def _form_of(raw: bytes, region: str) -> str | None:
    """Return the form of one value: labels such as "(личный)" belong to the person and not to the form."""
    text = decode(raw)
    if not text or isinstance(text, Message):
        return None
    mobile = telephones.read_mobile(text, region)
    found = telephones.find_number(text)
    if isinstance(mobile, Message) or isinstance(found, Message):
        return None
    code_length = telephones.length_of_country_code(mobile)
    own, form = len(mobile) - 1 - code_length, ""
    for character in reversed(found.group()):
        is_own = character.isdigit() and own > 0
        own -= is_own
        form = (PLACE if is_own else character) + form
    return form if own == 0 else None
