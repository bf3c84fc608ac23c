"""The studio as an object: open it, reach its `app` in-process, close it.

Not for sockets: `serve` puts the same app on a port.
"""

from __future__ import annotations

import hashlib
import random
import re
import uuid
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from vidbuild.clock import Clock, SystemClock
from vidbuild.diagnostics import problem
from vidbuild.schema.api import Api, load_api
from vidbuild.schema.rates import price
from vidbuild.studio.store import next_number

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from vidbuild.studio.rendering import Rendering

Render = Literal["draft", "simulated"]

DEFAULT_DATA = Path(".vidbuild/studio")
_WALLET = 100_000.0
_ALWAYS = ("starlette", "python_multipart")
_DRAFTS = ("av", "PIL", "espeakng_loader")
# Words a second of a simulated voice: the common 150 words a minute.
_PACE = 2.5


class Studio:
    """An embedded HeyGen over one data folder, which several processes may share.

    `render="draft"` makes watchable drafts; `"simulated"` answers with a sample after
    `render_seconds` of the clock (spread by half around that, where there is a `seed`).
    `seed` also makes ids repeat. `key` None accepts any key. `concurrency` is how many
    videos may be in progress. Opening is cheap: no process starts before the first job.
    """

    app: ASGIApp

    def __init__(
        self,
        *,
        data: Path = DEFAULT_DATA,
        render: Render = "draft",
        concurrency: int = 10,
        render_seconds: float = 0.0,
        seed: int | None = None,
        clock: Clock | None = None,
        key: str | None = None,
        api: Api | None = None,
        wallet: float = _WALLET,
        workers: int | None = None,
    ) -> None:
        require_wheels(*_ALWAYS, *(_DRAFTS if render == "draft" else ()))
        self._data = data
        self._render = render
        self._concurrency = concurrency
        self._render_seconds = render_seconds
        self._seed = seed
        self._clock = clock or SystemClock()
        self._key = key
        self._api = api
        self._wallet = wallet
        self._workers = workers
        self._rendering: Rendering | None = None

    async def __aenter__(self) -> Self:
        from vidbuild.studio.app import make_app
        from vidbuild.studio.desk import Desk
        from vidbuild.studio.owners import Owner
        from vidbuild.studio.rendering import Rendering, processors
        from vidbuild.studio.store import open_store, signing_secret

        db = open_store(self._data, wallet=self._wallet)
        self._desk = Desk(
            db=db,
            api=self._api or load_api(),
            folder=self._data.resolve(),
            owner=Owner(self._data / "owners"),
            clock=self._clock,
            key=self._key,
            concurrency=self._concurrency,
            secret=signing_secret(db),
            mint=self._mint,
            due=self._due,
            settle=self._settle,
        )
        self._rendering = Rendering(self._desk, self._workers or processors(), self._charge)
        self.app = make_app(self._desk)
        self._settle()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._rendering is not None:
            await self._rendering.close()
        self._desk.owner.leave()
        self._desk.db.close()

    @property
    def open_to_all(self) -> bool:
        """Whether any key is accepted."""
        return self._key is None

    def _settle(self) -> None:
        """Ends simulated renders whose time has come; sees that real ones go on."""
        from vidbuild.studio import videos

        for video in videos.due(self._desk.db, self._desk.now):
            seconds = spoken_seconds(video.request)
            videos.complete(
                self._desk.db,
                video.video_id,
                at=video.due_at or self._desk.now,
                duration=seconds,
                charge=self._charge(video.request, seconds),
                folder=None,
            )
        if self._rendering is not None:
            self._rendering.wake()

    def _mint(self) -> str:
        if self._seed is None:
            return uuid.uuid4().hex
        return hashlib.sha256(f"{self._seed}:{next_number(self._desk.db)}".encode()).hexdigest()[
            :32
        ]

    def _due(self, video_id: str) -> float | None:
        if self._render == "draft":
            return None
        spread = 1.0
        if self._seed is not None:
            spread = random.Random(f"{self._seed}:{video_id}").uniform(0.5, 1.5)  # noqa: S311 - a spread of times, no secret
        return self._desk.now + self._render_seconds * spread

    def _charge(self, request: Mapping[str, Any], seconds: float) -> float:
        """What a render costs by the list: the middle where that depends on the avatar, which
        is what a lock records as well."""
        listed = price(self._desk.api, dict(request), seconds)
        return 0.0 if listed is None else round(sum(listed) / 2, 4)


def require_wheels(*modules: str) -> None:
    """Raises `Problems` where the extra is not installed."""
    lacking = [module for module in modules if find_spec(module) is None]
    if lacking:
        raise problem(
            "VB801",
            f"the studio needs packages that are not installed: {', '.join(lacking)}",
            hint="pip install 'vidbuild[studio]'",
        )


def spoken_seconds(request: Mapping[str, Any]) -> float:
    """How long a simulated video lasts: its duration fields, or the words of its scripts."""
    fixed = [float(v) for v in _values(request, "duration") if isinstance(v, int | float)]
    words = sum(
        len(re.sub(r"<[^>]*>", " ", text).split())
        for text in _values(request, "script")
        if isinstance(text, str)
    )
    return max(1.0, round(sum(fixed) + words / _PACE, 1))


def _values(node: Any, wanted: str) -> Iterator[Any]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == wanted:
                yield value
            else:
                yield from _values(value, wanted)
    elif isinstance(node, list):
        for item in node:
            yield from _values(item, wanted)
