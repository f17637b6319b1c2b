"""SIP secrets live here only as long as a mapping asks for them (rule B15)."""

from syncapp.core.vocabulary import Field
from syncapp.fields import Secret
from syncapp.models import Employee, FieldMapping


def forget_unmapped_secrets() -> int:
    """Forget all SIP secrets when no server maps them any more; return of how many employees."""
    if FieldMapping.objects.filter(field=Field.SIP_SECRET).exists():
        return 0
    kept = Employee.rows.exclude(sip_secret_mark="")
    return kept.update(sip_secret=Secret(), sip_secret_mark="")
