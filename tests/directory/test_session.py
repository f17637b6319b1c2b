"""The contract of sessions, over LDAP on a real OpenLDAP."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import ldap
import pytest

from fixtures.openldap import OpenLdap
from syncapp.directory.session import DirectorySession, open_session
from tests.directory.conftest import MakeConfig
from tests.directory.contract import SessionContract, World

_numbers = count(1)


class OpenLdapWorld:
    """A unit of a test's own. Its people are found by entryUUID, wherever they are by now."""

    def __init__(self, server: OpenLdap, branch: str, make_config: MakeConfig) -> None:
        self._ldap, self._server, self._make_config = server.connect(), server, make_config
        self.base = self._unit(branch)

    def add(self, **attributes: Any) -> str:
        uid = f"c{next(_numbers)}"
        dn = f"uid={uid},{self.base}"
        values = {"cn": uid, "sn": "x", "uid": uid, **attributes}
        filled = [(name, _bytes(value)) for name, value in values.items() if value]
        self._ldap.add_s(dn, [("objectClass", [b"inetOrgPerson"]), *filled])
        return self._read(dn, "entryUUID")[0].decode()

    def put(self, anchor: str, attribute: str, *values: bytes) -> None:
        self._ldap.modify_s(self.dn(anchor), [(ldap.MOD_REPLACE, attribute, list(values) or None)])

    def values(self, anchor: str, attribute: str) -> list[bytes]:
        return self._read(self.dn(anchor), attribute)

    def dn(self, anchor: str) -> str:
        rows = self._ldap.search_s(self.base, ldap.SCOPE_SUBTREE, f"(entryUUID={anchor})", ["1.1"])
        return str(rows[0][0])

    def move(self, anchor: str) -> str:
        dn, unit = self.dn(anchor), self._unit(self.base)
        self._ldap.rename_s(dn, dn.partition(",")[0], newsuperior=unit)
        return unit

    def delete(self, anchor: str) -> None:
        self._ldap.delete_s(self.dn(anchor))

    @contextmanager
    def session(self, *, writes: bool = True, **config: Any) -> Iterator[DirectorySession]:
        account = self._server.writer_dn if writes else self._server.service_dn
        settings = self._make_config(bind_dn=account, base_dn=self.base, **config)
        with open_session(settings) as opened:
            yield opened

    def _unit(self, above: str) -> str:
        ou = f"u{next(_numbers)}"
        self._ldap.add_s(f"ou={ou},{above}", [("objectClass", [b"organizationalUnit"]), ("ou", [ou.encode()])])
        return f"ou={ou},{above}"

    def _read(self, dn: str, attribute: str) -> list[bytes]:
        ((_dn, found),) = self._ldap.search_s(dn, ldap.SCOPE_BASE, attrlist=[attribute])
        return list(found.get(attribute, []))


def _bytes(value: Any) -> list[bytes]:
    return [
        each.encode() if isinstance(each, str) else each for each in (value if isinstance(value, list) else [value])
    ]


class TestOpenLdap(SessionContract):
    @pytest.fixture
    def world(self, openldap: OpenLdap, branch: str, make_config: MakeConfig) -> World:
        return OpenLdapWorld(openldap, branch, make_config)
