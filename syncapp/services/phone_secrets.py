"""What a run says of SIP secrets that directories have for phones: a new one cuts off the phone on the desk."""

from syncapp.core.planned import PlanItem, RecordTouch
from syncapp.core.records import KnownRecord, Message
from syncapp.core.vocabulary import Field
from syncapp.models import PhoneSystem
from syncapp.services.counts import Tally
from syncapp.services.execution import Execution

# So many names are said in a note.
NAMED = 20


def is_first_secret(news: PlanItem | RecordTouch, record: KnownRecord | None) -> bool:
    """Whether a directory's secret is seen for the first time of somebody who has a phone already: it is not sent."""
    return Field.SIP_SECRET in news.base and (record is None or Field.SIP_SECRET not in record.base)


def name_rekeyed(execution: Execution, tally: Tally, code: str) -> None:
    """Count and name the phones that a plan cuts off, or a run has cut off, until they are set up anew."""
    if isinstance(execution.server, PhoneSystem) and tally.rekeyed:
        execution.note(Message(code, {"count": len(tally.rekeyed), "people": sorted(tally.rekeyed)[:NAMED]}))
