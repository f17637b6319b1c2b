"""Logging in to Active Directory, on a real domain: by which names, and why not.

Active Directory hides the reason of a refused login in a number. Samba's domain
controller says 52e, 530, 531, 532, 533, 701, 773 and 775, each shown here; for an account
that does not exist it says 52e, as if the password were wrong, where Windows says 525, and
52f (a restriction such as "smart card only") it does not say at all: these two are shown
with made-up answers in test_errors alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fixtures.samba import DOMAIN, REALM, SambaAd
from fixtures.samba_config import accounts_ldif
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.examination import Examination, Step, StepName, StepOutcome
from syncapp.directory.session import open_session
from syncapp.directory.steps import examine
from syncapp.exceptions import ConfigurationError, DirectoryLoginError, DirectoryUnavailableError
from tests.directory import servers
from tests.directory.expect import refusal
from tests.directory.people import unit
from tests.directory.real import NOW, RealServer

pytestmark = pytest.mark.xdist_group("samba_ad")

_HALF_AN_HOUR = b"-18000000000"  # in 100 ns, as the domain writes its rules
_BASE = f"OU=Logins,{SambaAd.suffix}"
# Each test takes a fresh one. To hash their passwords takes the domain half a second each: no more than there are tests.
_ACCOUNTS = [(f"CN=Служба {number},{_BASE}", f"login{number}") for number in range(30)]


@pytest.fixture(scope="module")
def domain(samba_ad: SambaAd) -> RealServer:
    real = RealServer(samba_ad, "active_directory", _BASE)
    dns, names = zip(*_ACCOUNTS, strict=True)
    real.load(unit(real.base) + accounts_ldif(dns, REALM, samba_ad.service_password, names=names))
    return real


def make_account(domain: RealServer, **changes: bytes) -> tuple[str, str]:
    """Take a fresh account and change it; return DN and login name."""
    dn, name = _ACCOUNTS.pop()
    for attribute, value in changes.items():
        domain.change(dn, attribute, value)
    return dn, name


def log_in(config: DirectoryConfig) -> None:
    with open_session(config):
        pass


def test_connection(config: DirectoryConfig) -> list[Step]:
    return list(examine(Examination(config=config, rules_of=lambda _kind: (), region="RU", now=NOW, seconds=20)))


test_connection.__test__ = False  # type: ignore[attr-defined]  # the button's name


NAMES = {
    "DN": lambda dn, name: dn,
    "user@domain": lambda dn, name: f"{name}@{REALM}",
    "user@DOMAIN": lambda dn, name: f"{name}@{REALM.upper()}",
    "DOMAIN\\user": lambda dn, name: f"{DOMAIN}\\{name}",
}


@pytest.mark.parametrize("form", NAMES)
def test_name_logs_in(domain: RealServer, form: str) -> None:
    dn, name = make_account(domain)

    with open_session(domain.config(bind_dn=NAMES[form](dn, name))) as session:
        assert session.kind == "active_directory"


STRANGERS = {
    "DN": f"CN=nobody,{SambaAd.suffix}",
    "user@domain": f"nobody@{REALM}",
    "DOMAIN\\user": f"{DOMAIN}\\nobody",
    "of another domain": "OTHER\\svc-sync",
    "name alone": "svc-sync",
}


@pytest.mark.parametrize("form", STRANGERS)
def test_unknown_account_is_refused(domain: RealServer, form: str) -> None:
    with refusal(DirectoryLoginError, "login_refused"):
        log_in(domain.config(bind_dn=STRANGERS[form]))


REFUSED = {
    # id: what is changed of the account, the code of the error (data 530, 531, 533, 701, 773)
    "not at this time": ({"logonHours": b"\0" * 21}, "login_not_at_this_time"),
    "not from this machine": ({"userWorkstations": b"PC1"}, "login_not_from_this_machine"),
    "disabled": ({"userAccountControl": b"514"}, "login_account_disabled"),
    "account expired": ({"accountExpires": b"116444736000000000"}, "login_account_expired"),
    "password must change": ({"pwdLastSet": b"0", "userAccountControl": b"512"}, "login_password_must_change"),
}


@pytest.mark.parametrize("form", ["DN", "user@domain"])
@pytest.mark.parametrize("case", REFUSED)
def test_domain_says_why(domain: RealServer, case: str, form: str) -> None:
    changes, code = REFUSED[case]
    dn, name = make_account(domain, **changes)

    with refusal(DirectoryLoginError, code):
        log_in(domain.config(bind_dn=NAMES[form](dn, name)))


def test_password_that_expired(domain: RealServer) -> None:
    """Data 532. The domain's passwords live 42 days by themselves."""
    dn, _name = make_account(domain, userAccountControl=b"512")
    assert isinstance(domain.server, SambaAd)
    domain.server.age_password(dn)

    with refusal(DirectoryLoginError, "login_password_expired"):
        log_in(domain.config(bind_dn=dn))


