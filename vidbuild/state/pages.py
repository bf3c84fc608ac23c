"""A long text of named blocks in the order of their names, kept from one version to the next.

Of thousands of blocks a few change at a time. They lie in pages of some tens, so that neither
making a version nor writing it goes through every block, and none is held twice. Not for what
a block says.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

_FULL = 64  # blocks of a page; beyond that it becomes two


@dataclass(slots=True)
class _Page:
    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)

    def put(self, name: str, block: bytes) -> None:
        at, old = self._find(name)
        start = sum(self.sizes[:at])
        self.data[start : start + (self.sizes[at] if old else 0)] = block
        self.names[at : at + old] = [name]
        self.sizes[at : at + old] = [len(block)]

    def drop(self, name: str) -> None:
        at, old = self._find(name)
        start = sum(self.sizes[:at])
        del self.data[start : start + sum(self.sizes[at : at + old])]
        del self.names[at : at + old], self.sizes[at : at + old]

    def split(self) -> _Page:
        """Leaves the first half here, and gives the other."""
        half = len(self.names) // 2
        start = sum(self.sizes[:half])
        rest = _Page(self.names[half:], self.sizes[half:], self.data[start:])
        del self.names[half:], self.sizes[half:], self.data[start:]
        return rest

    def _find(self, name: str) -> tuple[int, int]:
        """Where the name belongs, and how many of it are there: one or none."""
        at = bisect_left(self.names, name)
        return at, int(self.names[at : at + 1] == [name])


class Pages:
    """Blocks of bytes by name. Iterating gives the text in pieces, which is not to be changed
    meanwhile."""

    def __init__(self) -> None:
        self._pages = [_Page()]
        self._firsts = [""]  # the least name that a page may hold

    def __iter__(self) -> Iterator[bytes | bytearray]:
        return (page.data for page in self._pages if page.names)

    def put(self, name: str, block: bytes) -> None:
        """The block of a name, new or in place of its old one."""
        at = self._at(name)
        page = self._pages[at]
        page.put(name, block)
        if len(page.names) > _FULL:
            rest = page.split()
            self._pages.insert(at + 1, rest)
            self._firsts.insert(at + 1, rest.names[0])

    def drop(self, name: str) -> None:
        """The name and its block, if it is there."""
        self._pages[self._at(name)].drop(name)

    def _at(self, name: str) -> int:
        return bisect_right(self._firsts, name) - 1
