"""An explanation as the JSON object that scripts read."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from syncapp.core.records import Message
from syncapp.core.vocabulary import OPAQUE_FIELDS
from syncapp.services.explain import Explanation, FieldTold, ServerTold
from syncapp.services.report import message_of


def as_object(explanation: Explanation) -> dict[str, Any]:
    """Texts are English whatever the language: codes and parameters are the contract."""
    return {
        "text": explanation.text,
        "found": explanation.found,
        "people": [
            {
                "server": server or None,
                "name": found.name,
                "extension": found.extension,
                "email": found.email,
                "dn": found.dn,
                "anchor": found.anchor,
            }
            for server, found in explanation.people
        ],
        "employee": explanation.employee_id,
        "facts": _steps(explanation.facts),
        "servers": [_server(told) for told in explanation.servers],
    }


def _server(told: ServerTold) -> dict[str, Any]:
    return {
        "server": told.server,
        "error": message_of(told.error.code, dict(told.error.params)) if told.error is not None else None,
        "steps": _steps(told.steps),
        "fields": [_field(each) for each in told.fields],
    }


def _field(told: FieldTold) -> dict[str, Any]:
    opaque = told.field in OPAQUE_FIELDS
    changed = told.changed
    return {
        "field": told.field.value,
        "attribute": told.attribute,
        "direction": told.direction,
        "policy": told.policy,
        "decision": told.decision,
        "pbx": told.local,
        "domain": list(told.remote),
        "foreign": list(told.foreign),
        "agreed": {"pbx": told.agreed[0], "domain": told.agreed[1]} if told.agreed is not None else None,
        "why": _step(told.why),
        "effects": _steps(told.effects),
        "changed": {
            "run": changed.run_id,
            "who": changed.who,
            "at": changed.at.astimezone(UTC).isoformat().replace("+00:00", "Z") if changed.at is not None else None,
            "side": changed.side,
            **({} if opaque else {"before": changed.before, "after": changed.after}),
        }
        if changed is not None
        else None,
    }


def _steps(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [_step(message) for message in messages]


def _step(message: Message) -> dict[str, Any]:
    params = dict(message.params)
    return {"code": message.code, "params": params, "message": message_of(message.code, params)["message"]}
