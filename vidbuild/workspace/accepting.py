"""What an apply may do: today's plan, a saved one, or what is left of one begun before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vidbuild.diagnostics import EXIT_MISMATCH, Problems, problem
from vidbuild.plan.build import build_plan
from vidbuild.plan.digest import carried_out, listed, sealed, unlisted
from vidbuild.plan.mask import masked
from vidbuild.plan.model import Plan
from vidbuild.plan.saved import CHANGED, FOREIGN, Saved, SavedVideo
from vidbuild.plan.situation import Situation, masked_fingerprint
from vidbuild.request.fingerprint import fingerprint
from vidbuild.request.model import Media, Request
from vidbuild.schema.api import Api
from vidbuild.schema.canonical import content
from vidbuild.state.pool import Member, Pool
from vidbuild.state.recorded import Accepted
from vidbuild.state.records import Render
from vidbuild.workspace.opened import Workspace, informed
from vidbuild.workspace.planning import (
    LocalFiles,
    PlanOptions,
    heading_of,
    make_plan,
    pool_of,
    unsure,
)

UNEXPECTED = "VB722"
STALE = "VB727"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan with the list that it stays within. `facts` are renders as the provider knew them
    when the list was made, to be written down before anything follows from them; `saved`: the
    plan was accepted before, whoever starts the apply."""

    workspace: Workspace
    plan: Plan
    accepted: Accepted
    delete_remote: bool = False
    download: bool = True
    facts: tuple[Render, ...] = ()
    saved: bool = False


def propose(workspace: Workspace, options: PlanOptions) -> Proposal:
    """Today's plan. Raises `Problems`."""
    plan = make_plan(workspace, options)
    items = listed(workspace.loaded.api, plan.changes, delete_remote=options.delete_remote)
    return Proposal(
        workspace=workspace,
        plan=plan,
        accepted=Accepted(digest=plan.digest, changes=sealed(items)),
        delete_remote=options.delete_remote,
        download=options.download,
    )


def propose_saved(workspace: Workspace, saved: Saved, *, file: str, download: bool) -> Proposal:
    """What is left to do of a saved plan: the decision table over its requests and today's
    records. Raises `Problems` (exit code 7) for a plan of something else, and for anything that
    would be done today and is not in its list.
    """
    _refuse_foreign(workspace, saved, file)
    workspace = informed(workspace, saved.facts)
    requests = {name: _request(workspace, saved, name, file) for name in sorted(saved.videos)}
    download = download and saved.download
    plan = _plan(workspace, saved, requests, download=download)
    items = listed(workspace.loaded.api, plan.changes, delete_remote=saved.delete_remote)
    accepted = sealed(saved.changes)
    surplus = unlisted(sealed(items), accepted)
    if surplus:
        raise _stale(
            f"{file} does not fit any more: by now it would take something else to bring about "
            f"{_some(surplus)}"
        )
    return Proposal(
        workspace=workspace,
        plan=plan,
        accepted=Accepted(digest=saved.digest, changes=accepted),
        delete_remote=saved.delete_remote,
        download=download,
        facts=saved.facts,
        saved=True,
    )


def expect(proposal: Proposal, digest: str) -> Proposal:
    """The proposal under an expected digest: its own, or that of an unfinished apply of whose
    list it is what is left. Raises `Problems` (exit code 7) for any other."""
    wanted = "sha256:" + digest.strip().lower().removeprefix("sha256:")
    if wanted == proposal.accepted.digest:
        return proposal
    if not proposal.saved:
        for begun in proposal.workspace.journal.applies:
            left_over = unlisted(proposal.accepted.changes, begun.changes)
            if begun.digest == wanted and not left_over:
                return replace(proposal, accepted=begun)
    raise problem(
        UNEXPECTED,
        f"this is not the plan that was expected: its digest is {proposal.accepted.digest}",
        hint="look at the plan again",
        exit_code=EXIT_MISMATCH,
    )


def tidy(workspace: Workspace) -> None:
    """Where nothing is left to do: an apply that was killed at its very end is over as well.

    What it has staged is removed, its list is closed, and its journal's log, which may still
    hold text, is folded.
    """
    from vidbuild.apply.staging import Staging

    Staging(workspace.output_dir).close()
    lock, journal, path = workspace.lock, workspace.journal, workspace.journal_path
    done = [begun for begun in journal.applies if carried_out(begun.changes, lock.videos)]
    if not done and not path.with_name(f"{path.name}-wal").exists():
        return
    from vidbuild.state.journal import Journal

    with Journal(path, project=workspace.loaded.project.name) as opened:
        for begun in done:
            opened.finish(begun)


