"""From settings to a connection: what works, and how each thing that does not is said."""

import ssl
import traceback
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.certificates import make_authority, make_certificate
from fixtures.openldap import OpenLdap
from syncapp.directory.config import DirectoryConfig
from syncapp.directory.connection import open_directory
from syncapp.exceptions import (
    CertificateError,
    ConfigurationError,
    DirectoryLoginError,
    DirectoryUnavailableError,
    SyncError,
)
from tests.directory import servers
from tests.directory.conftest import MakeConfig
from tests.directory.expect import refusal


def test_open_directory_over_plain_ldap(make_config: MakeConfig) -> None:
    with open_directory(make_config()) as directory:
        assert directory.kind == "openldap"


def test_open_directory_over_ldaps(make_config: MakeConfig, openldap: OpenLdap) -> None:
    config = make_config(uris=(openldap.ldaps_uri,), security="ldaps", ca_certificate=str(openldap.ca_file))

    with open_directory(config) as directory:
        assert directory.uri == openldap.ldaps_uri


def test_open_directory_with_starttls(make_config: MakeConfig, openldap: OpenLdap) -> None:
    config = make_config(security="starttls", ca_certificate=str(openldap.ca_file))

    with open_directory(config) as directory:
        assert directory.connection.whoami_s() == f"dn:{openldap.service_dn}"


def test_base_comes_from_the_server_when_none_is_configured(make_config: MakeConfig, openldap: OpenLdap) -> None:
    with open_directory(make_config(base_dn="")) as directory:
        assert directory.base_dn == openldap.suffix


