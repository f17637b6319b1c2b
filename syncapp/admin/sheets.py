"""Lists that can be downloaded as a sheet."""

from typing import Any

from django.urls import URLPattern, path

from syncapp.resources import SheetResource
from syncapp.views.sheets import export_list


class ExportMixin:
    """Puts links above the list that lead to its rows as a file, as they are filtered."""

    resource: type[SheetResource]
    opts: Any
    admin_site: Any
    list_before_template = "admin/syncapp/sheets.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(export_list)
        name = f"syncapp_{self.opts.model_name}_export"
        return [path("export/<str:format_name>/", view, {"page": self}, name=name), *super().get_urls()]  # type: ignore[misc]  # an admin class has it
