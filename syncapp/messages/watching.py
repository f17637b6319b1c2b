"""What whoever watches over the installation is told."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEMPLATES: dict[str, Promise] = {
    "database_silent": _("The database does not answer. See whether it runs, and whether DATABASE_URL is right."),
    "migrations_missing": _("The tables are older than the program, or not there. Run manage.py migrate."),
    "broker_silent": _("The queue cannot be read, so nothing that is started comes to a worker."),
    "worker_silent": _(
        "No worker gives a sign of life, so nothing that is started is carried out. Start the service ldapsync-worker."
    ),
}

# How a server stands, by `services.standing.Health`.
HEALTH_LABELS: dict[str, Promise] = {
    "ok": _("works"),
    "never_ran": _("never synchronised"),
    "failing": _("does not work"),
    "stopped": _("stopped: the account is refused"),
    "held": _("held, and waits for a look"),
}
# Why nothing runs by itself, by `services.standing.WhyNot`.
WHY_NOT_LABELS: dict[str, Promise] = {
    "switched_off": _("switched off"),
    "not_given": _("no schedule"),
    "off": _("schedule switched off"),
    "stopped": _("stopped until somebody tries again"),
}
