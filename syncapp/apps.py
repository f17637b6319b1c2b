"""The application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncAppConfig(AppConfig):
    name = "syncapp"
    verbose_name = _("Directory synchronisation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from syncapp import checks  # noqa: F401  # importing it registers them