def test_base_is_left_open_when_the_server_has_several(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    second = f'database mdb\nsuffix "o=other"\ndirectory {tmp_path}/other\n'
    with OpenLdap(global_config=second) as server:
        config = DirectoryConfig(name="two contexts", uris=(server.uri,), security="none")
        with open_directory(config) as directory:
            assert (directory.base_dn, sorted(directory.naming_contexts)) == ("", ["dc=example,dc=test", "o=other"])


def test_first_server_dead_the_second_serves(make_config: MakeConfig, openldap: OpenLdap) -> None:
    dead = f"ldap://127.0.0.1:{servers.nobody_listens()}"

    with open_directory(make_config(uris=(dead, openldap.uri))) as directory:
        assert directory.uri == openldap.uri


def test_first_server_silent_the_second_serves(make_config: MakeConfig, openldap: OpenLdap) -> None:
    with (
        servers.listening(servers.stay_silent) as port,
        open_directory(make_config(uris=(f"ldap://127.0.0.1:{port}", openldap.uri))) as directory,
    ):
        assert directory.uri == openldap.uri


def test_all_servers_dead_are_all_named(make_config: MakeConfig) -> None:
    uris = tuple(f"ldap://127.0.0.1:{servers.nobody_listens()}" for _ in range(2))

    with refusal(DirectoryUnavailableError, "no_server_reachable") as caught, open_directory(make_config(uris=uris)):
        pass

    assert caught[0].params["servers"] == [f"{uri} (connection_refused)" for uri in uris]


def test_wrong_password_is_not_tried_on_the_next_server(make_config: MakeConfig, openldap: OpenLdap) -> None:
    with OpenLdap() as second:
        config = make_config(uris=(openldap.uri, second.uri), bind_password="wrong")
        before = second.operations()["Bind"]

        with refusal(DirectoryLoginError, "login_refused"), open_directory(config):
            pass

        assert second.operations()["Bind"] == before + 1  # the one that counts


def test_bad_certificate_is_not_walked_around(make_config: MakeConfig, openldap: OpenLdap, tmp_path: Path) -> None:
    stranger = make_certificate(tmp_path, name="stranger", issuer=make_authority(tmp_path))
    with servers.tls_server(stranger) as port:
        config = make_config(
            uris=(f"ldaps://127.0.0.1:{port}", openldap.ldaps_uri),
            security="ldaps",
            ca_certificate=str(openldap.ca_file),
        )
        with refusal(CertificateError, "certificate_authority_unknown"), open_directory(config):
            pass


@pytest.mark.promise(9)
def test_refused_login_shows_the_password_nowhere(make_config: MakeConfig) -> None:
    password = "correct horse battery staple"
    config = make_config(bind_password=password)

    with refusal(DirectoryLoginError, "login_refused") as caught, open_directory(config):
        pass

    error = caught[0]
    ours = traceback.TracebackException.from_exception(error, capture_locals=True)
    syncapp_frames = [frame for frame in ours.stack if "syncapp" in frame.filename]
    shown = [str(error), repr(error), repr(config), *(str(frame.locals) for frame in syncapp_frames)]
    assert not any(password in text for text in shown)
    assert (error.__cause__, error.__context__) == (None, None)
    assert not any("ldapobject" in frame.filename for frame in ours.stack)


CONFIGURATIONS = {
    # id: changes, code
    "no_address": ({"uris": ()}, "uris_missing"),
    "no_scheme": ({"uris": ("dc1.corp.example",)}, "uri_malformed"),
    "no_host": ({"uris": ("ldap://",)}, "uri_malformed"),
    "a_search_in_the_address": ({"uris": ("ldap://dc1/dc=corp?sub",)}, "uri_malformed"),
    "port_too_big": ({"uris": ("ldap://dc1:99999",)}, "uri_malformed"),
    "account_in_the_address": ({"uris": ("ldap://cn=x:secret@dc1",)}, "uri_with_account"),
    "ldap_scheme_with_ldaps": ({"security": "ldaps"}, "uri_scheme_differs"),
    "ldaps_scheme_with_starttls": ({"uris": ("ldaps://dc1",), "security": "starttls"}, "uri_scheme_differs"),
    "ldaps_scheme_with_none": ({"uris": ("ldaps://dc1",)}, "uri_scheme_differs"),
    "global_catalogue": ({"uris": ("ldap://dc1:3268",)}, "uri_global_catalogue"),
    "account_without_password": ({"bind_password": ""}, "password_missing"),
    "authority_file_missing": (
        {"uris": ("ldaps://dc1",), "security": "ldaps", "ca_certificate": "/nowhere/ca.pem"},
        "ca_certificate_unreadable",
    ),
    "base_is_no_dn": ({"base_dn": "corp.example"}, "dn_malformed"),
    "base_with_an_empty_value": ({"base_dn": "dc="}, "dn_malformed"),
    "search_base_outside": ({"search_bases": ("ou=x,dc=other",)}, "dn_outside_base"),
    "departments_without_attribute": ({"departments": ("Sales",)}, "department_attribute_missing"),
    "empty_department": ({"departments": (" ",), "department_attribute": "ou"}, "department_empty"),
    "department_attribute_no_name": ({"department_attribute": "ou)(cn"}, "attribute_malformed"),
    "filter_unbalanced": ({"user_filter": "(cn=a"}, "filter_malformed"),
}


@pytest.mark.parametrize(("changes", "code"), CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_settings_that_cannot_work_are_refused_unsent(
    changes: dict[str, object], code: str, make_config: MakeConfig
) -> None:
    with refusal(ConfigurationError, code), open_directory(make_config(**changes)):
        pass


def test_address_with_an_account_is_not_repeated(make_config: MakeConfig) -> None:
    with (
        refusal(ConfigurationError, "uri_with_account") as caught,
        open_directory(make_config(uris=("ldap://cn=x:secret@dc1",))),
    ):
        pass

    assert "secret" not in str(caught[0])


def test_rubbish_as_authority_file_is_refused(make_config: MakeConfig, tmp_path: Path) -> None:
    rubbish = servers.rubbish_file(tmp_path)
    config = make_config(uris=("ldaps://dc1",), security="ldaps", ca_certificate=str(rubbish))

    with refusal(ConfigurationError, "ca_certificate_unreadable"), open_directory(config):
        pass


def test_unknown_host(make_config: MakeConfig) -> None:
    with (
        refusal(DirectoryUnavailableError, "host_unknown"),
        open_directory(make_config(uris=("ldap://nobody.invalid",))),
    ):
        pass


def test_nothing_listens(make_config: MakeConfig) -> None:
    uris = (f"ldap://127.0.0.1:{servers.nobody_listens()}",)

    with refusal(DirectoryUnavailableError, "connection_refused"), open_directory(make_config(uris=uris)):
        pass


SECURITIES = {
    # id: security, scheme
    "plain": ("none", "ldap"),
    "starttls": ("starttls", "ldap"),
    "ldaps": ("ldaps", "ldaps"),
}


@pytest.mark.parametrize(("security", "scheme"), SECURITIES.values(), ids=SECURITIES.keys())
def test_server_accepts_and_says_nothing(
    security: str, scheme: str, make_config: MakeConfig, openldap: OpenLdap
) -> None:
    with servers.listening(servers.stay_silent) as port:
        config = make_config(
            uris=(f"{scheme}://127.0.0.1:{port}",), security=security, ca_certificate=str(openldap.ca_file)
        )
        with refusal(DirectoryUnavailableError, "answer_timeout"), open_directory(config):
            pass


def test_server_hangs_up_at_once(make_config: MakeConfig) -> None:
    with servers.listening(lambda connection: connection.close()) as port:
        config = make_config(uris=(f"ldap://127.0.0.1:{port}",))
        with refusal(DirectoryUnavailableError, "connection_lost"), open_directory(config):
            pass


def test_ldaps_against_a_port_without_tls(make_config: MakeConfig, openldap: OpenLdap) -> None:
    config = make_config(
        uris=(openldap.uri.replace("ldap:", "ldaps:"),), security="ldaps", ca_certificate=str(openldap.ca_file)
    )
    with refusal(CertificateError, "tls_not_spoken"), open_directory(config):
        pass


def test_starttls_against_a_server_without_it(make_config: MakeConfig, openldap: OpenLdap) -> None:
    with OpenLdap() as server:
        config = make_config(uris=(server.uri,), security="starttls", ca_certificate=str(openldap.ca_file))
        with refusal(ConfigurationError, "starttls_refused"), open_directory(config):
            pass


CERTIFICATES = {
    # id: how the certificate is made, code
    "expired": ({"ends": datetime.now(UTC) - timedelta(days=1)}, "certificate_expired"),
    "not_yet_valid": ({"ends": datetime.now(UTC) + timedelta(days=365)}, "certificate_not_yet_valid"),
    "another_host": ({"hosts": ("dc1.corp.example",)}, "certificate_for_another_name"),
    "another_ip": ({"hosts": ("10.1.1.1",)}, "certificate_for_another_name"),
    "self_signed": ({"issuer": None}, "certificate_self_signed"),
}


@pytest.mark.parametrize(("made", "code"), CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_certificate_that_is_not_good(
    made: dict[str, object], code: str, make_config: MakeConfig, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path)
    certificate = make_certificate(tmp_path, **{"name": "server", "issuer": authority, **made})  # type: ignore[arg-type]  # values by name, each of its own type
    with servers.tls_server(certificate) as port:
        config = make_config(
            uris=(f"ldaps://127.0.0.1:{port}",), security="ldaps", ca_certificate=str(authority.certificate_file)
        )
        with refusal(CertificateError, code), open_directory(config):
            pass


@pytest.mark.parametrize("security", ["ldaps", "starttls"])
def test_certificate_of_an_unknown_authority(
    security: str, make_config: MakeConfig, openldap: OpenLdap, tmp_path: Path
) -> None:
    stranger = make_authority(tmp_path)
    uri = openldap.ldaps_uri if security == "ldaps" else openldap.uri
    config = make_config(uris=(uri,), security=security, ca_certificate=str(stranger.certificate_file))

    with refusal(CertificateError, "certificate_authority_unknown"), open_directory(config):
        pass


def test_name_localhost_is_explained(make_config: MakeConfig, openldap: OpenLdap) -> None:
    """libldap looks for the machine's own name in the certificate, though localhost stands in it."""
    uri = openldap.ldaps_uri.replace("127.0.0.1", "localhost")
    config = make_config(uris=(uri,), security="ldaps", ca_certificate=str(openldap.ca_file))

    with refusal(CertificateError, "certificate_for_localhost"), open_directory(config):
        pass


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_server_with_old_tls_alone(make_config: MakeConfig, tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    certificate = make_certificate(tmp_path, name="server", issuer=authority)
    with servers.tls_server(certificate, newest=ssl.TLSVersion.TLSv1_1) as port:
        config = make_config(
            uris=(f"ldaps://127.0.0.1:{port}",), security="ldaps", ca_certificate=str(authority.certificate_file)
        )
        with refusal(CertificateError, "tls_too_old"), open_directory(config):
            pass


def test_system_authorities_do_not_vouch_for_ours(make_config: MakeConfig, openldap: OpenLdap) -> None:
    config = make_config(uris=(openldap.ldaps_uri,), security="ldaps", ca_certificate="")

    with refusal(CertificateError, "certificate_authority_unknown"), open_directory(config):
        pass


LOGINS = {
    # id: changes, class, code
    "wrong_password": ({"bind_password": "wrong"}, DirectoryLoginError, "login_refused"),
    "unknown_account": ({"bind_dn": "cn=nobody,dc=example,dc=test"}, DirectoryLoginError, "login_refused"),
    "account_is_no_dn": ({"bind_dn": "sync"}, ConfigurationError, "login_name_malformed"),
}


@pytest.mark.parametrize(("changes", "kind", "code"), LOGINS.values(), ids=LOGINS.keys())
def test_login_that_is_refused(
    changes: dict[str, object], kind: type[SyncError], code: str, make_config: MakeConfig
) -> None:
    with refusal(kind, code), open_directory(make_config(**changes)):
        pass


def test_server_that_wants_encryption_for_passwords(make_config: MakeConfig, openldap: OpenLdap) -> None:
    with OpenLdap(tls=True, global_config="security simple_bind=128") as server:
        config = make_config(uris=(server.uri,), bind_dn=server.service_dn, bind_password=server.service_password)
        with refusal(ConfigurationError, "encryption_required"), open_directory(config):
            pass


def test_server_that_wants_a_login(make_config: MakeConfig) -> None:
    with OpenLdap(global_config="disallow bind_anon") as server:
        config = make_config(uris=(server.uri,), bind_dn="", bind_password="")
        with refusal(ConfigurationError, "login_needed"), open_directory(config):
            pass


@pytest.mark.parametrize("error", [None, KeyError("ours")], ids=["block_ended", "block_failed"])
def test_connection_is_closed_after_the_block(error: KeyError | None, make_config: MakeConfig) -> None:
    with pytest.raises(KeyError) if error else nullcontext(), open_directory(make_config()) as directory:
        connection = directory.connection
        if error:
            raise error

    with pytest.raises(AttributeError):  # how python-ldap says that an object is used up
        connection.whoami_s()
