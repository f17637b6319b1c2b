"""Secrets: encrypted in the database, shown to nobody by accident (promise 9)."""

import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.db import connection
from pytest_django import Settings

from syncapp import crypto
from syncapp.exceptions import ConfigurationError
from syncapp.fields import EncryptedTextField, Secret
from syncapp.models import DirectoryServer
from tests.factories import make_server

PASSWORD = "hunter2 Пароль"


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_secret_reveals_what_was_sealed() -> None:
    assert Secret.seal(PASSWORD).reveal() == PASSWORD


def test_empty_secret_is_stored_as_the_empty_text() -> None:
    assert Secret.seal("").token == ""


@pytest.mark.parametrize(("text", "truth"), [("x", True), ("", False)], ids=["filled", "empty"])
def test_secret_is_true_when_there_is_one(text: str, truth: bool) -> None:
    assert bool(Secret.seal(text)) is truth


@pytest.mark.promise(9)
@pytest.mark.parametrize("show", [str, repr, "{}".format, "%s".__mod__], ids=["str", "repr", "format", "percent"])
def test_secret_shows_itself_to_nobody(show: Any) -> None:
    secret = Secret.seal(PASSWORD)

    shown = show(secret)

    assert (PASSWORD in shown, secret.token in shown) == (False, False)


def test_older_key_still_decrypts(settings: Settings) -> None:
    old, new = new_key(), new_key()
    settings.ENCRYPTION_KEYS = [old]
    secret = Secret.seal(PASSWORD)

    settings.ENCRYPTION_KEYS = [new, old]

    assert secret.reveal() == PASSWORD


def test_first_key_encrypts(settings: Settings) -> None:
    old, new = new_key(), new_key()
    settings.ENCRYPTION_KEYS = [new, old]

    secret = Secret.seal(PASSWORD)

    settings.ENCRYPTION_KEYS = [new]
    assert secret.reveal() == PASSWORD


@pytest.mark.promise(9)
def test_wrong_key_is_an_error_and_never_the_ciphertext(settings: Settings) -> None:
    secret = Secret.seal(PASSWORD)

    settings.ENCRYPTION_KEYS = [new_key()]

    with pytest.raises(ConfigurationError, match="encryption_key_wrong"):
        secret.reveal()


def test_invalid_key_is_named(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ["no key"]

    with pytest.raises(ConfigurationError, match="encryption_key_invalid"):
        crypto.encrypt(PASSWORD)


@pytest.mark.promise(9)
def test_error_of_a_wrong_key_carries_no_cause(settings: Settings) -> None:
    secret = Secret.seal(PASSWORD)
    settings.ENCRYPTION_KEYS = [new_key()]

    with pytest.raises(ConfigurationError) as caught:
        secret.reveal()

    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


def test_field_refuses_a_plain_text() -> None:
    with pytest.raises(TypeError):
        EncryptedTextField().to_python(PASSWORD)


@pytest.fixture
def server(db: None) -> DirectoryServer:
    server = make_server(bind_dn="cn=sync")
    server.set_secret(PASSWORD)
    server.save()
    return server


@pytest.mark.promise(9)
def test_column_holds_no_plain_text(server: DirectoryServer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT bind_password FROM syncapp_directoryserver")
        (stored,) = cursor.fetchone()

    assert (PASSWORD in stored, crypto.decrypt(stored)) == (False, PASSWORD)


@pytest.mark.promise(9)
def test_dump_holds_no_plain_text(server: DirectoryServer) -> None:
    dumped = serializers.serialize("json", DirectoryServer.objects.all())

    assert json.loads(dumped)[0]["fields"]["bind_password"] == f"fernet:{server.bind_password.token}"


@pytest.mark.django_db
def test_dump_can_be_loaded_again(server: DirectoryServer) -> None:
    dumped = serializers.serialize("json", DirectoryServer.objects.all())

    (loaded,) = serializers.deserialize("json", dumped)

    assert loaded.object.bind_password.reveal() == PASSWORD


def test_row_can_be_read_without_the_key(server: DirectoryServer, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [new_key()]

    assert DirectoryServer.objects.get().bind_password
