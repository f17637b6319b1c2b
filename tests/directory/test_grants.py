"""Grants as text: what a name cannot do to them. That they work is shown in test_rights_for_real."""

from typing import cast
from unittest.mock import sentinel

import pytest
from ldap.ldapobject import SimpleLDAPObject

from syncapp.core.rights import Missing
from syncapp.directory.grants import grant, quotable_dn, windows_name
from syncapp.directory.kinds import PROFILES
from syncapp.directory.scope import parse_dn
from syncapp.directory.survey import Directory

PHONES = ("telephoneNumber", "mobile;lang-ru")
ACCOUNT = "cn=svc,dc=corp,dc=example"


def directory(kind: str) -> Directory:
    """A directory that nobody asks anything."""
    return Directory(
        connection=cast(SimpleLDAPObject, sentinel.nobody),
        uri="ldap://dc1.corp.example",
        root_dse={},
        profile=PROFILES[kind],
        base_dn="dc=corp,dc=example",
        naming_contexts=("dc=corp,dc=example",),
        look_up_schema=lambda: None,
    )


def text(kind: str, account: str = ACCOUNT, place: str = "ou=Sales,dc=corp,dc=example") -> str:
    found = grant(directory(kind), account, [Missing(place, PHONES)])
    assert found is not None
    return found.text


GRANTS = {
    "active_directory": """\
dsacls "ou=Sales,dc=corp,dc=example" /I:S /G "CORP\\svc:RPWP;telephoneNumber;user"
dsacls "ou=Sales,dc=corp,dc=example" /I:S /G "CORP\\svc:RPWP;mobile;user\"""",
    "389ds": """\
# ou=Sales,dc=corp,dc=example
dn: ou=Sales,dc=corp,dc=example
changetype: modify
add: aci
aci: (targetattr="telephoneNumber || mobile")(targetfilter="(objectClass=inetOrgPerson)")(version 3.0; acl "LDAP sync may write telephoneNumber, mobile"; allow (write) userdn="ldap:///cn=svc,dc=corp,dc=example";)
-""",
    "openldap": """\
# the database's own DN: ldapsearch -Y EXTERNAL -H ldapi:/// -b cn=config '(olcSuffix=dc=corp,dc=example)' dn
dn: olcDatabase={1}mdb,cn=config
changetype: modify
add: olcAccess
olcAccess: {0}to dn.subtree="ou=Sales,dc=corp,dc=example" filter=(objectClass=inetOrgPerson) attrs=telephoneNumber,mobile by dn.exact="cn=svc,dc=corp,dc=example" write by * break
-""",
}


@pytest.mark.parametrize("kind", GRANTS)
def test_grant(kind: str) -> None:
    assert text(kind, "CORP\\svc" if kind == "active_directory" else ACCOUNT) == GRANTS[kind]


def test_user_of_freeipa_gets_a_permission() -> None:
    account = "uid=svc,cn=users,cn=accounts,dc=corp,dc=example"

    assert text("freeipa", account).splitlines() == [
        "ipa permission-add 'LDAP sync - telephonenumber mobile' --type=user --right=write "
        "--attrs=telephonenumber --attrs=mobile",
        "ipa privilege-add 'LDAP sync'",
        "ipa privilege-add-permission 'LDAP sync' --permissions='LDAP sync - telephonenumber mobile'",
        "ipa role-add 'LDAP sync'",
        "ipa role-add-privilege 'LDAP sync' --privileges='LDAP sync'",
        "ipa role-add-member 'LDAP sync' --users=svc",
    ]


def test_system_account_of_freeipa_gets_a_rule() -> None:
    """It can be no member of a role by command."""
    found = grant(directory("freeipa"), "uid=svc,cn=sysaccounts,cn=etc,dc=corp,dc=example", [Missing("ou=x", PHONES)])

    assert found is not None
    assert found.message.code == "grant_389"


NO_GRANT = {
    "nothing is missing": ("389ds", ACCOUNT, []),
    "no account": ("389ds", "", [Missing("ou=x", PHONES)]),
    "account that is no DN": ("openldap", "svc", [Missing("ou=x", PHONES)]),
    "account that begins a query in its URL": ("389ds", "cn=who?,dc=corp", [Missing("ou=x", PHONES)]),
    "unknown kind": ("generic", ACCOUNT, [Missing("ou=x", PHONES)]),
}


@pytest.mark.parametrize("case", NO_GRANT)
def test_no_grant(case: str) -> None:
    kind, account, missing = NO_GRANT[case]

    assert grant(directory(kind), account, missing) is None


ODD = [
    r"ou=a\" /G \"Everyone:GA,dc=corp,dc=example",
    r"ou=a\"\;) (version 3.0\; acl \"x\"\; allow (all) userdn=\"ldap:///anyone\"\;),dc=corp,dc=example",
    "ou=a\nadd: aci,dc=corp,dc=example",
    "ou=a\u2028b,dc=corp,dc=example",
    "ou=“smart”,dc=corp,dc=example",
    "ou=%PATH% ^& !x! $(y) `z` 'q',dc=corp,dc=example",
    r"ou=a\\\",dc=corp,dc=example",
    r"ou=\ a\ ,dc=corp,dc=example",
    r"ou=\#a\,b\+c\;d\<e\>f\=g,dc=corp,dc=example",
    "ou=Отдел\tпродаж,dc=corp,dc=example",
    r"ou=a+cn=b\"c,dc=corp,dc=example",
]


@pytest.mark.parametrize("dn", ODD)
def test_odd_name_ends_no_quotation(dn: str) -> None:
    quoted = quotable_dn(dn)

    assert not set(quoted) & set("\"'`$%!^<>|;*?(){}[]#~\n\r\t\u2028“”/:")
    assert parse_dn(quoted) == parse_dn(dn)


@pytest.mark.parametrize("dn", ODD)
@pytest.mark.parametrize("kind", ["active_directory", "389ds", "freeipa", "openldap"])
def test_odd_name_adds_nothing_to_a_grant(kind: str, dn: str) -> None:
    """What is printed is what a plain name gives, with the odd one in its place, quoted."""
    shown = quotable_dn(dn)
    plain, odd = text(kind), text(kind, place=dn)

    if shown.isascii():
        assert odd == plain.replace("ou=Sales,dc=corp,dc=example", shown)
    else:  # LDIF has it in base64, which ends nothing, and a comment shows it
        assert _keys(odd) == _keys(plain)


def _keys(grant: str) -> list[str]:
    return [line.partition(":")[0].partition(' "')[0] for line in grant.splitlines() if not line.startswith("#")]


NAMES = {
    "domain\\name": ("CORP\\svc-sync$", "CORP\\svc-sync$"),
    "name@domain": ("svc@corp.example", "svc@corp.example"),
    "sid": ("S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1104"),
    "Cyrillic name": ("служба@corp.example", "служба@corp.example"),
    "dn": ("CN=svc,DC=corp", ""),
    "name with a variable": ("%PATH%@corp.example", ""),
    "name that ends the quotation": ('CORP\\x" /G "Everyone', ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("case", NAMES)
def test_name_in_a_command_line_of_windows(case: str) -> None:
    name, shown = NAMES[case]

    assert windows_name(name) == shown
