"""SIP secrets live here only as long as a mapping asks for them (rule B15)."""

from syncapp import crypto
from syncapp.core.vocabulary import Direction, Field
from syncapp.fields import Secret
from syncapp.models import Employee, FieldMapping


def secrets_come_in() -> bool:
    """Whether a directory is asked for SIP secrets: then phone systems get them."""
    coming = FieldMapping.objects.filter(field=Field.SIP_SECRET, direction__in=(Direction.PULL, Direction.BOTH))
    return coming.filter(endpoint__directoryserver__isnull=False).exists()


def key_mark() -> str:
    """Return what stands for the key by which secrets are marked."""
    return crypto.keyed_hash(b"")[:16]


def forget_unmapped_secrets() -> int:
    """Forget all SIP secrets when no server maps them any more; return of how many employees."""
    if FieldMapping.objects.filter(field=Field.SIP_SECRET).exists():
        return 0
    kept = Employee.rows.exclude(sip_secret_mark="")
    return kept.update(sip_secret=Secret(), sip_secret_mark="")
