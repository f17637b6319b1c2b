"""Forms of the admin site. One file per page; import them from here."""

from syncapp.forms.adding import FoundForm, NewServerForm
from syncapp.forms.employees import EmployeeForm
from syncapp.forms.notifications import NotificationChannelForm
from syncapp.forms.pools import EndpointPoolFormSet, NumberPoolForm
from syncapp.forms.servers import DirectoryServerForm, MappingFormSet

__all__ = [
    "DirectoryServerForm",
    "EmployeeForm",
    "EndpointPoolFormSet",
    "FoundForm",
    "MappingFormSet",
    "NewServerForm",
    "NotificationChannelForm",
    "NumberPoolForm",
]
