"""Reading telephone numbers as people write them (rules A2, B14, C5).

A mobile may stand among labels such as "тел." or "(личный)". Any other word, a
second number or an extension makes it foreign: a number beside "wife" or
"ask Anna" is not this person's mobile, and nobody should be put through to it.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import shortnumberinfo

from syncapp.core.records import Message

# One number: digits with what people put between them. A second plus begins a second number.
# A bracket before it belongs to it only when it is closed before its end: (916) 123…, not (8916123…).
_RUN = re.compile(r"(?:\+\s*)?(?:\((?=[^()]*\)[^()]*[0-9])\s*)?[0-9](?:[0-9\s().\-–—‑‐−]*[0-9])?")
_WORDS = re.compile(r"[^\W\d_]+")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_EXTENSION_WORD = re.compile(r"доб(?:авочный)?|вн|внутр(?:енний)?|ext(?:ension)?|x")
_LABEL = re.compile(
    r"т|тел(?:ефон)?|м|моб(?:ильный|ила)?|сот(?:овый)?|л|личн(?:ый)?|р|раб(?:очий)?|служ(?:ебный)?"
    r"|корп(?:оративный)?|осн(?:овной)?|номер|ватсап|вотсап|телеграмм?|вайбер"
    r"|phone|tel(?:ephone)?|mob(?:ile)?|cell(?:ular)?|personal|private|work|office|business|main|gsm"
    r"|whatsapp|wa|telegram|tg|viber|signal"
)
# What the library's short numbers leave out (rule C5).
_MORE_EMERGENCY = {"RU": frozenset({"01", "02", "03", "04", "101", "102", "103", "104", "112"})}
MAX_DIGITS = 20


def is_emergency(number: str, region: str) -> bool:
    """Whether a number calls help in that region and so may be nobody's extension."""
    return len(number) in _emergency_lengths(region) and _calls_help(number, region)


@lru_cache(maxsize=256)
def _emergency_lengths(region: str) -> frozenset[int]:
    """How long emergency numbers are: most extensions are longer, and need no second look."""
    metadata = phonenumbers.PhoneMetadata.short_metadata_for_region(region, None) if region else None
    known = metadata.emergency.possible_length if metadata and metadata.emergency else ()
    return frozenset(known) | {len(number) for number in _MORE_EMERGENCY.get(region, ())}


@lru_cache(maxsize=8192)
def _calls_help(number: str, region: str) -> bool:
    return number in _MORE_EMERGENCY.get(region, ()) or shortnumberinfo.is_emergency_number(number, region)


def find_number(text: str) -> re.Match[str] | Message:
    """Find the one telephone number in a text, or say why there is none to rely on."""
    alone = _RUN.fullmatch(text)
    if alone:
        return alone
    runs = list(_RUN.finditer(text))
    if not runs:
        return Message("value_not_mobile")
    rest = text[: runs[0].start()] + " " + text[runs[0].end() :]
    words = _WORDS.findall(rest.casefold())
    if "#" in rest or any(_EXTENSION_WORD.fullmatch(word) for word in words):
        return Message("value_mobile_with_extension")
    if len(runs) > 1:
        return Message("value_several_numbers")
    return runs[0] if all(_LABEL.fullmatch(word) for word in words) else Message("value_not_mobile")


@lru_cache(maxsize=4096)
def read_mobile(text: str, region: str) -> str | Message:
    """Read one mobile as E.164, if the library calls it valid in the region."""
    found = find_number(text)
    if isinstance(found, Message):
        return found
    run = found.group()
    compact = ("+" if run.startswith("+") else "") + _NOT_DIGITS.sub("", run)
    quick = _quick_mobile(compact, region)
    if quick:
        return quick
    try:
        number = phonenumbers.parse(compact, region or None)
    except phonenumbers.NumberParseException:
        return Message("value_not_mobile")
    if not phonenumbers.is_valid_number(number):
        return Message("value_not_mobile")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def length_of_country_code(mobile: str) -> int:
    """How many digits of a number in E.164 are the country code."""
    return len(str(phonenumbers.parse(mobile).country_code))


def read_extension(text: str, region: str) -> str | Message:
    """Read an extension: nothing but digits.

    Emergency numbers are read like others: a phone that has 101 has it, and only
    the pools must never give it out (rule C5).
    """
    if not (text.isascii() and text.isdigit()):
        return Message("value_not_extension")
    if len(text) > MAX_DIGITS:
        return Message("value_too_long", {"limit": MAX_DIGITS})
    return text


class _PlainRules(NamedTuple):
    """What tells a region's own mobiles: prefixes, and patterns of national numbers."""

    country_code: str
    national_prefix: str
    abroad: re.Pattern[str]  # what is dialled before numbers of other countries
    mobile: re.Pattern[str]
    any_number: re.Pattern[str]


@lru_cache(maxsize=256)
def _plain_rules(region: str) -> _PlainRules | None:
    """Rules of a region without oddities in its prefixes; None for the others."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None) if region else None
    if metadata is None or metadata.mobile is None or metadata.general_desc is None:
        return None
    mobile, any_number = metadata.mobile.national_number_pattern, metadata.general_desc.national_number_pattern
    if not mobile or not any_number or not metadata.international_prefix:
        return None
    prefix, code = metadata.national_prefix, str(metadata.country_code)
    if not prefix or prefix != metadata.national_prefix_for_parsing or metadata.national_prefix_transform_rule:
        return None
    if code.startswith(prefix) or prefix.startswith(code):
        return None
    return _PlainRules(
        country_code=code,
        national_prefix=prefix,
        abroad=re.compile(metadata.international_prefix),
        mobile=re.compile(mobile),
        any_number=re.compile(any_number),
    )


def _quick_mobile(compact: str, region: str) -> str | None:
    """E.164 of the region's own mobiles where nothing is to interpret: +7 916…, 8 916…, 7 916… and 916… in RU.

    The library's parser takes thirty times as long, and most mobiles are of this kind.
    """
    rules = _plain_rules(region)
    if rules is None:
        return None
    if compact.startswith("+" + rules.country_code):
        significant = compact[1 + len(rules.country_code) :]
    elif compact.startswith(rules.national_prefix):
        significant = compact[len(rules.national_prefix) :]
    elif compact.startswith(rules.country_code):
        if rules.any_number.fullmatch(compact):
            return None
        significant = compact[len(rules.country_code) :]
    else:  # a plus sign begins another country's number, which no pattern of digits alone matches
        significant = "" if rules.abroad.match(compact) else compact
    if significant.startswith(rules.national_prefix) or not rules.mobile.fullmatch(significant):
        return None
    return f"+{rules.country_code}{significant}"


def is_mobile(e164: str) -> bool:
    """Whether a number belongs to a mobile network, or may: some countries do not tell."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return False
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
