"""Requests and answers that were recorded on the real MikoPBX. They are not part of the project."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

VARIABLE = "MIKOPBX_RECORDINGS"
_BESIDE = Path("shared") / "reference" / "mikopbx-recorded"

# What is a text for people, or another one each time: only its type is compared.
_FREE = frozenset(
    {"timestamp", "hash", "pid", "processor", "represent", "accessToken", "key", "key_display", "created_at", "message"}
    | {"type", "code", "metaData"}
)
_TEXTS = frozenset({"error", "errors", "info", "warning"})


@dataclass(frozen=True, slots=True)
class Recording:
    """One request and its answer; `status`, and `body` or (not JSON) None."""

    number: int
    case: str
    verb: str
    path: str
    key: str
    content_type: str
    content: str | None
    local: bool
    guarded: bool
    status: int
    body: Any


def folder() -> Path | None:
    """Return where the recordings are: as the environment says, or beside the checkout or one of its parents."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return next((each / _BESIDE for each in settings.BASE_DIR.parents if (each / _BESIDE).is_dir()), None)


def read(place: Path, first: int, last: int) -> Iterator[Recording]:
    """Yield the recordings with those numbers, in order; files that hold something else are passed over."""
    for file in sorted(place.glob("[0-9]*.json")):
        number, content = int(file.name[:3]), json.loads(file.read_text(encoding="utf-8"))
        if first <= number <= last and "case" in content:
            yield _recording(number, content)


def _recording(number: int, content: dict[str, Any]) -> Recording:
    request, response = content["request"], content["response"]
    headers = request["headers"]
    sent = json.dumps(request["json"]) if "json" in request else request.get("raw")
    return Recording(
        number=number,
        case=content["case"],
        verb=request["method"],
        path=request["path"],
        key=headers.get("Authorization", "").removeprefix("Bearer "),
        content_type=headers.get("Content-Type", ""),
        content=sent,
        local=request["seen_as"] == "localhost",
        guarded="filter on" in request["seen_as"],
        status=response["status"],
        body=response.get("json"),
    )


def comparable(value: Any, name: str = "") -> Any:
    """Return an answer with the types of texts in their place; field names, values and empty lists stay."""
    if isinstance(value, dict):
        return {key: comparable(entry, key) for key, entry in value.items()}
    if isinstance(value, list):
        return [comparable(entry, name) for entry in value]
    free = name in _FREE or name in _TEXTS or name.endswith("_represent")
    # Whether a text is empty is part of the answer's form.
    return (type(value).__name__, value == "") if free else value


def differences(theirs: Any, ours: Any, place: str) -> Iterator[str]:
    """Yield a line for each place where two answers differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        for key in theirs:
            yield from differences(theirs[key], ours[key], f"{place}, {key}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(one, other, f"{place}, {number}")
    elif theirs != ours:
        yield f"{place}: {theirs!r} was recorded, {ours!r} is answered"
