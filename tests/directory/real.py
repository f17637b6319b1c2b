"""The same company on each of the real servers: what its people are made of there, and how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from pathlib import Path

import ldap
import pytest
from ldif import LDIFRecordList

from fixtures.ds389 import Ds389
from fixtures.openldap import OpenLdap
from fixtures.samba import SambaAd
from syncapp.core.vocabulary import State
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.kinds import PROFILES, KindProfile
from tests.directory.people import entry, unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Values = Mapping[str, str | bytes | list[str] | list[bytes]]

# More than one page anywhere, and more than Active Directory gives without paging.
CROWD = {"active_directory": 1500, "openldap": 1200, "389ds": 1200, "freeipa": 1200}
DEPARTMENTS = 10  # of the crowd, all of one size
ODD_UNIT = "OU=Отдел\\, R\\+D"
WRITTEN = ("telephoneNumber", "mobile", "title", "thumbnailPhoto", "jpegPhoto")

_PERSON_CLASSES = {
    "active_directory": ["user"],
    "openldap": ["inetOrgPerson", "shadowAccount"],
    "389ds": ["inetOrgPerson", "shadowAccount"],
    "freeipa": ["inetOrgPerson", "posixAccount", "ipaObject", "krbPrincipalAux"],
}


def _filetime(moment: datetime) -> str:
    return str(int((moment - datetime(1601, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 10)


def _days(moment: datetime) -> str:
    return str((moment - datetime(1970, 1, 1, tzinfo=UTC)).days)


_YESTERDAY, _TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=2)
_LOCK_389: dict[str, tuple[Values, State]] = {
    "disabled": ({"nsAccountLock": "TRUE"}, State.DISABLED),
    "enabled again": ({"nsAccountLock": "FALSE"}, State.ACTIVE),
    "locked out for a while": ({"passwordRetryCount": "3", "accountUnlockTime": "20261123130000Z"}, State.ACTIVE),
}
_SHADOW: dict[str, tuple[Values, State]] = {
    "expired": ({"shadowExpire": _days(_YESTERDAY)}, State.EXPIRED),
    "expires later": ({"shadowExpire": _days(_TOMORROW)}, State.ACTIVE),
    "never expires": ({"shadowExpire": "-1"}, State.ACTIVE),
}
# What each kind keeps the state of an account in, and what it means.
STATES: dict[str, dict[str, tuple[Values, State]]] = {
    "active_directory": {
        "disabled": ({"userAccountControl": "514"}, State.DISABLED),
        "disabled, password never expires": ({"userAccountControl": "66050"}, State.DISABLED),
        "expired": ({"accountExpires": _filetime(_YESTERDAY)}, State.EXPIRED),
        "expires later": ({"accountExpires": _filetime(_TOMORROW)}, State.ACTIVE),
        "never expires": ({"accountExpires": "9223372036854775807"}, State.ACTIVE),
        "never expires either": ({"accountExpires": "0"}, State.ACTIVE),
    },
    "openldap": {
        "disabled": ({"pwdAccountLockedTime": "000001010000Z"}, State.DISABLED),
        "locked out for a while": ({"pwdAccountLockedTime": "20261123115500Z"}, State.ACTIVE),
        **_SHADOW,
    },
    "389ds": {**_LOCK_389, **_SHADOW},
    "freeipa": {
        **_LOCK_389,
        "expired": ({"krbPrincipalExpiration": f"{_YESTERDAY:%Y%m%d%H%M%S}Z"}, State.EXPIRED),
        "expires later": ({"krbPrincipalExpiration": f"{_TOMORROW:%Y%m%d%H%M%S}Z"}, State.ACTIVE),
    },
}

_numbers = count(1)

KINDS = {"openldap": "openldap", "samba_ad": "active_directory", "ds389": "389ds", "freeipa": "freeipa"}
# The names of fixtures, for parameters; each server is started by one process of the tests alone.
EVERY = [pytest.param(name, marks=pytest.mark.xdist_group(name), id=name) for name in KINDS]


@dataclass(frozen=True, slots=True)
class RealServer:
    """A server, its kind, and the DN below which the company is."""

    server: OpenLdap | SambaAd | Ds389
    kind: str
    base: str

    @property
    def profile(self) -> KindProfile:
        return PROFILES[self.kind]

    @property
    def department(self) -> str:
        return self.profile.department_attribute.partition("|")[0]

    @property
    def stories(self) -> str:
        """Beside the base, for people whom no other test may meet."""
        return f"OU=Stories,{self.base.partition(',')[2]}"

    @property
    def odd_unit(self) -> str:
        return f"{ODD_UNIT},{self.base}"

    def config(self, **changes: object) -> DirectoryConfig:
        """Settings with the reading account, plain LDAP and the kind to be found out."""
        settings: dict[str, object] = {
            "name": "real",
            "uris": (self.server.uri,),
            "security": "none",
            "bind_dn": self.server.service_dn,
            "bind_password": self.server.service_password,
            "base_dn": self.base,
            "operation_timeout": 30.0,
        }
        return DirectoryConfig(**{**settings, **changes})  # type: ignore[arg-type]  # values by name, each of its own type

    def person(self, name: str, *, unit: str = "", **values: str | bytes | list[str] | list[bytes]) -> str:
        """LDIF of a person as this kind of server has them."""
        number = next(_numbers)
        own: dict[str, str] = {"uid": f"p{number}"}
        if self.kind == "active_directory":
            own = {"sAMAccountName": f"p{number}", "userAccountControl": "512"}
        elif self.kind == "freeipa":
            own |= {"uidNumber": str(number), "gidNumber": "1", "homeDirectory": "/", "ipaUniqueID": "autogenerate"}
        given = {"givenName": name.split()[0], "sn": name.split()[-1], "displayName": name}
        classes = {"objectClass": _PERSON_CLASSES[self.kind]}
        return entry(self.dn(name, unit=unit), **{**classes, "cn": name, **given, **own, **values})

    def dn(self, name: str, *, unit: str = "") -> str:
        return f"CN={name},{unit or self.base}"

    def add(self, **values: str | bytes | list[str] | list[bytes]) -> tuple[str, str]:
        """Add a person of a test's own; return anchor and DN."""
        name = f"Somebody {next(_numbers)}"
        self.load(self.person(name, **values))
        return self.anchor(self.dn(name)), self.dn(name)

    def load(self, ldif: str) -> None:
        if isinstance(self.server, OpenLdap):
            _add_online(self.server, ldif)
        else:
            self.server.load(ldif)

    def anchor(self, dn: str) -> str:
        return self.profile.decode_anchor(self.values(dn, self.profile.anchor_attribute)[0])

    def values(self, dn: str, attribute: str) -> list[bytes]:
        connection = self.server.connect()
        found = connection.read_s(dn, attrlist=[attribute])
        connection.unbind_s()
        return next(iter(found.values()), [])

    def change(self, dn: str, attribute: str, *values: bytes) -> None:
        connection = self.server.connect()
        connection.modify_s(dn, [(ldap.MOD_REPLACE, attribute, list(values) or None)])
        connection.unbind_s()

    def move(self, dn: str, name: str, target: str) -> str:
        connection = self.server.connect()
        connection.rename_s(dn, f"CN={name}", target)
        connection.unbind_s()
        return f"CN={name},{target}"


