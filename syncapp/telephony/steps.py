"""Test connection of a phone system: one step after the other; changes and stores nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from syncapp.core.records import Message
from syncapp.exceptions import SyncError, TelephonyCertificateError, TelephonyError, TelephonyLoginError
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.mikopbx import EMPLOYEES, EXTENSIONS, MikoPbxSession
from syncapp.telephony.mikopbx_client import MikoPbxClient, UncertainError
from syncapp.telephony.protocol import Summary
from syncapp.telephony.tls import shown_fingerprint

# The smallest set to grant. Whether a number is free is read off the list of numbers, for asking needs the right to write.
WRITE, READ = "write", "read"
_LONGEST_WAIT = 5.0
_NOBODY = f"{EMPLOYEES}/999999999"  # far beyond any row: what is asked about it changes nothing


class PhoneStepName(StrEnum):
    SETTINGS = "settings"
    CERTIFICATE = "certificate"
    API = "api"
    VERSION = "version"
    RIGHTS = "key_rights"
    PEOPLE = "employees"
    NUMBERS = "numbers"


class PhoneStepOutcome(StrEnum):
    OK = "ok"
    REMARK = "remark"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class KeyRight:
    """One right that is needed, and whether the key has it."""

    path: str
    right: str
    granted: bool


@dataclass(frozen=True, slots=True)
class PhoneStep:
    """One step. `fingerprint` is that of a certificate which somebody may confirm."""

    name: PhoneStepName
    outcome: PhoneStepOutcome
    message: Message
    remarks: tuple[Message, ...] = ()
    rights: tuple[KeyRight, ...] = ()
    fingerprint: str = ""


@dataclass(slots=True)
class _Test:
    config: PhoneConfig
    step: PhoneStepName = PhoneStepName.SETTINGS

    def said(self, code: str, *, remark: bool = False, **params: object) -> PhoneStep:
        outcome = PhoneStepOutcome.REMARK if remark else PhoneStepOutcome.OK
        return PhoneStep(self.step, outcome, Message(code, params))

    def failed(self, error: SyncError, *, fingerprint: str = "") -> PhoneStep:
        params = {**error.params, "fingerprint": fingerprint} if fingerprint else error.params
        return PhoneStep(self.step, PhoneStepOutcome.FAILED, Message(error.code, params), fingerprint=fingerprint)


def examine_phone_system(config: PhoneConfig) -> Iterator[PhoneStep]:
    """Yield the steps as they finish; the first that fails is the last."""
    wait = min(_LONGEST_WAIT, config.answer_timeout)
    test = _Test(replace(config, connect_timeout=wait, answer_timeout=wait))
    try:
        with MikoPbxClient(test.config) as client:
            yield test.said("phone_test_settings", url=client.url)
            yield from _steps(test, client)
    except TelephonyCertificateError as error:
        yield test.failed(error, fingerprint=_shown(test.config))
    except SyncError as error:
        yield test.failed(error)


def _shown(config: PhoneConfig) -> str:
    """Return the fingerprint of whom we do not believe yet; '' when it cannot be seen any more."""
    try:
        return shown_fingerprint(config.url, limit=_LONGEST_WAIT)
    except TelephonyError:
        return ""


def _steps(test: _Test, client: MikoPbxClient) -> Iterator[PhoneStep]:
    test.step = PhoneStepName.CERTIFICATE
    client.get("/system:ping")
    config = test.config
    if config.fingerprint:
        yield test.said("phone_test_pinned", fingerprint=config.fingerprint)
    else:
        yield test.said(
            "phone_test_certified" if config.verify_tls else "phone_test_unverified", remark=not config.verify_tls
        )
    test.step = PhoneStepName.API
    yield test.said("phone_test_api", url=client.url)
    session = MikoPbxSession(client)
    test.step = PhoneStepName.PEOPLE
    people = session.summaries()  # a refused key ends it here
    yield _count(test, people)
    test.step = PhoneStepName.RIGHTS
    rights = (
        KeyRight("/api/v3/employees", WRITE, _may_write(client)),
        KeyRight("/api/v3/extensions", READ, _may_read_numbers(client)),
    )
    lacking = [each for each in rights if not each.granted]
    yield PhoneStep(
        test.step,
        PhoneStepOutcome.FAILED if lacking else PhoneStepOutcome.OK,
        Message("phone_rights_missing" if lacking else "phone_rights_all", {"paths": [each.path for each in lacking]}),
        rights=rights,
    )
    if lacking:
        return
    test.step = PhoneStepName.NUMBERS
    occupied = session.occupied()
    others = sum(kind not in ("SIP", "EXTERNAL") for kind in occupied.values())
    yield test.said("phone_test_numbers", occupied=len(occupied), others=others)
    test.step = PhoneStepName.VERSION
    yield _version(test, client)


def _count(test: _Test, rows: Sequence[Summary]) -> PhoneStep:
    remarks = []
    without = sum(not each.number for each in rows)
    if without:
        remarks.append(Message("phone_test_without_number", {"count": without}))
    disabled = sum(each.disabled for each in rows)
    if disabled:
        remarks.append(Message("phone_test_disabled", {"count": disabled}))
    remarks.append(Message("phone_test_cannot_disable"))
    message = Message("phone_test_employees", {"count": len(rows)})
    return PhoneStep(test.step, PhoneStepOutcome.OK, message, remarks=tuple(remarks))


def _may_write(client: MikoPbxClient) -> bool:
    """Ask for a change of nobody: with the right one hears that he is not there, without it 401."""
    try:
        client.send("PATCH", _NOBODY, {})
    except TelephonyLoginError:
        return False
    except UncertainError as exc:
        raise exc.error from None
    return True


def _may_read_numbers(client: MikoPbxClient) -> bool:
    try:
        client.get(EXTENSIONS, limit="1")
    except TelephonyLoginError:
        return False
    return True


def _version(test: _Test, client: MikoPbxClient) -> PhoneStep:
    """The version is known only to a call that needs one more right, and makes the box ask the Internet."""
    try:
        data = client.get("/system:checkForUpdates").data
    except TelephonyError:
        data = None
    version = data.get("currentVersion") if isinstance(data, dict) else None
    if version:
        return test.said("phone_test_version", version=str(version))
    return test.said("phone_test_version_unknown", remark=True)
