"""Which words fit a row: those of a directory, or those of a phone system."""

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Coalesce

from syncapp.messages.naming import OF_ANY, OF_DIRECTORY, OF_PHONES, Naming
from syncapp.models import Endpoint, PhoneSystem, RunItem


def with_naming(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Have rows know the kind of their endpoint, so that `naming_of` need not ask for each."""
    if rows.model is RunItem:
        known: dict[str, Any] = {
            "of_endpoint": Coalesce("run__endpoint", "record__endpoint"),
            "of_phones": Coalesce("run__endpoint__phonesystem", "record__endpoint__phonesystem"),
        }
    else:  # looked up once, and no join: a list counts its rows, too
        of_phones = ExpressionWrapper(Q(endpoint__in=PhoneSystem.objects.values("pk")), BooleanField())
        known = {"of_endpoint": F("endpoint"), "of_phones": of_phones}
    named: QuerySet[Any] = rows.annotate(**known)
    return named


def naming_of(row: Any) -> Naming:
    """Return how to call the sides of the endpoint that a row belongs to, such as a record, a conflict or a run.

    An item of an edit belongs to the endpoint of its record, if it has one. One query
    where the row did not come by `with_naming`, and none a second time.
    """
    if not hasattr(row, "of_phones"):
        row.of_endpoint = _endpoint_of(row)
        row.of_phones = PhoneSystem.objects.filter(pk=row.of_endpoint).exists()
    if row.of_endpoint is None:
        return OF_ANY
    return OF_PHONES if row.of_phones else OF_DIRECTORY


def naming_of_server(server: Endpoint) -> Naming:
    """Return how to call the sides of an endpoint that was read with its own kind."""
    return OF_PHONES if isinstance(server, PhoneSystem) else OF_DIRECTORY


def _endpoint_of(row: Any) -> int | None:
    if isinstance(row, RunItem) and row.run.endpoint_id is None:
        return row.record.endpoint_id if row.record is not None else None
    owner: Any = row.run if isinstance(row, RunItem) else row
    endpoint_id: int | None = owner.endpoint_id
    return endpoint_id
