"""`sync_ldap --accept` (rule A10)."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from syncapp.models import SyncRun
from syncapp.services.identity import known_identity
from tests.factories import make_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed() -> SyncRun:
    return SyncRun.objects.create(
        endpoint=make_server(), mode="apply", status="failed", error_code="another_directory", identity={"dc=b": "2"}
    )


def test_other_directory_is_accepted_and_nothing_is_synchronised(failed: SyncRun) -> None:
    out = StringIO()

    call_command("sync_ldap", "--accept", str(failed.pk), stdout=out)

    failed.refresh_from_db()
    known = known_identity(failed.server_id)
    assert "dc=b (2)" in out.getvalue()
    assert failed.accepted_by
    assert known is not None
    assert known.contexts == {"dc=b": "2"}
    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize("beside", [["Head office"], ["--force"], ["--dry-run"], ["--apply", "1"], ["--json"]])
def test_accept_goes_alone(failed: SyncRun, beside: list[str]) -> None:
    with pytest.raises(CommandError, match="--accept goes alone"):
        call_command("sync_ldap", "--accept", str(failed.pk), *beside)

    failed.refresh_from_db()
    assert failed.accepted_by == ""


def test_run_without_another_directory_is_refused(failed: SyncRun) -> None:
    with pytest.raises(CommandError, match="There is no run"):
        call_command("sync_ldap", "--accept", str(failed.pk + 999))
