"""What the account may write, found out before anything is written.

Active Directory says it of each entry (`allowedAttributesEffective`), 389 Directory Server and
FreeIPA to whom asks with a control (get effective rights). OpenLDAP has no such question, but
it looks at the right before it looks at the values: a write that contradicts itself is refused
for the one or for the other. Everywhere else nobody knows until it is tried.
"""

import re
import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import ldap
import ldap.dn
from ldap.controls import RequestControl

from syncapp.core.options import FieldRule
from syncapp.core.records import Message, RemoteRecord
from syncapp.core.rights import Answer, AttributeRights, Grant, Sampled, count_rights, missing_rights
from syncapp.core.vocabulary import State
from syncapp.directory.answers import receive
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.errors import connection_error, text_of
from syncapp.directory.fetching import IN_FLIGHT
from syncapp.directory.filters import any_of
from syncapp.directory.grants import grant, windows_name
from syncapp.directory.kinds import detect_kind
from syncapp.directory.refusals import is_lost
from syncapp.directory.scope import parse_dn
from syncapp.directory.search import read_bases
from syncapp.directory.survey import Directory

# Who is looked at: so many people of each place, in so many places.
PEOPLE_OF_A_PLACE = 3
PLACES = 20

_EFFECTIVE_RIGHTS = "1.3.6.1.4.1.42.2.27.9.5.2"
_EFFECTIVE_ATTRIBUTES = "allowedAttributesEffective"
# How servers say that they do not know who asks, or do not say it.
_NO_IDENTITY = (
    ldap.PROTOCOL_ERROR,
    ldap.UNWILLING_TO_PERFORM,
    ldap.INSUFFICIENT_ACCESS,
    ldap.UNAVAILABLE_CRITICAL_EXTENSION,
)
# Refusals that concern the server as a whole.
_READ_ONLY = (ldap.REFERRAL, ldap.UNWILLING_TO_PERFORM)
# Set on accounts of administrators: their rights are put back every hour (adminSDHolder).
_PROTECTED_MARK = "adminCount"

# The first part of a DN with its comma; what stands behind a backslash ends nothing.
_ABOVE = re.compile(r"(?:\\.|[^,\\])*,", re.DOTALL)
_Answers = dict[str, dict[str, Answer]]


@dataclass(slots=True)
class Sample:
    """A few people of each place, chosen while everybody is read."""

    people: list[Sampled] = field(default_factory=list)
    _places: Counter[str] = field(default_factory=Counter)

    def add(self, records: Iterable[RemoteRecord]) -> None:
        """Only active people: to others nothing is written (rule B9)."""
        for record in records:
            if record.state is State.ACTIVE:
                self._add(record)

    def _add(self, record: RemoteRecord) -> None:
        above = _ABOVE.sub(
            "", record.dn, count=1
        )  # everybody passes here: to take the DN apart takes ten times as long
        if above in self._places or len(self._places) < PLACES:
            self._places[above] += 1
            if self._places[above] <= PEOPLE_OF_A_PLACE:
                place = ",".join(ldap.dn.explode_dn(record.dn)[1:])
                self.people.append(Sampled(record.anchor, record.dn, place))


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out. `remarks` say why something is not known, `grant` is what would give what is missing."""

    rights: tuple[AttributeRights, ...]
    remarks: tuple[Message, ...]
    grant: Grant | None


def find_rights(
    directory: Directory,
    config: DirectoryConfig,
    rules: Sequence[FieldRule],
    sample: Sequence[Sampled],
    *,
    is_late: Callable[[], bool],
) -> Findings:
    """Ask which of the attributes that `rules` push may be written for the sample; changes nothing.

    Raises DirectoryUnavailableError for a lost connection; a server that does not tell is
    a remark. Stops asking when `is_late`.
    """
    schema = directory.schema
    pushed = tuple(dict.fromkeys(rule.attribute for rule in rules if rule.pushes))
    own = [name for name in pushed if schema is not None and schema.is_read_only(name)]
    asked = [name for name in pushed if name not in own]
    remarks = [Message("write_read_only", {"attribute": name}) for name in own]
    answers: _Answers = {}
    account = ""
    try:
        account = _account(directory, config)
        for anchor, given in _ask(directory, config, asked, sample, account=account, is_late=is_late):
            answers[anchor] = given
        if len(answers) < len(sample) and is_late():
            remarks.append(Message("rights_no_time"))
    except _Untold as untold:
        remarks.append(untold.reason)
    except ldap.LDAPError as error:
        if is_lost(error) and not isinstance(error, ldap.TIMEOUT):
            raise connection_error(error, uri=directory.uri, seconds=config.operation_timeout) from None
        remarks.append(Message("rights_not_told", {"uri": directory.uri, "text": text_of(error)}))
    for person in sample:
        answers.setdefault(person.anchor, {}).update({name.lower(): Answer.NO for name in own})
    rights = count_rights(rules, sample, answers)
    grantable = [each for each in rights if each.attribute not in own]
    missing = missing_rights(grantable, read_bases(directory, config))
    protected = max((each.protected for each in rights), default=0)
    if protected:
        remarks.append(Message("rights_protected", {"count": protected}))
    return Findings(rights, tuple(remarks), grant(directory, account, missing))


class _Untold(Exception):
    """This server has no way to tell."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.code)
        self.reason = reason


