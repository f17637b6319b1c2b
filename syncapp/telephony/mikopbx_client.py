"""HTTP to MikoPBX: one request after the other, within the budget, to one host and to no other.

Odd things that were measured on the real one, and what is done about them:
a time-out answers 400 and the write may be done all the same, so it is never
repeated blindly; the request filter and the limit of requests answer in plain text;
401 is all that one hears of a missing right; JSON goes out as UTF-8, for the filter
takes the backslash of an ASCII escape for an attack.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from syncapp.exceptions import TelephonyAnswerError, TelephonyUnavailableError
from syncapp.telephony import errors
from syncapp.telephony.budget import RequestBudget
from syncapp.telephony.config import PhoneConfig, address_of
from syncapp.telephony.tls import tls_context

ROOT = "/pbxcore/api/v3"
_TRIES = 3
# In no language but this one: it comes from the database itself.
_LOCKED = "database is locked"
_BUSY = (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.BAD_GATEWAY)
_MAY_FOLLOW = (httpx.codes.OK, httpx.codes.CREATED, httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY)
# Answers of the API's own code; the router's know no `result`.
_OWN = "result"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API's own code. `errors` are texts for people, in the box's language: nothing is decided by them.

    `filtered`: what stands in front of the API took the request for an attack.
    """

    status: int
    data: Any = None
    errors: tuple[str, ...] = ()
    filtered: bool = False

    @property
    def ok(self) -> bool:
        return self.status in (httpx.codes.OK, httpx.codes.CREATED)


class UncertainError(Exception):
    """The request reached the box, and nobody knows whether it was or will be carried out. `sent_at` by the clock."""

    def __init__(self, sent_at: float, error: TelephonyUnavailableError) -> None:
        super().__init__("uncertain")
        self.sent_at = sent_at
        self.error = error


class MikoPbxClient:
    """A connection to one box."""

    def __init__(
        self,
        config: PhoneConfig,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        host, port = address_of(config.url)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"https://{shown}:{port}"
        self.clock = clock
        self.sleep = sleep
        self.config = config
        self._budget = RequestBudget(
            config.requests_per_minute,
            url=self.url,
            clock=clock,
            sleep=sleep,
            share=config.share,
            while_waiting=config.while_waiting,
        )
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {config.api_key}"},
            verify=tls_context(config),
            timeout=httpx.Timeout(config.answer_timeout, connect=config.connect_timeout),
            follow_redirects=False,  # the key goes to the host that it was entered for, and to no other
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **query: str) -> Reply:
        """Read something; repeated while the box is busy, for reading changes nothing."""
        for left in reversed(range(_TRIES)):
            try:
                reply = self._ask("GET", path, query=query)
            except UncertainError as exc:
                if not left:
                    raise exc.error from None
            else:
                if reply is not None:
                    return reply
            if left:
                self.sleep(self.config.pause)
        raise TelephonyUnavailableError("phone_overloaded", retryable=True, url=self.url, status=503)

    def send(self, verb: str, path: str, body: Mapping[str, Any]) -> Reply:
        """Change something. Repeated only where the box said that nothing was done.

        Raise UncertainError where it may have been: the caller looks before it goes on.
        """
        for left in reversed(range(_TRIES)):
            reply = self._ask(verb, path, body=body)
            if reply is not None:
                return reply
            if left:
                self.sleep(self.config.pause)
        raise TelephonyUnavailableError("phone_locked", retryable=True, url=self.url)

    def picture(self, path: str) -> bytes | None:
        """Return the file at a path of the web server; None where there is none. It needs no key, and gets none."""
        try:
            answer = self._exchange(self._http.build_request("GET", path, headers={"Authorization": ""}))
        except _SentError as exc:
            raise exc.error from None
        return answer.content if answer.status_code == httpx.codes.OK else None

    def _ask(self, verb: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None) -> Reply | None:
        """Return the answer; None where the box was too busy and did nothing."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        sent_at = self.clock()
        request = self._http.build_request(verb, f"{ROOT}{path}", params=query, content=content, headers=headers)
        try:
            answer = self._exchange(request)
        except _SentError as exc:
            raise UncertainError(sent_at, exc.error) from None
        status = answer.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise self._budget.shut_out()
        if status == httpx.codes.FORBIDDEN and (body or query):
            return Reply(status, filtered=True)
        if status in _BUSY:
            return None
        content_of = _envelope(answer)
        if status == httpx.codes.BAD_REQUEST and content_of is not None:
            silent = TelephonyUnavailableError("phone_worker_silent", retryable=True, url=self.url)
            raise UncertainError(sent_at, silent)
        if status not in _MAY_FOLLOW or content_of is None:
            raise errors.of_status(status, url=self.url, path=path, location=answer.headers.get("Location", ""))
        reply = Reply(status, content_of.get("data"), _texts(content_of.get("messages")))
        return None if any(_LOCKED in text for text in reply.errors) else reply

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        self._budget.wait()
        try:
            return self._http.send(request)
        except httpx.HTTPError as exc:
            error, sent = errors.translated(exc, url=self.url), errors.was_sent(exc)
        if sent and isinstance(error, TelephonyUnavailableError):
            raise _SentError(error)
        raise error


class _SentError(Exception):
    def __init__(self, error: TelephonyUnavailableError) -> None:
        super().__init__("sent")
        self.error = error


def _envelope(answer: httpx.Response) -> dict[str, Any] | None:
    """Return what the API's own code said; None for the router's answers and for what is no JSON."""
    try:
        content = answer.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) and _OWN in content else None


def _texts(messages: Any) -> tuple[str, ...]:
    """Return the texts of a refusal: a list, an object field -> key, one text, or nothing."""
    found = messages.get("error", []) if isinstance(messages, dict) else []
    if isinstance(found, dict):
        return tuple(f"{name}: {text}" for name, text in found.items())
    return tuple(map(str, found)) if isinstance(found, list) else (str(found),)


def rows_of(reply: Reply, *, url: str, path: str) -> list[Any]:
    """Return the rows of a list, all of them, or raise TelephonyAnswerError: a short list would read as people gone."""
    data = reply.data
    if isinstance(data, dict) and isinstance(data.get("data"), list):
        rows: list[Any] = data["data"]
        if data.get("recordsTotal") != len(rows):
            raise TelephonyAnswerError(
                "phone_list_incomplete", url=url, rows=len(rows), announced=data.get("recordsTotal", "-")
            )
    elif isinstance(data, list):
        rows = data
    else:
        raise TelephonyAnswerError("phone_answer_unexpected", url=url, path=path, status=reply.status)
    return rows
