"""What differs between directories: how to recognise them, and who is a person there.

The facts are those of the LDAP protocol notes, sections 2.4, 3 and 8.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from syncapp.core.account_state import DisabledRule
from syncapp.core.options import FieldRule
from syncapp.core.vocabulary import Direction, Field
from syncapp.directory import anchors
from syncapp.directory.accounts import AccountForm, form_of
from syncapp.directory.config import AUTO, GENERIC
from syncapp.exceptions import ConfigurationError

RootDse = Mapping[str, Sequence[bytes]]

_AD_CAPABILITY = b"1.2.840.113556.1.4.800"

# msExchRecipientTypeDetails of what Exchange keeps as a user account and is nobody.
_EXCHANGE_NOBODIES = frozenset(
    {
        *(4, 16, 32),  # shared mailbox, room, equipment
        *(2**33, 2**34, 2**35),  # room, equipment, shared mailbox, kept in the cloud
        *(8192, 16384, 2**22, 2**23, 2**24, 2**29, 2**39),  # system, arbitration, plan, discovery, monitoring
    }
)
_AD_NUMBERS = ("telephonenumber", "mobile", "ipphone", "othertelephone", "othermobile", "homephone")
_AD_PERSON = ("iscriticalsystemobject", "msexchrecipienttypedetails", "givenname", "sn", "mail", *_AD_NUMBERS)


def _is_person_in_ad(values: Mapping[str, Sequence[bytes]]) -> bool:
    """Neither a system account nor a room, and somebody of whom more is known than a login name (rule A8)."""
    if b"TRUE" in values.get("iscriticalsystemobject", ()):
        return False
    if any(_is_nobody_of_exchange(value) for value in values.get("msexchrecipienttypedetails", ())):
        return False
    has_name = bool(values.get("givenname") and values.get("sn"))
    return has_name or any(values.get(name) for name in ("mail", *_AD_NUMBERS))


def _is_nobody_of_exchange(value: bytes) -> bool:
    return value.isdigit() and int(value) in _EXCHANGE_NOBODIES


# Most characters of a text, most bytes of a picture (MS-ADSC; the schema of 2012 R2).
_AD_LONGEST = MappingProxyType(
    {
        **dict.fromkeys(("telephonenumber", "mobile", "homephone", "pager", "facsimiletelephonenumber"), 64),
        **dict.fromkeys(("ipphone", "othertelephone", "othermobile", "otherhomephone"), 64),
        **dict.fromkeys(("givenname", "sn", "department", "company", "middlename"), 64),
        **dict.fromkeys(("displayname", "mail"), 256),
        **dict.fromkeys(("title", "physicaldeliveryofficename"), 128),
        **dict.fromkeys(("info", "description"), 1024),
        "employeeid": 16,
        "employeenumber": 512,
        "initials": 6,
        "thumbnailphoto": 102_400,
    }
)

# Lower-cased attributes that tell who is switched off or expired.
_AD_STATE = ("useraccountcontrol", "accountexpires")
_PPOLICY_STATE = ("pwdaccountlockedtime", "pwdendtime", "shadowexpire")
_LOCK_STATE = ("nsaccountlock", "shadowexpire")
_KERBEROS_STATE = ("nsaccountlock", "krbprincipalexpiration")


@dataclass(frozen=True, slots=True)
class KindProfile:
    """One kind of directory, and what settings of a server add to it (`profile_of`).

    `decode_anchor` raises ValueError for what is no anchor. `people_container` is
    read below the server's own base when no base DN was given: FreeIPA shows
    everybody a second time elsewhere. `encode_anchor` makes the filter value that
    finds an anchor. `units_as` names the kind whose immutable id entries have that
    are no people, where it is another one. `change_marker` is an attribute whose value is another after
    every change of an entry; `marker_is_coarse` where it counts whole seconds.
    `is_person` judges by `person_attributes` (lower-cased) whom the filter cannot
    leave out. `longest` maps lower-cased attributes to the most that they hold:
    characters of a text, bytes of the photo.
    `compares_everything`: a single value of any attribute can be deleted, though the
    schema names no rule to compare it by.
    `one_write_with`: where the server lists this control, one write at a time is sent.
    `state_attributes` (lower-cased) tell who is switched off or expired, besides
    `disabled_when`. `account_forms`: how the account to log in with may be written.
    `streams`: what a server allows to be read in pages it nearly always allows as one answer.
    `anchor_is_chosen`: nothing but its own entries says that the anchor is unique.
    """

    kind: str
    label: str
    anchor_attribute: str
    decode_anchor: Callable[[bytes], str]
    people_filter: str
    photo_attribute: str
    department_attribute: str
    state_attributes: tuple[str, ...]
    account_example: str
    account_forms: frozenset[AccountForm] = frozenset({AccountForm.DN})
    people_container: str = ""
    encode_anchor: Callable[[str], str] = str
    units_as: str = ""
    change_marker: str = "modifyTimestamp"
    marker_is_coarse: bool = True
    person_attributes: tuple[str, ...] = ()
    is_person: Callable[[Mapping[str, Sequence[bytes]]], bool] = lambda values: True
    longest: Mapping[str, int] = field(default_factory=dict)
    compares_everything: bool = False
    one_write_with: str = ""
    streams: bool = False
    anchor_is_chosen: bool = False
    disabled_when: DisabledRule | None = None

    def longest_for(self, attribute: str, value: bytes) -> int | None:
        """Return the most that the attribute holds when the value is longer; None when it fits."""
        longest = self.longest.get(attribute.lower())
        if longest is None or len(value) <= longest:
            return None
        is_text = attribute.lower() != self.photo_attribute.lower()
        return None if is_text and len(value.decode("utf-8", "replace")) <= longest else longest


# RFC 4533. While its plug-in is on, as in FreeIPA, ns-slapd 2.3.1 died of a refused write
# that stood between others under way.
_CONTENT_SYNC = "1.3.6.1.4.1.4203.1.9.1.1"

_PROFILES = (
    KindProfile(
        kind="active_directory",
        label="Active Directory",
        anchor_attribute="objectGUID",
        decode_anchor=anchors.uuid_of_ad,
        # Single-valued and indexed: users, neither computers nor contacts.
        people_filter="(sAMAccountType=805306368)",
        photo_attribute="thumbnailPhoto",
        department_attribute="department",
        state_attributes=_AD_STATE,
        account_example="sync@corp.example",
        account_forms=frozenset(AccountForm),
        encode_anchor=anchors.filter_value_of_ad,
        change_marker="uSNChanged",
        marker_is_coarse=False,
        person_attributes=_AD_PERSON,
        is_person=_is_person_in_ad,
        longest=_AD_LONGEST,
        compares_everything=True,
    ),
    KindProfile(
        kind="openldap",
        label="OpenLDAP",
        anchor_attribute="entryUUID",
        decode_anchor=anchors.uuid_of_text,
        people_filter="(objectClass=inetOrgPerson)",
        photo_attribute="jpegPhoto",
        department_attribute="departmentNumber|ou",
        state_attributes=_PPOLICY_STATE,
        account_example="uid=sync,ou=system,dc=corp,dc=example",
        change_marker="entryCSN",
        marker_is_coarse=False,
        streams=True,
    ),
    KindProfile(
        kind="389ds",
        label="389 Directory Server",
        anchor_attribute="nsUniqueId",
        decode_anchor=anchors.uuid_of_text,
        people_filter="(objectClass=inetOrgPerson)",
        photo_attribute="jpegPhoto",
        department_attribute="departmentNumber|ou",
        state_attributes=_LOCK_STATE,
        account_example="uid=sync,ou=system,dc=corp,dc=example",
        encode_anchor=anchors.filter_value_of_389,
        compares_everything=True,
        one_write_with=_CONTENT_SYNC,
    ),
    KindProfile(
        kind="freeipa",
        label="FreeIPA",
        anchor_attribute="ipaUniqueID",
        decode_anchor=anchors.uuid_of_text,
        people_filter="(&(objectClass=person)(objectClass=posixAccount))",
        photo_attribute="jpegPhoto",
        department_attribute="departmentNumber|ou",
        state_attributes=_KERBEROS_STATE,
        account_example="uid=sync,cn=sysaccounts,cn=etc,dc=corp,dc=example",
        people_container="cn=users,cn=accounts",
        units_as="389ds",
        compares_everything=True,
        one_write_with=_CONTENT_SYNC,
    ),
    KindProfile(
        kind=GENERIC,
        label="LDAPv3",
        anchor_attribute="entryUUID",
        decode_anchor=anchors.uuid_of_text,
        # inetOrgPerson is one, and not every server has it; a filter of one's own narrows it.
        people_filter="(objectClass=person)",
        photo_attribute="jpegPhoto",
        department_attribute="departmentNumber|ou",
        state_attributes=tuple(dict.fromkeys(_PPOLICY_STATE + _LOCK_STATE)),
        account_example="uid=sync,ou=system,dc=corp,dc=example",
    ),
)
PROFILES: Mapping[str, KindProfile] = MappingProxyType({profile.kind: profile for profile in _PROFILES})


def detect_kind(root_dse: RootDse) -> str:
    """Tell the kind by the root DSE, names lower-cased; GENERIC when it shows no sign."""
    if _AD_CAPABILITY in root_dse.get("supportedcapabilities", ()):
        return "active_directory"
    if "ipatopologypluginversion" in root_dse:
        return "freeipa"
    if any(value.startswith(b"389 Project") for value in root_dse.get("vendorname", ())):
        return "389ds"
    classes = [*root_dse.get("objectclass", ()), *root_dse.get("structuralobjectclass", ())]
    if any(value.lower() == b"openldaprootdse" for value in classes):
        return "openldap"
    return GENERIC


def profile_of(kind: str, *, anchor_attribute: str = "", disabled_when: DisabledRule | None = None) -> KindProfile:
    """Return the profile of a kind with what a server's settings add to it.

    An `anchor_attribute` of somebody's own choice is for a server of no known kind alone.
    """
    profile = replace(PROFILES[kind], disabled_when=disabled_when)
    if not anchor_attribute or kind != GENERIC:
        return profile
    known = next((each for each in _PROFILES if each.anchor_attribute.lower() == anchor_attribute.lower()), None)
    return replace(
        profile,
        anchor_attribute=anchor_attribute,
        decode_anchor=known.decode_anchor if known else anchors.chosen_anchor,
        encode_anchor=known.encode_anchor if known else anchors.filter_value_of_chosen,
        anchor_is_chosen=True,
        # A unit has no personnel number.
        units_as=GENERIC,
    )


def anchor_of(kind: str, chosen: str) -> str:
    """Lower-cased name of the attribute that tells people apart; '' while the kind is to be found out."""
    return "" if kind == AUTO else profile_of(kind, anchor_attribute=chosen).anchor_attribute.lower()


def check_account(kind: str, account: str) -> None:
    """Refuse an account that this kind of directory cannot know, before a password is sent.

    Nothing can be said while the kind is to be found out, nor of an empty account,
    which means anonymously.
    """
    if not account or kind == AUTO:
        return
    profile = PROFILES[kind]
    if form_of(account) not in profile.account_forms:
        raise ConfigurationError(
            "account_not_a_dn", account=account, kind=profile.label, example=profile.account_example
        )


def usual_mapping(kind: str, *, extension_pattern: str) -> tuple[FieldRule, ...]:
    """Return the mapping that a server of this kind gets when none is given (rule B7).

    The pattern is the caller's: how many digits an extension has depends on the
    server's number pools.
    """
    profile = PROFILES[kind]
    return (
        FieldRule(Field.NAME, "displayName|cn"),
        FieldRule(Field.EXTENSION, "telephoneNumber", Direction.BOTH, pattern=extension_pattern),
        FieldRule(Field.MOBILE, "mobile", Direction.BOTH),
        FieldRule(Field.EMAIL, "mail"),
        FieldRule(Field.TITLE, "title"),
        FieldRule(Field.DEPARTMENT, profile.department_attribute),
        FieldRule(Field.PHOTO, profile.photo_attribute, Direction.BOTH),
    )
