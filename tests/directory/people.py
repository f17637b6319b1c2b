"""Entries for the test server, as LDIF."""

from io import StringIO

from ldif import LDIFWriter


def entry(dn: str, **attributes: str | bytes | list[str] | list[bytes]) -> str:
    """One entry; values that LDIF cannot show are written in base64."""
    text = StringIO()
    values = {
        name: [
            value.encode() if isinstance(value, str) else value
            for value in (given if isinstance(given, list) else [given])
        ]
        for name, given in attributes.items()
    }
    LDIFWriter(text).unparse(dn, values)
    return text.getvalue()


def unit(dn: str) -> str:
    return entry(dn, objectClass="organizationalUnit")


def person(dn: str, **attributes: str | bytes | list[str] | list[bytes]) -> str:
    return entry(dn, **{"objectClass": "inetOrgPerson", "cn": "Somebody", "sn": "Somebody", **attributes})


def account(dn: str, password: str) -> str:
    """An account with no rights of its own."""
    return entry(dn, objectClass=["organizationalRole", "simpleSecurityObject"], userPassword=password)
