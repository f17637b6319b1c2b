"""What is wrong with the values of a directory, and the remedy."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from syncapp.core.health import Ailment

TEMPLATES: dict[str, Promise] = {
    "health_number_twice": _("%(other)s has number %(value)s too. Take it from one of the two in “%(attribute)s”."),
    "health_mobile_twice": _(
        "%(other)s has mobile %(value)s too, so neither is recognised by it, and MikoPBX takes it once. Take it from one of the two in “%(attribute)s”."
    ),
    "health_email_twice": _(
        "%(other)s has the address %(value)s too, so neither is recognised by it. Correct one of the two in “%(attribute)s”."
    ),
    "health_off_with_number": _(
        "The account is switched off and still holds number %(value)s, which is given to nobody else meanwhile. When nobody needs it any more, empty “%(attribute)s”."
    ),
    "health_several": _(
        "“%(attribute)s” holds several values (%(value)s), of which none is taken. Keep one of them there."
    ),
    "health_missing": _("Nothing stands in “%(attribute)s”. Enter a value there."),
    "health_pbx_number": _(
        "Number %(value)s has more than 8 digits: MikoPBX cuts it. Enter a shorter one in “%(attribute)s”."
    ),
    "health_pbx_name": _("The name is longer than 100 characters: MikoPBX cuts it. Shorten it in “%(attribute)s”."),
    "health_pbx_url": _(
        "“%(value)s” begins like a web address: MikoPBX takes letters and spaces out of it. Write it otherwise in “%(attribute)s”."
    ),
    "health_pbx_script": _("“%(value)s” holds a script: MikoPBX removes it. Correct “%(attribute)s”."),
    "health_pbx_filter": _(
        "“%(value)s” looks like an attack to MikoPBX (quotes, “..”, words of SQL), and it refuses the whole person. Write it otherwise in “%(attribute)s”."
    ),
    "health_incomplete": _(
        "Only %(count)s people were looked at, for reading everybody takes too long here. The command looks at all: manage.py directory_health"
    ),
    "health_photos_incomplete": _(
        "Only %(count)s photos were looked at, for reading all takes too long here. The command looks at all: manage.py directory_health"
    ),
}

# Names of the kinds of findings.
AILMENT_LABELS: dict[Ailment, Promise] = {
    Ailment.NUMBER_TWICE: _("One number, two owners"),
    Ailment.MOBILE_TWICE: _("One mobile, two owners"),
    Ailment.EMAIL_TWICE: _("One e-mail address, two owners"),
    Ailment.OFF_WITH_NUMBER: _("Switched off, but holds a number"),
    Ailment.UNREADABLE: _("Cannot be read"),
    Ailment.SEVERAL: _("Several values"),
    Ailment.NAME_MISSING: _("No name"),
    Ailment.EMAIL_MISSING: _("No e-mail address"),
    Ailment.NUMBER_MISSING: _("No extension"),
    Ailment.PBX_CUTS: _("MikoPBX would change it"),
    Ailment.PBX_REFUSES: _("MikoPBX would refuse it"),
    Ailment.PHOTO: _("Photo that cannot be used"),
}
