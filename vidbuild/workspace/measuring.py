"""Workspace and plan -> a plan with measured lengths: what is not known yet is spoken.

Nothing is rendered, and nothing is written but the cache.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from vidbuild import __version__
from vidbuild.diagnostics import Diagnostic, Problems
from vidbuild.plan.cost import expected_seconds
from vidbuild.plan.measure import Heard, Unheard, Utterance, measured, to_speak
from vidbuild.plan.model import Action, Plan
from vidbuild.plan.paces import Paces, learn_paces
from vidbuild.provider.model import Account, Expired, Refused, Speaker
from vidbuild.provider.partial import discard
from vidbuild.schema.rates import speech_price
from vidbuild.workspace.heard import Shelf
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.providing import guard_account, open_provider
from vidbuild.workspace.signals import terminable

_AT_ONCE = 4
_FREE = "studio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What has to be spoken before a plan can be measured, by key: `missing` is not in the cache.

    `seconds` and `cost_usd` are estimates for what is missing; a cost of None is not known.
    `private` are keys whose text is in private videos alone.
    """

    plan: Plan
    speaker: str
    paces: Paces
    missing: Mapping[str, Utterance]
    heard: Mapping[str, Heard | Unheard]
    private: frozenset[str]
    seconds: float
    cost_usd: float | None

    @property
    def free(self) -> bool:
        return not self.missing or self.cost_usd == 0.0


class Confirm(Protocol):
    """Asked once the account is known; raises to refuse."""

    def __call__(self, errand: Errand, account: Account | None, /) -> None: ...


def set_out(workspace: Workspace, plan: Plan) -> Errand:
    """What measuring a plan takes, found without a network."""
    api, provider = workspace.loaded.api, plan.provider
    paces = _paces(workspace, plan)
    shelf, speaker = Shelf(root=workspace.root), _speaker(workspace)
    missing: dict[str, Utterance] = {}
    heard: dict[str, Heard | Unheard] = {}
    open_, seconds = set(), 0.0
    for change, part, utterance in to_speak(api, plan.changes):
        key = utterance.key(speaker)
        if change.request is not None and not change.request.private:
            open_.add(key)
        if key in missing or key in heard:
            continue
        known = shelf.take(key)
        if known is not None:
            heard[key] = known
        else:
            missing[key] = utterance
            seconds += expected_seconds(api, part, provider, paces)
    return Errand(
        plan=plan,
        speaker=speaker,
        paces=paces,
        missing=missing,
        heard=heard,
        private=frozenset(missing.keys() - open_),
        seconds=seconds,
        cost_usd=0.0 if provider == _FREE else speech_price(api, seconds),
    )


def run_errand(
    workspace: Workspace,
    errand: Errand,
    *,
    confirm: Confirm,
    tell: Callable[[int], None],
    warn: Callable[[Diagnostic], None],
) -> Errand:
    """The errand with everything heard that can be; `tell` counts. What was heard before an
    interruption or a failure is in the cache. `warn` is told what is to be known of the
    credential, before anything is asked.

    Raises `Problems` for what no other text would escape: no key, no credit, no network.
    """
    if not errand.missing:
        return errand
    with asyncio.Runner() as runner:
        free = errand.free  # which is no matter of credentials
        opened = open_provider(workspace) if free else open_provider(workspace, remark=warn)
        provider = runner.run(opened.__aenter__())
        try:
            account = None
            if not free:
                account = runner.run(provider.account())
                guard_account(workspace, account)
            confirm(errand, account)
            heard = runner.run(_speak_all(Shelf(root=workspace.root), provider, errand, tell))
        finally:
            runner.run(opened.__aexit__(None, None, None))
    return replace(errand, missing={}, heard={**errand.heard, **heard})


def plan_of(workspace: Workspace, errand: Errand) -> Plan:
    """The errand's plan with what was heard, and with its causes at those prices."""

    def ear(utterance: Utterance) -> Heard | Unheard:
        return errand.heard[utterance.key(errand.speaker)]

    plan = measured(workspace.loaded.api, errand.plan, ear, errand.paces)
    if all(change.action is Action.unchanged for change in plan.changes):
        return plan
    from vidbuild.workspace.causing import with_causes

    return with_causes(workspace, plan)


async def _speak_all(
    shelf: Shelf, provider: Speaker, errand: Errand, tell: Callable[[int], None]
) -> dict[str, Heard | Unheard]:
    """A few at a time. After a failure nothing more is begun; what has begun is waited for."""
    heard: dict[str, Heard | Unheard] = {}
    waiting = iter(errand.missing.items())
    failures: list[BaseException] = []

    async def work() -> None:
        for key, utterance in waiting:
            try:
                keeps = key not in errand.private
                heard[key] = await _speak(shelf, provider, key, utterance, keeps=keeps)
            except (Problems, OSError) as error:
                failures.append(error)
            if failures:
                return
            tell(len(heard))

    with terminable():
        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    if failures:
        raise failures[0]
    return heard


async def _speak(
    shelf: Shelf, provider: Speaker, key: str, utterance: Utterance, *, keeps: bool
) -> Heard | Unheard:
    answer = await provider.speak(utterance.order)
    if isinstance(answer, Refused):
        return Unheard(why=f"refused [{answer.code}]", words=answer.message)
    recording = await _fetch(shelf, provider, key, answer.audio_url) if keeps else None
    return await asyncio.to_thread(shelf.keep, key, answer.seconds, recording)


async def _fetch(shelf: Shelf, provider: Speaker, key: str, url: str | None) -> Path | None:
    """The recording, or None: the length is paid for and stands without it."""
    if url is None:
        return None
    target = shelf.waiting(key)
    try:
        await provider.download(url, target)
    except (Problems, Expired):
        discard(target)
        return None
    except BaseException:
        discard(target)
        raise
    return target


def _paces(workspace: Workspace, plan: Plan) -> Paces:
    """The voices' own paces, for what is not measured and for the price of measuring."""
    if workspace.paces is not None:
        return workspace.paces
    wanted = [c.request.body for c in plan.changes if c.pays and c.request is not None]
    return learn_paces(workspace.loaded.api, workspace.lock, wanted)


def _speaker(workspace: Workspace) -> str:
    """Who speaks, as far as another one would speak otherwise."""
    provider, edition = workspace.loaded.project.provider.name, workspace.loaded.api.edition
    if provider == _FREE:
        from importlib.metadata import PackageNotFoundError, version

        with suppress(PackageNotFoundError):
            return f"{provider} {__version__} {version('espeakng-loader')} {edition}"
        return f"{provider} {__version__} {edition}"
    from vidbuild.provider.credentials import api_base

    return f"{provider} {api_base(os.environ)} {edition}"
