"""The admin site is the user interface. One file per page."""

from syncapp.admin import (
    accounts,
    conflicts,
    employees,
    items,
    leavers,
    notifications,
    phone_systems,
    pools,
    records,
    runs,
    servers,
    worker,
)

__all__ = [
    "accounts",
    "conflicts",
    "employees",
    "items",
    "leavers",
    "notifications",
    "phone_systems",
    "pools",
    "records",
    "runs",
    "servers",
    "worker",
]