def test_wrong_password(domain: RealServer) -> None:
    """Data 52e."""
    dn, _name = make_account(domain)

    with refusal(DirectoryLoginError, "login_refused"):
        log_in(domain.config(bind_dn=dn, bind_password="wrong"))


@pytest.mark.parametrize("case", ["disabled", "account expired", "password must change"])
def test_reason_is_told_only_to_who_knows_the_password(domain: RealServer, case: str) -> None:
    dn, _name = make_account(domain, **REFUSED[case][0])

    with refusal(DirectoryLoginError, "login_refused"):
        log_in(domain.config(bind_dn=dn, bind_password="wrong"))


@contextmanager
def locking_after(domain: RealServer, tries: int) -> Iterator[None]:
    """Let the domain lock accounts, for the time of the block."""
    suffix = domain.server.suffix
    domain.change(suffix, "lockoutDuration", _HALF_AN_HOUR)
    domain.change(suffix, "lockOutObservationWindow", _HALF_AN_HOUR)
    domain.change(suffix, "lockoutThreshold", str(tries).encode())
    try:
        yield
    finally:
        domain.change(suffix, "lockoutThreshold", b"0")


def test_account_that_was_locked_out(domain: RealServer) -> None:
    """Data 775: also with the right password, and then no word of the password is true."""
    dn, _name = make_account(domain)
    with locking_after(domain, 2):
        for _ in range(2):
            with refusal(DirectoryLoginError, "login_refused"):
                log_in(domain.config(bind_dn=dn, bind_password="wrong"))

        with refusal(DirectoryLoginError, "login_account_locked"):
            log_in(domain.config(bind_dn=dn))


# Several controllers: a wrong password on three of them locks the account (rule B12)


def controllers(domain: RealServer) -> tuple[str, ...]:
    """Three addresses of the one controller that there is: it counts the tries of all."""
    return (domain.server.uri, f"{domain.server.uri}:389", f"{domain.server.uri}/")


def tries(domain: RealServer, dn: str) -> int:
    return int(next(iter(domain.values(dn, "badPwdCount")), b"0"))


@pytest.mark.parametrize("form", NAMES)
def test_wrong_password_is_tried_on_one_controller_alone(domain: RealServer, form: str) -> None:
    dn, name = make_account(domain)
    with locking_after(domain, 2):
        with refusal(DirectoryLoginError, "login_refused"):
            log_in(domain.config(bind_dn=NAMES[form](dn, name), bind_password="wrong", uris=controllers(domain)))

        assert tries(domain, dn) == 1
        log_in(domain.config(bind_dn=dn))


def test_wrong_password_is_tried_once_by_test_connection(domain: RealServer) -> None:
    dn, _name = make_account(domain)
    with locking_after(domain, 2):
        last = test_connection(domain.config(bind_dn=dn, bind_password="wrong", uris=controllers(domain)))[-1]

        assert (last.name, last.outcome, last.message.code) == (StepName.BIND, StepOutcome.FAILED, "login_refused")
        assert tries(domain, dn) == 1


@pytest.mark.parametrize("case", REFUSED)
def test_no_refused_login_is_taken_for_a_controller_that_is_down(domain: RealServer, case: str) -> None:
    """Nor is any other refusal tried elsewhere: each address is asked for only after one that cannot be reached."""
    changes, code = REFUSED[case]
    dn, _name = make_account(domain, **changes)
    asked: list[None] = []

    with (
        refusal(DirectoryLoginError, code),
        open_session(domain.config(bind_dn=dn, uris=controllers(domain)), attempt=lambda: asked.append(None)),
    ):
        pass

    assert len(asked) == 1


def test_controller_that_is_down_is_passed_over(domain: RealServer) -> None:
    dead = f"ldap://127.0.0.1:{servers.nobody_listens()}"

    with open_session(domain.config(uris=(dead, domain.server.uri))) as session:
        assert session.uri == domain.server.uri
    with pytest.raises(DirectoryUnavailableError):
        log_in(domain.config(uris=(dead,)))


# A hardened domain takes no password without encryption (strongerAuthRequired)


@pytest.fixture
def hardened(domain: RealServer) -> Iterator[RealServer]:
    server = domain.server
    assert isinstance(server, SambaAd)
    server.require_strong_auth = True
    server.restart()
    try:
        yield domain
    finally:
        server.require_strong_auth = False
        server.restart()


def test_domain_that_wants_encryption_says_so(hardened: RealServer) -> None:
    with refusal(ConfigurationError, "encryption_required"):
        log_in(hardened.config(uris=controllers(hardened)))

    last = test_connection(hardened.config())[-1]

    assert (last.name, last.outcome, last.message.code) == (StepName.BIND, StepOutcome.FAILED, "encryption_required")
    for security, uri in (("starttls", hardened.server.uri), ("ldaps", hardened.server.ldaps_uri)):
        log_in(hardened.config(uris=(uri,), security=security, ca_certificate=str(hardened.server.ca_file)))