def _refuse_foreign(workspace: Workspace, saved: Saved, file: str) -> None:
    project = workspace.loaded.project
    for what, theirs, ours in (
        ("project", saved.project, project.name),
        ("profile", saved.profile, project.profile),
        ("provider", saved.provider, project.provider.name),
    ):
        if theirs != ours:
            way = f"repeat with -p {theirs}" if theirs else "repeat without -p"
            raise problem(
                FOREIGN,
                f"{file} was made for {_named(what, theirs)}, not for {_named(what, ours)}",
                hint=way if what == "profile" else "apply it where it was made, or plan again",
                exit_code=EXIT_MISMATCH,
            )


def _named(what: str, value: str | None) -> str:
    return f"{what} {value}" if value is not None else f"no {what}"


def _plan(
    workspace: Workspace, saved: Saved, requests: Mapping[str, Request], *, download: bool
) -> Plan:
    loaded, pool = workspace.loaded, pool_of(workspace, requests)
    leaving = {item["name"] for item in saved.changes if item.get("do") == "delete"}
    situation = Situation(
        api=loaded.api,
        provider=saved.provider,
        requests=requests,
        lock=workspace.lock,
        pool=pool,
        files=LocalFiles(workspace, requests, download=download),
        selected=frozenset({*requests, *leaving, *saved.moved}),
        prune=bool(leaving),
        resubmit=frozenset(
            name
            for name, video in saved.videos.items()
            if _is_to_resubmit(loaded.api, pool, requests[name], video.abandons)
        ),
        unsure=unsure(workspace),
    )
    return build_plan(
        situation,
        heading=heading_of(workspace, saved.vars),
        delete_remote=saved.delete_remote,
    )


def _is_to_resubmit(api: Api, pool: Pool, request: Request, abandons: Iterable[Render]) -> bool:
    """Whether the renders that were to be given up are still all there is: what an earlier run
    of the same plan has sent since is not given up."""
    given = [found for render in abandons if (found := pool.find(render)) and _is_live(found)]
    content = request.fingerprint, masked_fingerprint(api, request)
    return bool(given) and all(
        member in given for member in pool.of(*content) if _is_live(member) or member.finished
    )


def _is_live(member: Member) -> bool:
    return member.in_flight or member.failed


def _request(workspace: Workspace, saved: Saved, name: str, file: str) -> Request:
    """The request of a saved video; private text from today's sources, where it has to be as it
    was. What is protected today stays so."""
    video, today = saved.videos[name], workspace.loaded.requests.get(name)
    if video.private:
        return _resolved(workspace, name, video, today, file)
    api = workspace.loaded.api
    form = content(api, video.request)
    request = Request(
        name=name,
        body=video.request,
        content=form,
        fingerprint=fingerprint(
            form, provider=saved.provider, operation=api.operation, revision=video.revision
        ),
        provider=saved.provider,
        revision=video.revision,
        media={path: _inside(workspace, media, file) for path, media in video.media.items()},
        protect=video.protect or (today is not None and today.protect),
        ignore_changes=video.ignore_changes,
    )
    if request.fingerprint != video.fingerprint:
        raise _stale(f"{file}: the content of {name} is another one under today's API spec")
    return request


def _resolved(
    workspace: Workspace, name: str, video: SavedVideo, today: Request | None, file: str
) -> Request:
    if (
        today is None
        or not today.private
        or today.fingerprint != video.fingerprint
        or masked(workspace.loaded.api.request, today.body) != video.request
    ):
        raise _stale(
            f"{file}: {name} is private, so its text is not in the plan, and today's sources say "
            "something else"
        )
    return today


def _inside(workspace: Workspace, media: Media, file: str) -> Media:
    """A local file is only ever sent from where the project may read."""
    sources = workspace.loaded.sources
    path = (sources.root / media.file).resolve()
    if not any(path.is_relative_to(area) for area in (sources.root, *sources.roots.values())):
        raise problem(
            CHANGED, f"{file} names a file outside the project: {media.file}",
            hint="plan again", exit_code=EXIT_MISMATCH,
        )  # fmt: skip
    return media


def _stale(message: str) -> Problems:
    return problem(STALE, message, hint="plan again, and look at it", exit_code=EXIT_MISMATCH)


def _some(names: tuple[str, ...], shown: int = 5) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
