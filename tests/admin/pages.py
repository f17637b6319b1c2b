"""Reading pages and filling in forms as a browser does."""

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


def page(name: str, *args: Any, query: str = "") -> str:
    """Address of a page of the admin site; `name` without the site, such as `syncapp_employee_change`."""
    return reverse(f"admin:{name}", args=args) + (f"?{query}" if query else "")


def text(response: HttpResponse) -> str:
    return response.content.decode()


def posted(response: Any) -> dict[str, str]:
    """What a browser would send back of a form page that nobody touched."""
    form = response.context["adminform"].form
    data: dict[str, str] = {}
    for field in form:
        _take(data, field)
    for formset in response.context["inline_admin_formsets"]:
        for hidden in formset.formset.management_form:
            data[hidden.html_name] = str(hidden.value() or 0)
        for row in formset.formset.initial_forms:
            for field in row:
                _take(data, field)
    return data


def _take(data: dict[str, str], field: Any) -> None:
    value = field.field.prepare_value(field.value())
    widget = field.field.widget
    if hasattr(widget, "widgets"):
        values = [*(value or []), *[""] * len(widget.widgets)]
        for suffix, part in zip(widget.widgets_names, values, strict=False):
            data[f"{field.html_name}{suffix}"] = "" if part is None else part
    elif isinstance(value, bool):
        if value:
            data[field.html_name] = "on"
    else:
        data[field.html_name] = "" if value is None else str(value)
    if field.field.show_hidden_initial:
        data[field.html_initial_name] = field.form.data.get(field.html_initial_name, data[field.html_name])


def save(client: Client, name: str, pk: int, /, **changes: Any) -> Any:
    """Open the form of a row, change some inputs, send it."""
    address = page(name, pk)
    return client.post(address, {**posted(client.get(address)), **changes})


def errors(response: Any) -> str:
    """All that a refused form says, its rows included."""
    found = [message for messages in response.context["adminform"].form.errors.values() for message in messages]
    return " ".join([*found, *(str(rows.formset.errors) for rows in response.context["inline_admin_formsets"])])


def shown_names(response: Any) -> list[str]:
    """The rows of a list page, in its order, as the objects show themselves."""
    return [str(row) for row in response.context["cl"].result_list]
