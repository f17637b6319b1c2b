"""The throw-away server does what its users rely on."""

from pathlib import Path

import ldap
import pytest

from fixtures.openldap import OpenLdap

PERSON = (
    "dn: uid=anna,{}\nobjectClass: inetOrgPerson\nuid: anna\ncn: Anna\nsn: A\npwdAccountLockedTime: 000001010000Z\n"
)


def test_load_takes_operational_attributes(openldap: OpenLdap, branch: str) -> None:
    openldap.load(PERSON.format(branch))

    rows = openldap.connect().search_s(branch, ldap.SCOPE_ONELEVEL, attrlist=["pwdAccountLockedTime"])

    assert rows == [(f"uid=anna,{branch}", {"pwdAccountLockedTime": [b"000001010000Z"]})]


def test_load_says_what_is_wrong_with_an_entry(openldap: OpenLdap) -> None:
    with pytest.raises(RuntimeError, match="slapadd refused"):
        openldap.load(f"dn: uid=x,{openldap.suffix}\nobjectClass: noSuchClass\n")


def test_modifications_stay_while_nothing_is_written(openldap: OpenLdap) -> None:
    before = openldap.modifications()

    openldap.connect().search_s(openldap.suffix, ldap.SCOPE_SUBTREE)

    assert openldap.modifications() == before


def test_modifications_move_with_a_write(openldap: OpenLdap, branch: str) -> None:
    before = openldap.modifications()

    openldap.connect().modify_s(branch, [(ldap.MOD_REPLACE, "description", b"changed")])

    assert openldap.modifications() != before


def test_folder_is_taken_up_again_with_its_entries_and_passwords(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    with OpenLdap(folder) as first:
        password, counter = first.service_password, first.modifications()

    with OpenLdap(folder) as second:
        assert (second.service_password, second.modifications()) == (password, counter)


def test_slapd_missing_is_said_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)

    with pytest.raises(RuntimeError, match="apt-get install slapd"):
        OpenLdap()
