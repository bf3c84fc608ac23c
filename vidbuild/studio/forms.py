"""One file out of a multipart form, straight to disk: into the studio's folder and nowhere else,
a piece at a time, and refused as soon as it is too large."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from vidbuild.studio.answers import ApiError, too_large

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# What may stand around the file: boundaries, heads of parts, other fields.
_FRAME = 64 * 1024
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it was sent: its name and type are what the sender says."""

    path: Path
    name: str
    mime: str | None
    size: int


@asynccontextmanager
async def uploaded(request: Request, folder: Path, limit: int) -> AsyncIterator[Upload]:
    """The form field `file`, at most `limit` bytes, in a file in `folder` that is removed at the
    end unless it has been moved. Raises ApiError (400, 413)."""
    path = folder / secrets.token_hex(8)
    try:
        with _opened(path) as target:
            form = _Form(request, target, limit)
            await form.read(request)
        yield form.upload(path)
    finally:
        path.unlink(missing_ok=True)


def _opened(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


class _Form:
    """What the parser tells, kept: the head of the part that is being read, and the file."""

    def __init__(self, request: Request, target: BinaryIO, limit: int) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise _wrong("The body has to be multipart/form-data.")
        self._target = target
        self._limit = limit
        self._parts = 0
        self._in_file = False
        self._head: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._found: tuple[str, str | None] | None = None
        self._size = 0
        self._whole = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError:
            raise _wrong("The form's boundary is none.") from None

    async def read(self, request: Request) -> None:
        around = 0
        try:
            async for piece in request.stream():
                before = self._size
                self._parser.write(piece)
                around += len(piece) - (self._size - before)
                if around > _FRAME:
                    raise too_large(self._limit)
        except FormParserError:
            raise _wrong("The form cannot be read.") from None
        if not self._whole:
            raise _wrong("The form breaks off.")

    def upload(self, path: Path) -> Upload:
        if self._found is None or self._size == 0:
            raise _wrong("Give one file in the form field `file`.")
        name, mime = self._found
        return Upload(path=path, name=name, mime=mime, size=self._size)

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._more,
            "on_header_end": self._line,
            "on_headers_finished": self._headed,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _wrong(f"The form has more than {_MOST_PARTS} parts.")
        self._head = {}
        self._in_file = False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _more(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _line(self) -> None:
        self._head[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headed(self) -> None:
        _, options = parse_options_header(self._head.get(b"content-disposition", b""))
        if options.get(b"name") != b"file" or b"filename" not in options:
            return
        if self._found is not None:
            raise _wrong("Give one file, not several.")
        mime = self._head.get(b"content-type")
        self._found = (_text(options[b"filename"]), None if mime is None else _text(mime))
        self._in_file = True

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            return
        self._size += end - start
        if self._size > self._limit:
            raise too_large(self._limit)
        self._target.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._whole = True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _wrong(message: str) -> ApiError:
    return ApiError(400, "invalid_parameter", message, param="file")
