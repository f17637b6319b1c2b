"""Why word did not get out."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEMPLATES: dict[str, Promise] = {
    "mail_not_set_up": _("No mail server is set up: set EMAIL_URL, and start site and worker again."),
    "mail_addresses_refused": _("The mail server refused these addresses: %(addresses)s."),
    "mail_login_refused": _("The mail server refused the account or password in EMAIL_URL."),
    "mail_refused": _("The mail server refused the mail (code %(number)s). Its log has the reason."),
    "mail_unreachable": _(
        "The mail server of EMAIL_URL cannot be reached, or broke off (%(kind)s). Check its name, port and encryption."
    ),
    "webhook_address": _("“%(url)s” does not begin with https:// or http://."),
    "webhook_refused": _(
        "The answer was %(number)s, and only 2xx counts as delivered. Redirects are not followed: give the final address."
    ),
    "webhook_unreachable": _("No answer came (%(kind)s). Check the address, and whether this machine may reach it."),
    "secret_for_another_address": _(
        "The stored secret was entered for another address and is used for no other one. Enter it again."
    ),
    "notice_broken": _("The message could not be put into words (%(kind)s). The log has the details."),
}
