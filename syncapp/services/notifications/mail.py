"""Mail out, through the server that EMAIL_URL names."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.message import make_msgid

from syncapp.exceptions import SyncError
from syncapp.models import NotificationChannel
from syncapp.services.notifications.wording import Wording


def send_mail(channel: NotificationChannel, words: Wording, *, key: str = "") -> None:
    """Send one mail; raise SyncError where no mail server took it.

    With `key` the mail always has the same Message-ID: when it goes out twice, because
    a process was killed between sending and noting it, mail programs show it once.
    """
    if not settings.MAIL_IS_SET_UP:
        raise SyncError("mail_not_set_up")
    headers = {"Auto-Submitted": "auto-generated"}  # so that nobody's absence note answers
    headers["Message-ID"] = f"<ldapsync.{key}@{_domain()}>" if key else make_msgid(domain=_domain())
    mail = EmailMessage(words.subject, words.text, to=channel.addresses, headers=headers)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise SyncError("mail_addresses_refused", addresses=sorted(error.recipients)) from None
    except smtplib.SMTPAuthenticationError:
        raise SyncError("mail_login_refused") from None
    except smtplib.SMTPResponseException as error:
        raise SyncError("mail_refused", number=error.smtp_code) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise SyncError("mail_unreachable", kind=type(error).__name__) from None


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
