"""A local file on its way to the provider: read piece by piece, and whole only if it is the
planned one.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

from vidbuild.diagnostics import Problems
from vidbuild.provider import failures

_PIECE = 256 * 1024


class Checked:
    """An open file as an HTTP library reads it. The last piece is handed out only where all of
    them together have the digest: another content never arrives, whatever happens to the file
    meanwhile.

    `trouble` is what ended the reading; a server that shares this process may swallow it.
    """

    def __init__(self, file: BinaryIO, sha256: str) -> None:
        self.bytes = os.fstat(file.fileno()).st_size
        self.trouble: Problems | None = None
        self._file = file
        self._sha256 = sha256
        self._begin()

    def read(self, size: int = _PIECE) -> bytes:
        """Raises `Problems` (VB609) where the file is not, or no longer, the planned one."""
        try:
            piece = self._file.read(max(0, min(size, self.bytes - self._read)))
        except OSError as error:
            raise self._ended(failures.unread(error)) from None
        self._digest.update(piece)
        self._read += len(piece)
        whole = self._read == self.bytes
        if not piece and not whole:
            raise self._ended(failures.changed())
        if whole and self._digest.hexdigest() != self._sha256:
            raise self._ended(failures.changed())
        return piece

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To the beginning, or to the end to learn the length."""
        if whence == io.SEEK_END:
            return self.bytes
        if offset == 0:
            self._begin()
        return self._read

    def tell(self) -> int:
        return self._read

    async def pieces(self) -> AsyncIterator[bytes]:
        """The whole file from its beginning."""
        self.seek(0)
        while piece := await asyncio.to_thread(self.read):
            yield piece

    def _begin(self) -> None:
        self._file.seek(0)
        self._read = 0
        self._digest = hashlib.sha256()

    def _ended(self, problems: Problems) -> Problems:
        self.trouble = problems
        return problems
