"""The application."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SyncAppConfig(AppConfig):
    name = "syncapp"
    verbose_name = _("Directory synchronisation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from syncapp import checks  # noqa: F401  # importing it registers them

        post_migrate.connect(_schedule, sender=self)


def _schedule(using: str, plan: Any = (), **_kwargs: Any) -> None:
    """After every `migrate`, also one that has nothing to do: a restored database may lack the schedules."""
    from django_q.models import Schedule

    from syncapp.services.housekeeping import schedule_house_keeping
    from syncapp.services.notifications.delivery import schedule_word

    backwards = any(back for _migration, back in plan)
    if not backwards and Schedule._meta.db_table in connections[using].introspection.table_names():
        schedule_house_keeping(now=timezone.now())
        schedule_word()
