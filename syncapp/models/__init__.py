"""Rows. One file per topic; import them from here."""

from syncapp.models.conflicts import Conflict
from syncapp.models.employees import Employee, Leaver
from syncapp.models.endpoints import DirectoryServer, Endpoint
from syncapp.models.mappings import FieldMapping
from syncapp.models.notifications import LastSaid, Notice, NotificationChannel
from syncapp.models.numbers import CoolingNumber, EndpointPool, NumberPool
from syncapp.models.phone_farewells import PhoneFarewell
from syncapp.models.phone_systems import PhoneBudget, PhoneEntry, PhoneNumber, PhoneReading, PhoneSystem
from syncapp.models.photos import Photo
from syncapp.models.records import SyncRecord
from syncapp.models.runs import RunItem, SyncRun

__all__ = [
    "Conflict",
    "CoolingNumber",
    "DirectoryServer",
    "Employee",
    "Endpoint",
    "EndpointPool",
    "FieldMapping",
    "LastSaid",
    "Leaver",
    "Notice",
    "NotificationChannel",
    "NumberPool",
    "PhoneBudget",
    "PhoneEntry",
    "PhoneFarewell",
    "PhoneNumber",
    "PhoneReading",
    "PhoneSystem",
    "Photo",
    "RunItem",
    "SyncRecord",
    "SyncRun",
]
