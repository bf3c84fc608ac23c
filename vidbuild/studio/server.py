"""The studio as an object: open it, reach its `app` in-process, close it.

Not for sockets: `serve` puts the same app on a port.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from vidbuild.clock import Clock, SystemClock
from vidbuild.diagnostics import Diagnostic, problem
from vidbuild.schema.api import Api, load_api
from vidbuild.studio.store import next_number, unusable

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from vidbuild.studio.delivering import Courier
    from vidbuild.studio.delivery_address import Reach
    from vidbuild.studio.rendering import Rendering

Render = Literal["draft", "simulated"]

DEFAULT_DATA = Path(".vidbuild/studio")
_WALLET = 100_000.0
# The host that an embedded studio's client knows it by.
_IN_PROCESS = "http://studio.localhost"
_ALWAYS = ("starlette", "python_multipart")
_DRAFTS = ("av", "PIL", "espeakng_loader")
# Words a second of a simulated voice: the common 150 words a minute.
_PACE = 2.5


class Studio:
    """An embedded HeyGen over one data folder, which several processes may share.

    `render="draft"` makes watchable drafts; `"simulated"` answers with a sample after
    `render_seconds` of the clock, in the mean: `render_spread` is the sigma of a lognormal
    distribution around it. `faults` says how often what goes wrong, by name (see `faults`).
    `seed` makes ids, lengths and faults repeat. `key` None accepts any key. `concurrency` is
    how many videos may be in progress. Opening is cheap: no process starts before the first
    job. What goes wrong with the folder later goes to `on_trouble`, and (VB805) what a draft could
    not show as it was asked for, with the id of its video.
    """

    app: ASGIApp

    def __init__(
        self,
        *,
        data: Path = DEFAULT_DATA,
        render: Render = "draft",
        concurrency: int = 10,
        render_seconds: float = 0.0,
        render_spread: float = 0.0,
        faults: Mapping[str, float] | None = None,
        replay_errors: bool = False,
        seed: int | None = None,
        clock: Clock | None = None,
        key: str | None = None,
        api: Api | None = None,
        wallet: float = _WALLET,
        workers: int | None = None,
        on_trouble: Callable[[Diagnostic], None] = lambda _: None,
    ) -> None:
        require_wheels(*_ALWAYS, *(_DRAFTS if render == "draft" else ()))
        self._data = data
        self._render = render
        self._concurrency = concurrency
        self._lengths = (render_seconds, render_spread)
        self._faults = faults or {}
        self._replay_errors = replay_errors
        self._seed = seed
        self._clock = clock or SystemClock()
        self._key = key
        self._api = api
        self._wallet = wallet
        self._workers = workers
        self._on_trouble = on_trouble
        self._served_at: str | None = None
        self._rendering: Rendering | None = None
        self._courier: Courier | None = None

    async def __aenter__(self) -> Self:
        from vidbuild.studio.app import make_app
        from vidbuild.studio.asset_calls import sweep
        from vidbuild.studio.delivering import Courier
        from vidbuild.studio.desk import Desk
        from vidbuild.studio.faults import Faults
        from vidbuild.studio.owners import Owner
        from vidbuild.studio.rendering import Rendering, processors
        from vidbuild.studio.store import guarded, open_store, signing_secret

        db = open_store(self._data, wallet=self._wallet)
        with guarded(self._data):
            sweep(self._data)
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
                home=self._served_at or _IN_PROCESS,
                faults=Faults(rates=self._faults, seed=self._word_of_seed()),
                replay_errors=self._replay_errors,
                trouble=self._trouble,
                remark=self._remark,
            )
            self._rendering = Rendering(self._desk, self._workers or processors())
            self._courier = Courier(self._desk, self._reach(), punctual=self._served_at is not None)
            self.app = make_app(self._desk)
            self._settle()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._courier is not None:
            await self._courier.close()
        if self._rendering is not None:
            await self._rendering.close()
        self._desk.owner.leave()
        self._desk.db.close()

    def serve_at(self, url: str) -> None:
        """Where the app will be reached, told before the studio is opened. A studio without an
        address delivers events to this machine only, and ends simulated videos when asked."""
        self._served_at = url

    def _reach(self) -> Reach:
        from vidbuild.studio.delivery_address import Reach
        from vidbuild.studio.hosts import loopback

        if self._served_at is None:
            return Reach.SELF
        return (
            Reach.EVERYWHERE
            if loopback(urlsplit(self._served_at).hostname or "")
            else Reach.OUTSIDE
        )

    @property
    def open_to_all(self) -> bool:
        """Whether any key is accepted."""
        return self._key is None

    def _settle(self) -> None:
        """Ends simulated renders whose time has come; sees that all other work goes on."""
        from vidbuild.studio import ending, videos

        for video in videos.due(self._desk.db, self._desk.now):
            ending.finish(
                self._desk,
                video,
                at=video.due_at or self._desk.now,
                duration=spoken_seconds(video.request),
                folder=None,
            )
        if self._rendering is not None and self._courier is not None:
            self._rendering.wake()
            self._courier.wake()

    def _trouble(self, error: Exception) -> Diagnostic:
        """What has gone wrong with the folder; its owner hears of it, too."""
        said = unusable(self._data, error)
        self._on_trouble(said)
        return said

    def _remark(self, video_id: str, said: str) -> None:
        """What a draft could not show as it was asked for."""
        self._on_trouble(Diagnostic(code="VB805", severity="warning", message=said, video=video_id))

    def _mint(self) -> str:
        if self._seed is None:
            return uuid.uuid4().hex
        return hashlib.sha256(f"{self._seed}:{next_number(self._desk.db)}".encode()).hexdigest()[
            :32
        ]

    def _word_of_seed(self) -> str:
        return secrets.token_hex(8) if self._seed is None else str(self._seed)

    def _due(self, video_id: str) -> float | None:
        if self._render == "draft":
            return None
        mean, sigma = self._lengths
        drawn = random.Random(f"{self._seed}:{video_id}").gauss(0.0, 1.0)  # noqa: S311 - a spread of times, no secret
        # The mean of a lognormal distribution is above its middle by this much.
        return self._desk.now + mean * math.exp(sigma * drawn - sigma * sigma / 2)


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
