"""The grant that is missing, in the language of each directory, ready to be handed to its administrator.

Names of units and accounts come from a directory, where they may hold anything: whatever
means something to a shell, to Windows' command prompt, to LDIF or to an access rule is
written as the pair of digits that a DN has for it (RFC 4514), so that no name can end the
quotation that it stands in.
"""

import re
import shlex
from collections.abc import Sequence
from io import StringIO

import ldap
import ldap.dn
from ldap.filter import escape_filter_chars
from ldif import LDIFWriter

from syncapp.core.records import Message
from syncapp.core.rights import Grant, Missing
from syncapp.directory.scope import is_below
from syncapp.directory.survey import Directory
from syncapp.exceptions import ConfigurationError

# What stands for itself beside letters and digits.
_PLAIN = frozenset(" -._@&")
_READABLE = {",": r"\,", "+": r"\+"}
# How accounts are named to dsacls: DOMAIN\name, name@domain, or the account's SID.
_WINDOWS_NAME = re.compile(r"[\w.-]+\\[\w.$-]+|[\w.$-]+@[\w.-]+|S-1(?:-\d+)+")
_RULE_NAME = "LDAP sync may write"


def grant(directory: Directory, account: str, missing: Sequence[Missing]) -> Grant | None:
    """Return what gives `account` the missing rights; None when nothing is missing, or nobody knows how it is given.

    `account` is the DN of the account, in Active Directory its name or SID.
    """
    kind = directory.kind
    if not missing or not account:
        return None
    if kind == "active_directory":
        return Grant(Message("grant_domain"), "\n".join(_dsacls(account, each) for each in missing))
    if not _is_dn(account):
        return None
    if kind == "freeipa" and (user := _freeipa_user(account)):
        attributes = tuple(dict.fromkeys(name for each in missing for name in each.attributes))
        return Grant(Message("grant_freeipa"), _ipa_commands(user, attributes))
    if kind in ("389ds", "freeipa"):
        if "?" in account:  # begins a query in the URL that names the account, however it is written
            return None
        return Grant(Message("grant_389"), "\n\n".join(_aci(directory, account, each) for each in missing))
    if kind == "openldap":
        return Grant(Message("grant_openldap"), "\n\n".join(_olc_access(directory, account, each) for each in missing))
    return None


def quotable_dn(dn: str) -> str:
    """Write a DN so that it ends no quotation, in no language; it names the same entry."""
    return ",".join("+".join(f"{name}={_quotable(value)}" for name, value, _ in rdn) for rdn in ldap.dn.str2dn(dn))


def windows_name(name: str) -> str:
    """Return the account's name when it may stand in a command line of Windows, else ''."""
    return name if _WINDOWS_NAME.fullmatch(name) else ""


def _quotable(value: str) -> str:
    last = len(value) - 1
    return "".join(
        _READABLE.get(letter)
        or (letter if _stands_for_itself(letter) and not (letter == " " and place in (0, last)) else _as_digits(letter))
        for place, letter in enumerate(value)
    )


def _stands_for_itself(letter: str) -> bool:
    return letter.isalnum() or letter in _PLAIN


def _as_digits(letter: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in letter.encode())


def _dsacls(account: str, missing: Missing) -> str:
    """A line for each attribute: on users below the place (learn.microsoft.com, dsacls: /I:S, /G).

    RP beside WP: without the right to read a value nobody can replace it.
    """
    who, place = windows_name(account) or r"DOMAIN\account", quotable_dn(missing.place)
    return "\n".join(f'dsacls "{place}" /I:S /G "{who}:RPWP;{_base_name(name)};user"' for name in missing.attributes)


def _aci(directory: Directory, account: str, missing: Missing) -> str:
    """The server compares the account's name undone of its pairs of digits; with more than some six of them it fails to."""
    names = [_base_name(name) for name in missing.attributes]
    rule = (
        f'(targetattr="{" || ".join(names)}")(targetfilter="{directory.profile.people_filter}")'
        f'(version 3.0; acl "{_RULE_NAME} {", ".join(names)}"; allow (write) userdn="ldap:///{quotable_dn(account)}";)'
    )
    return _ldif(quotable_dn(missing.place), "aci", rule, f"# {quotable_dn(missing.place)}")


def _olc_access(directory: Directory, account: str, missing: Missing) -> str:
    """`break`: for everybody else, and for everything else, the rules that are there go on to hold."""
    attributes = ",".join(_base_name(name) for name in missing.attributes)
    rule = (
        f'{{0}}to dn.subtree="{quotable_dn(missing.place)}" filter={directory.profile.people_filter} '
        f'attrs={attributes} by dn.exact="{quotable_dn(account)}" write by * break'
    )
    suffix = next((name for name in directory.naming_contexts if _is_within(missing.place, name)), "")
    named = escape_filter_chars(quotable_dn(suffix)) if suffix else "*"
    where = f"# the database's own DN: ldapsearch -Y EXTERNAL -H ldapi:/// -b cn=config '(olcSuffix={named})' dn"
    return _ldif("olcDatabase={1}mdb,cn=config", "olcAccess", rule, where)


def _ipa_commands(user: str, attributes: Sequence[str]) -> str:
    """The right as a permission, held by a privilege, held by a role, which is the account's."""
    names = [_base_name(name).lower() for name in attributes]
    permission, role = shlex.quote(f"LDAP sync - {' '.join(names)}"), shlex.quote("LDAP sync")
    return "\n".join(
        [
            f"ipa permission-add {permission} --type=user --right=write {' '.join(f'--attrs={name}' for name in names)}",
            f"ipa privilege-add {role}",
            f"ipa privilege-add-permission {role} --permissions={permission}",
            f"ipa role-add {role}",
            f"ipa role-add-privilege {role} --privileges={role}",
            f"ipa role-add-member {role} --users={shlex.quote(user)}",
        ]
    )


def _freeipa_user(account: str) -> str:
    """The login of an account that is one of FreeIPA's users; others cannot be members of a role by command."""
    (name, value, _), *rest = [part for rdn in ldap.dn.str2dn(account)[:3] for part in rdn]
    container = [(part[0].lower(), part[1].lower()) for part in rest]
    is_user = name.lower() == "uid" and container[:2] == [("cn", "users"), ("cn", "accounts")]
    return value if is_user else ""


def _ldif(dn: str, attribute: str, rule: str, comment: str) -> str:
    """A change for ldapmodify. Names beyond ASCII come out in base64, as LDIF wants it: the comment shows them."""
    text = StringIO()
    # Not folded: who pastes it into a mail should not lose a line's leading space.
    LDIFWriter(text, cols=1_000_000).unparse(dn, [(ldap.MOD_ADD, attribute, [rule.encode()])])
    shown = "" if rule.isascii() else f"\n# {attribute}: {rule}"
    return f"{comment}{shown}\n{text.getvalue().strip()}"


def _base_name(attribute: str) -> str:
    """Rights are given for an attribute with all its options."""
    return attribute.partition(";")[0]


def _is_dn(text: str) -> bool:
    return bool(text) and "=" in text and bool(ldap.dn.is_dn(text))


def _is_within(dn: str, base: str) -> bool:
    try:
        return is_below(dn, base)
    except ConfigurationError:
        return False
