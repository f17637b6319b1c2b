"""Tables that are downloaded, written as they are read."""

from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse
from django.utils import translation


def download(lines: Iterable[str], name: str) -> StreamingHttpResponse:
    """Return a CSV file of these lines, whose texts are made in the language of this request."""
    language = translation.get_language()

    def encoded() -> Iterator[bytes]:
        # Written after the request's language has been put aside.
        with translation.override(language):
            for line in lines:
                yield line.encode()

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(encoded(), content_type="text/csv; charset=utf-8", headers=headers)