def company(real: RealServer) -> str:
    """LDIF of everything below the base: a crowd, a unit with an odd name, a person for each state of an account."""
    crowd = f"OU=Crowd,{real.base}"
    people = [
        *(
            real.person(
                f"Толпа {number}",
                unit=crowd,
                telephoneNumber=str(10_000 + number),
                **{real.department: f"Отдел {number % DEPARTMENTS}"},
            )
            for number in range(CROWD[real.kind])
        ),
        real.person("Анна Каренина", unit=real.odd_unit, title="Главный бухгалтер", telephoneNumber="215"),
        *(real.person(f"State {name.replace(',', '')}", **values) for name, (values, _) in STATES[real.kind].items()),
    ]
    return "".join([unit(real.base), unit(crowd), unit(real.odd_unit), unit(f"OU=Elsewhere,{real.base}"), *people])


def _add_online(server: OpenLdap, ldif: str) -> None:
    """Without a restart, as `OpenLdap.load` does it; operational attributes need that one."""
    reader = LDIFRecordList(StringIO(ldif))
    reader.parse()
    connection = server.connect()
    for dn, values in reader.all_records:
        connection.add_s(dn, list(values.items()))
    connection.unbind_s()


_ready: dict[Path, RealServer] = {}


def loaded(name: str, request: pytest.FixtureRequest) -> RealServer:
    """The server with the company, which is loaded once, in whatever order the tests come."""
    server = request.getfixturevalue(name)
    if server.folder not in _ready:
        container = f"cn=users,cn=accounts,{server.suffix}" if name == "freeipa" else server.suffix
        real = RealServer(server, KINDS[name], f"OU=Real,{container}")
        server.load(company(real) + unit(real.stories))
        if name != "openldap":  # there the writer may write everything
            written = [each for each in WRITTEN if name == "samba_ad" or each != "thumbnailPhoto"]
            for place in (real.base, real.stories):
                server.grant(place, *written)
        _ready[server.folder] = real
    return _ready[server.folder]