def _ask(
    directory: Directory,
    config: DirectoryConfig,
    attributes: Sequence[str],
    sample: Sequence[Sampled],
    *,
    account: str,
    is_late: Callable[[], bool],
) -> Iterator[tuple[str, dict[str, Answer]]]:
    """Yield an anchor with what is known of its attributes, by lower-cased names."""
    if not attributes or not sample:
        return
    if directory.kind == "active_directory":
        yield from _ask_domain(directory, config, attributes, sample)
    elif _EFFECTIVE_RIGHTS.encode() in directory.root_dse.get("supportedcontrol", ()):
        yield from _ask_by_control(directory, config, attributes, sample, account=account)
    # Whatever the settings say: that rights come before values is known of this server alone.
    elif detect_kind(directory.root_dse) == "openldap":
        yield from _ask_by_contradiction(directory, config, attributes, sample, is_late=is_late)
    else:
        raise _Untold(Message("rights_untold"))


def _account(directory: Directory, config: DirectoryConfig) -> str:
    """Return the account as the directory names it: its DN, in Active Directory a name that dsacls takes."""
    try:
        # `dn:` with a DN, in Active Directory `u:` with DOMAIN\name.
        identity = (directory.connection.whoami_s() or "").partition(":")[2].strip()
    except _NO_IDENTITY:  # Samba has no such operation
        identity = ""
    if directory.kind != "active_directory":
        return identity or config.bind_dn
    names = (identity, config.bind_dn, _principal(directory, config.bind_dn))
    return next((name for name in names if windows_name(name)), "") or _sid(directory)


def _principal(directory: Directory, dn: str) -> str:
    """Return name@domain of the account with this DN; '' where it is none, or may not be read."""
    try:
        rows = directory.connection.search_ext_s(dn, ldap.SCOPE_BASE, attrlist=["sAMAccountName"])
    except (ldap.INVALID_DN_SYNTAX, ldap.NO_SUCH_OBJECT, ldap.INSUFFICIENT_ACCESS, ldap.REFERRAL):
        return ""
    names = [
        value.decode("utf-8", "replace") for found, row in rows if found for each in row.values() for value in each
    ]
    root = [value.decode("utf-8", "replace") for value in directory.root_dse.get("defaultnamingcontext", ())]
    domain = ".".join(ldap.dn.explode_dn(root[0], notypes=True)) if root else ""
    return f"{names[0]}@{domain}" if names and domain else ""


def _sid(directory: Directory) -> str:
    """The first of the groups that the root DSE shows is the account itself (MS-ADTS, tokenGroups)."""
    rows = directory.connection.search_ext_s("", ldap.SCOPE_BASE, attrlist=["tokenGroups"])
    values = [values for dn, row in rows if dn is not None for values in row.values()]
    if not values or not values[0]:
        return ""
    raw = values[0][0]
    parts = [int.from_bytes(raw[place : place + 4], "little") for place in range(8, 8 + 4 * raw[1], 4)]
    return "-".join(map(str, ["S", raw[0], int.from_bytes(raw[2:8], "big"), *parts]))


# Active Directory


def _ask_domain(
    directory: Directory, config: DirectoryConfig, attributes: Sequence[str], sample: Sequence[Sampled]
) -> Iterator[tuple[str, dict[str, Answer]]]:
    """An entry that shows no such attribute may not be written at all."""
    requested = [_EFFECTIVE_ATTRIBUTES, _PROTECTED_MARK]
    for person, row in _search(directory, config, sample, requested):
        allowed = {name.lower() for name in row.get(_EFFECTIVE_ATTRIBUTES.lower(), ())}
        is_protected = row.get(_PROTECTED_MARK.lower()) == ["1"]
        refused = Answer.PROTECTED if is_protected else Answer.NO
        yield person.anchor, {name.lower(): Answer.YES if name.lower() in allowed else refused for name in attributes}


# 389 Directory Server and FreeIPA


def _ask_by_control(
    directory: Directory,
    config: DirectoryConfig,
    attributes: Sequence[str],
    sample: Sequence[Sampled],
    *,
    account: str,
) -> Iterator[tuple[str, dict[str, Answer]]]:
    """Everybody may ask for himself; `w` is the right to add a value, `o` to take one away, and both are needed."""
    control = RequestControl(_EFFECTIVE_RIGHTS, True, f"dn:{account}".encode())
    for person, row in _search(directory, config, sample, attributes, control):
        letters: dict[str, str] = {}
        for value in row.get("attributelevelrights", ()):
            for each in value.split(","):
                name, _, found = each.strip().rpartition(":")
                letters[name.lower()] = found
        yield person.anchor, {name.lower(): _by_letters(letters, _names(directory, name)) for name in attributes}


