"""Plan and apply in a row, over made-up projects: what always holds, whatever is edited."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.plan.office import Office, content_of
from tests.plan.sequences import Step, carried_out, fields, one_case, projects, steps
from tests.plan.worlds import request
from vidbuild.plan.model import Action, Plan
from vidbuild.request.model import Request
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Entry, Lock, Status

IDLE = {Action.unchanged, Action.orphan, Action.hold}
SEQUENCE = st.lists(steps(), min_size=1, max_size=5)


def busy(plan: Plan) -> list[str]:
    """What a plan has left to do."""
    return [c.name for c in plan.changes if c.action not in IDLE and c.reason != "gave_up"]


def alive(office: Office) -> Counter[str]:
    """How many jobs of each content did not fail."""
    return Counter(print_ for print_, end in office.jobs.values() if end is not Status.failed)


@given(SEQUENCE)
def test_at_most_one_job_that_did_not_fail_for_a_content(sequence: list[Step]) -> None:
    """What was pruned is forgotten, and may be paid for again; nothing else ever is."""
    office = Office()
    for step in sequence:
        list(carried_out(office, replace(step, prune=False)))
    assert all(count == 1 for count in alive(office).values())


@given(SEQUENCE, st.booleans())
def test_nothing_is_left_to_do_after_a_whole_apply(sequence: list[Step], forget: bool) -> None:
    """Also where the journal is lost before and after it."""
    office = Office()
    for step in sequence:
        list(carried_out(office, step))
    last = replace(sequence[-1].finishing(), select=())
    if forget:
        office.journal = Recorded()
    changes = list(carried_out(office, last))
    if forget:
        office.journal = Recorded()
    left = {*last.wanted, *office.lock(last.sources()).videos} & {c.name for c in changes}
    if not left:
        return
    again = office.plan(last.sources(), prune=last.prune, select=sorted(left))
    # What was in flight under a name that is gone has ended by now: only then can it be pruned.
    waited = {c.name for c in changes if c.reason == "in_flight_orphan"}
    assert set(busy(again)) <= waited


@given(SEQUENCE)
def test_what_is_not_selected_stays_as_it_is(sequence: list[Step]) -> None:
    office = Office()
    for step in sequence:
        before = office.lock(step.sources()).videos
        others = {p: lock for p, lock in office.locks.items() if p != step.profile}
        touched = {n for c in carried_out(office, step) for n in (c.name, *c.moves)}
        assert not step.select or touched <= set(step.select)
        after = office.lock(step.sources()).videos
        for name in (before.keys() | after.keys()) - touched:
            assert after[name] == before[name]
        assert others == {p: lock for p, lock in office.locks.items() if p != step.profile}


@given(SEQUENCE)
def test_protected_names_keep_their_video_and_file(sequence: list[Step]) -> None:
    office = Office()
    for step in sequence:
        before = office.lock(step.sources()).videos
        list(carried_out(office, step))
        after = office.lock(step.sources()).videos
        for name, entry in before.items():
            wanted = step.wanted.get(name)
            if wanted is None or not (wanted.protect and entry.protect):
                continue
            if entry.render.status is Status.completed:
                assert after[name].render.video_id == entry.render.video_id
                path = f"{name}.mp4"
                assert office.files[step.profile, path] == content_of(entry.render)


@given(SEQUENCE)
def test_files_are_their_videos_and_no_two_names_share_one(sequence: list[Step]) -> None:
    office = Office()
    for step in sequence:
        list(carried_out(office, step))
        live = {n: e for n, e in office.lock(step.sources()).videos.items() if n in step.wanted}
        paths = [path.casefold() for entry in live.values() for path in _paths(entry)]
        assert len(paths) == len(set(paths))
        for entry in live.values():
            if entry.render.status is Status.completed:
                for path in _paths(entry):
                    assert office.files[step.profile, path] == content_of(entry.render)


def _paths(entry: Entry) -> list[str]:
    return [output.path for output in entry.render.outputs.values() if output is not None]


@given(SEQUENCE, st.integers(1, 3))
def test_a_history_keeps_so_many_finished_ones_and_all_in_flight(
    sequence: list[Step], keep: int
) -> None:
    office = Office()
    for step in sequence:
        before = office.lock(step.sources()).videos
        changes = list(carried_out(office, step, keep_history=keep))
        after = office.lock(step.sources()).videos
        for entry in after.values():
            kept = Counter(render.status.in_flight for render in entry.history)
            assert kept[False] <= keep
            assert all(render.status is not Status.failed for render in entry.history)
        ids = {r.video_id for e in after.values() for r in (e.render, *e.history)}
        deleted = {c.name for c in changes if c.action is Action.delete}
        for name in before.keys() - deleted:
            flying = [r for r in (before[name].render, *before[name].history) if r.key]
            assert {r.video_id for r in flying} <= ids


@given(st.data(), st.integers(1, 4))
def test_going_back_renders_nothing(data: st.DataObject, keep: int) -> None:
    """Names change at most `keep_history` times each, with a lock and no journal at all."""
    chosen = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, unique=True))
    past: list[dict[str, Request]] = []
    office = Office()
    for _ in range(keep + 1):
        wanted = {name: plain(request(name, **data.draw(fields))) for name in chosen}
        past.append(wanted)
        list(carried_out(office, Step(wanted=wanted), keep_history=keep))
        office.journal = Recorded()
    back = past[data.draw(st.integers(0, keep))]
    plan = office.plan(Step(wanted=back).sources(keep))
    assert plan.summary.renders == 0
    assert {c.action for c in plan.changes} <= {Action.unchanged, Action.update, Action.reuse}


def plain(video: Request) -> Request:
    """Free to be rendered: what is ignored or protected keeps what it has."""
    return replace(video, protect=False, ignore_changes=())


@given(projects(), st.permutations(["a", "b", "c/d", "c/e", "z"]), st.data())
def test_permuted_names_render_and_delete_nothing(
    wanted: dict[str, Request], order: list[str], data: st.DataObject
) -> None:
    office = Office()
    wanted = {name: plain(video) for name, video in wanted.items()}
    sources = Step(wanted=wanted).sources()
    office.apply(sources)
    if data.draw(st.booleans()):
        office.journal = Recorded()
    renamed = dict(zip(["a", "b", "c/d", "c/e", "z"], order, strict=True))
    shouting = data.draw(st.sets(st.sampled_from(order)))
    to = {n: renamed.get(n.casefold(), n) for n in wanted}
    to = {n: m.upper() if m in shouting else m for n, m in to.items()}
    moved = Step(wanted={m: replace(wanted[n], name=m) for n, m in to.items()}).sources()
    before = {n: e.fingerprint for n, e in office.lock(sources).videos.items()}
    plan = office.plan(moved, prune=True)
    assert plan.summary.renders == 0
    assert Action.delete not in {c.action for c in plan.changes}
    jobs = len(office.jobs)
    office.apply(moved, plan)
    assert len(office.jobs) == jobs
    assert busy(office.plan(moved, prune=True)) == []
    for name, entry in office.lock(moved).videos.items():
        [origin] = [n for n, m in to.items() if m == name]
        assert entry.fingerprint == before[origin]
        assert office.files[None, f"{name}.mp4"] == content_of(entry.render)


@given(SEQUENCE, st.randoms(use_true_random=False))
def test_a_plan_depends_on_no_order(sequence: list[Step], random: Any) -> None:
    office = Office()
    for step in sequence:
        list(carried_out(office, step))
    step = sequence[-1]
    plan = office.plan(step.sources(), prune=step.prune)
    other = office.copy()
    for profile, lock in office.locks.items():
        videos = list(lock.videos.items())
        random.shuffle(videos)
        other.locks[profile] = Lock(project=lock.project, videos=dict(videos))
    renders = list(office.journal.renders)
    random.shuffle(renders)
    other.journal = replace(office.journal, renders=tuple(renders))
    shuffled = list(step.wanted.items())
    random.shuffle(shuffled)
    sources = replace(step, wanted=dict(shuffled)).sources()
    assert other.plan(sources, prune=step.prune) == plan


@given(SEQUENCE, st.sampled_from(["missing", "altered"]))
def test_the_digest_is_the_same_with_and_without_files_and_journal(
    sequence: list[Step], files: str
) -> None:
    """As on a machine that has the commit and nothing else."""
    office = Office()
    for step in sequence:
        list(carried_out(office, step.finishing()))
    step = sequence[-1]
    digest = office.plan(step.sources(), prune=step.prune, delete_remote=True).digest
    there = {} if files == "missing" else dict.fromkeys(office.files, "0" * 64)
    elsewhere = replace(office.copy(), files=there, journal=Recorded())
    assert elsewhere.plan(step.sources(), prune=step.prune, delete_remote=True).digest == digest


@given(SEQUENCE)
def test_only_ids_that_nothing_else_needs_are_deleted_remotely(sequence: list[Step]) -> None:
    office = Office()
    for step in sequence:
        sources = step.sources()
        plan = office.plan(sources, prune=True, delete_remote=True)
        leaving = {c.name: c for c in plan.changes if c.action is Action.delete}
        gone = {i for c in leaving.values() if not c.protected for i in c.deletes}
        kept = {
            r.video_id
            for profile, lock in office.locks.items()
            for name, e in lock.videos.items()
            if profile != step.profile or name not in leaving or leaving[name].protected
            for r in (e.render, *e.history)
        }
        taken = {c.render.video_id for c in plan.changes if c.render and c.name not in leaving}
        assert not gone & (kept | taken)
        assert all(office.jobs[i][1] is not Status.submitted for i in gone if i)
        assert all(not c.deletes for c in plan.changes if c.action is not Action.delete)
        list(carried_out(office, step))


@given(projects(), st.data())
def test_what_says_nothing_pays_nothing(wanted: dict[str, Request], data: st.DataObject) -> None:
    """Metadata, written-out defaults, build keys and ignored fields, all at once."""
    office = Office()
    office.apply(Step(wanted=wanted).sources())
    edited = {}
    for name, old in wanted.items():
        body = dict(old.body)
        for field in old.ignore_changes:
            body[field] = data.draw(st.sampled_from(["Other.", "720p"]))
        more = {
            "title": data.draw(st.sampled_from(["V", None])),
            "callback_id": data.draw(st.sampled_from(["x", None])),
            "aspect_ratio": data.draw(st.sampled_from(["16:9", None])),
            "voice_settings": data.draw(st.sampled_from([{"speed": 1.0, "pitch": 0}, {}, None])),
            "ignore_changes": old.ignore_changes,
            "protect": data.draw(st.booleans()),
            "private": data.draw(st.booleans()),
            "tags": frozenset({"t"}),
        }
        edited[name] = request(name, **{**body, **more})
    sources = Step(wanted=edited).sources()
    plan = office.plan(sources)
    assert {c.action for c in plan.changes} <= {Action.unchanged, Action.update}
    office.apply(sources, plan)
    assert busy(office.plan(sources)) == []


def test_names_that_differ_by_case_alone_are_never_in_one_project() -> None:
    assert one_case(["a", "A", "b"]) == ["A", "b"]


def test_what_is_ignored_is_never_recorded_as_rendered() -> None:
    """A private video is made public while one of its fields is ignored: the lock goes on
    saying what was rendered, so that another name is given the right video."""
    office = Office()
    ends = [
        {"b": request("b", "One.", private=True)},
        {"b": request("b", "One.", resolution="4k", ignore_changes=("resolution",))},
        {"a": request("a", "One.")},
        {"a": request("a", "One."), "b": request("b", "One.", resolution="4k")},
    ]
    for wanted in ends:
        list(carried_out(office, Step(wanted=wanted)))
    assert len(office.jobs) == 2


def test_a_hidden_text_that_is_ignored_is_found_again() -> None:
    office = Office()
    texts = [("One.", True, ()), ("Two.", False, ("script",)), ("One.", False, ())]
    for script, private, ignored in texts:
        step = Step(wanted={"b": request("b", script, private=private, ignore_changes=ignored)})
        list(carried_out(office, step))
        assert busy(office.plan(step.sources())) == []
    assert office.locks[None].videos["b"].request["script"] == "One."
    assert len(office.jobs) == 1
