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