def _by_letters(letters: Mapping[str, str], names: Sequence[str]) -> Answer:
    found = next((letters[name] for name in names if name in letters), None)
    if found is None:
        return Answer.UNKNOWN
    return Answer.YES if {"w", "o"} <= set(found) else Answer.NO


def _names(directory: Directory, attribute: str) -> list[str]:
    """The server answers by the name that its schema puts first."""
    known = directory.schema.names_of(attribute) if directory.schema is not None else ()
    return [attribute.lower(), *known]


def _search(
    directory: Directory,
    config: DirectoryConfig,
    sample: Sequence[Sampled],
    requested: Sequence[str],
    *controls: RequestControl,
) -> Iterator[tuple[Sampled, dict[str, list[str]]]]:
    """Read all of the sample in one search for each base; rows are told apart by DN, for with a control no value comes."""
    profile = directory.profile
    wanted = any_of([f"({profile.anchor_attribute}={profile.encode_anchor(person.anchor)})" for person in sample])
    by_dn = {parse_dn(person.dn): person for person in sample}
    for base in read_bases(directory, config):
        number = directory.connection.search_ext(
            base,
            ldap.SCOPE_SUBTREE,
            wanted,
            list(requested),
            # Names alone, where the answer is the control's: nobody wants the pictures.
            attrsonly=int(bool(controls)),
            serverctrls=list(controls) or None,
        )
        rows, _ = receive(directory.connection, number, limit=config.operation_timeout)
        for dn, row in rows:
            person = by_dn.get(parse_dn(dn)) if dn is not None else None
            if person is not None:
                values = {name.lower(): [value.decode("utf-8", "replace") for value in row[name]] for name in row}
                yield person, values


# OpenLDAP


def _ask_by_contradiction(
    directory: Directory,
    config: DirectoryConfig,
    attributes: Sequence[str],
    sample: Sequence[Sampled],
    *,
    is_late: Callable[[], bool],
) -> Iterator[tuple[str, dict[str, Answer]]]:
    """Ask for all attributes of a person at once, and one by one where that is refused."""
    pending: deque[tuple[Sampled, list[str], int]] = deque()
    waiting: deque[tuple[Sampled, list[str]]] = deque((person, list(attributes)) for person in sample)
    found: _Answers = {person.anchor: {} for person in sample}
    while pending or (waiting and not is_late()):
        while waiting and len(pending) < IN_FLIGHT and not is_late():
            person, names = waiting.popleft()
            pending.append((person, names, _send_contradiction(directory, person.dn, names)))
        person, names, number = pending.popleft()
        answer = _take_contradiction(directory, number, limit=config.operation_timeout)
        if answer is not Answer.YES and len(names) > 1:
            waiting.extendleft((person, [name]) for name in reversed(names))
            continue
        found[person.anchor].update({name.lower(): answer for name in names})
        if len(found[person.anchor]) == len(attributes):
            yield person.anchor, found[person.anchor]


def _send_contradiction(directory: Directory, dn: str, attributes: Sequence[str]) -> int:
    """Send a write that can never succeed, and so can change nothing.

    A value is taken away, and then taken away once more: whether it was there or not, the
    second cannot be done, and what cannot be done as a whole is not done at all (RFC 4511,
    4.6). An attribute of which the server compares no values refuses the first already. The
    value that is added makes the server look at that right too; it begins as a JPEG does,
    for an attribute that takes nothing else.
    """
    changes = []
    for name in attributes:
        compares = directory.schema is None or directory.schema.compares(name)
        value = secrets.token_hex(16).encode() if compares else b"\xff\xd8\xff\xe0" + secrets.token_bytes(16)
        changes += [
            (ldap.MOD_DELETE, name, [value]),
            (ldap.MOD_DELETE, name, [value]),
            (ldap.MOD_ADD, name, [value]),
        ]
    number: int = directory.connection.modify_ext(dn, changes)
    return number


def _take_contradiction(directory: Directory, number: int, *, limit: float) -> Answer:
    """Refused for the values, the right is there: the server looks at rights first."""
    try:
        receive(directory.connection, number, limit=limit)
    except ldap.INSUFFICIENT_ACCESS:
        return Answer.NO
    except (ldap.NO_SUCH_ATTRIBUTE, ldap.INAPPROPRIATE_MATCHING):
        return Answer.YES
    except _READ_ONLY as error:
        raise _Untold(Message("rights_not_told", {"uri": directory.uri, "text": text_of(error)})) from None
    except ldap.LDAPError as error:
        if is_lost(error):
            raise
    return Answer.UNKNOWN
