"""The manager's service: the queue behind the shell of a node, so that a whole farm looks like one.

    front    `Manager` is a `Node` whose engine is the farm (`QueueNode`): connections, scenes, names, pictures and
             events are the node's own code; a job that is to be rendered becomes one of the queue (`QueuedRun`)
    office   the desk: what happens is decided and stored there, in a thread of its own
    back     effects become orders to nodes, and work on films, in the order in which they came (`Back`)

A job is stored with API_Render; what is only described belongs to its connection, or to this process, as on a node.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from heapq import nlargest
from pathlib import Path
from typing import Any, TypeVar

from lrnap.engine import halts
from lrnap.engine.protocol import Halt, Run, RunOptions
from lrnap.limits import ManagerLimits, NodeLimits
from lrnap.lux.call import Call
from lrnap.lux.editing import edited
from lrnap.lux.params import ParamSet
from lrnap.manager import effects, events
from lrnap.manager.back import Back
from lrnap.manager.content import Content, Garbage
from lrnap.manager.core import Core, Step
from lrnap.manager.described import Described
from lrnap.manager.desk import Desk
from lrnap.manager.disk_work import DiskWork
from lrnap.manager.drive import Drive
from lrnap.manager.films import FilmStore
from lrnap.manager.front import front_of
from lrnap.manager.merging import Films
from lrnap.manager.notices import Notices
from lrnap.manager.office import Office
from lrnap.manager.queue import find_job
from lrnap.manager.queue_node import QueueNode
from lrnap.manager.queued_run import QueuedRun
from lrnap.manager.scenes import Scenes
from lrnap.manager.store import Store
from lrnap.manager.submission import stored_look, submission
from lrnap.manager.upkeep import Keep, Upkeep
from lrnap.manager.views import View
from lrnap.manager.visit import ManagerVisit
from lrnap.manager.wishes import Wishes
from lrnap.net.keyring import Grant
from lrnap.net.service import Session
from lrnap.node.jobs import Job
from lrnap.node.live import Live
from lrnap.wire import Status, Word

log = logging.getLogger("lrnap.manager")

T = TypeVar("T")


class Manager(QueueNode):
    """`folder`: for scenes, assets and films. `open` before it is served, `close` afterwards."""

    def __init__(
        self,
        store: Store,
        roots: Iterable[Path | str],
        folder: Path,
        *,
        limits: NodeLimits | None = None,
        manager_limits: ManagerLimits | None = None,
        notices: Notices | None = None,
        keep: Keep | None = None,
    ) -> None:
        limits = limits or NodeLimits(ready=256, films=64)
        super().__init__(roots, folder, limits)
        self.store = store
        self.notices = notices or Notices()
        self.pictures = folder / "pictures"
        self.films = Films(FilmStore(folder / "films"), limits.films, (manager_limits or ManagerLimits()).film_sums)
        self.content = Content(folder / "assets", limits, store.needed())
        self.assets = self.content.assets
        self.scenes = Scenes(self.content)
        self.disk = DiskWork(store, self.films, self.scenes, self.pictures)
        self.fronts: dict[int, Job] = {}  # `queued`, by their numbers
        self.wishes: dict[Job, Wishes] = {}
        self.described: dict[Job, Described] = {}
        self.office = Office(Desk(store, manager_limits), self._perform, lambda: self.fronts)
        self._upkeep = Upkeep(self.office.query, self.content, keep or Keep())
        self._tasks: set[asyncio.Task[None]] = set()
        self.back = Back(
            store.manager,
            self.films,
            self.scenes,
            self.disk,
            self._upkeep,
            post=self.office.post,
            say=self._say,
            spawn=self._spawn,
        )

    # --- its life

    async def open(self, nodes: Sequence[str] = ()) -> None:
        """Everything goes on as the store has it. `nodes`: URLs of those to render on, beside the known ones."""
        await asyncio.to_thread(self.films.store.tidy)
        self._spawn(self.disk.go_on())
        self._spawn(self._upkeep.go_on())
        self.disk.do(self.disk.unfinished)
        happened = await self.office.query(lambda _: [*self.disk.found(self.office.desk.core.world)])
        for event in (events.Started(), *happened, *(events.AddNode(url=url) for url in nodes)):
            self.office.post(event)
        self.office.open()
        await self._bring_newest()

    async def close(self) -> None:
        """Nodes go on with what they render, and are found again by whoever opens the store next."""
        await self._end_tasks()  # some of them ask the office
        await self.office.close()
        await asyncio.to_thread(self.notices.close)
        await self.back.close()
        await self._end_tasks()
        await self.live.close()

    async def _end_tasks(self) -> None:
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def visit(self, session: Session) -> ManagerVisit:
        return ManagerVisit(self, session)

    # --- for the verbs of the queue

    async def do(self, event: events.Event) -> object:
        answer = await self.office.do(event)
        if isinstance(event, events.Retry):
            await self._again(event.job)
        return answer

    async def _again(self, number: int) -> None:
        """A job that was over is under way once more: the front begins anew with it."""
        known = self.fronts.get(number)
        if known is not None and not known.active:
            self._retire(known)
            await self.front(number)

    async def garbage(self, *, collect: bool = False) -> Garbage:
        return await self._upkeep.garbage(collect=collect)

    async def look(self, read: Callable[[Core], T]) -> T:
        return await self.office.look(read)

    async def query(self, read: Callable[[Store], T]) -> T:
        return await self.office.query(read)

    def unwritten(self, job: int) -> str:
        return self.disk.unwritten.get(job, "")

    def granted(self, made: Sequence[Grant], gone: Sequence[Grant]) -> None:
        """Tokens were made or revoked beside the running manager: it is told by whom, and nodes that came with one
        that is revoked are not used any more."""
        here = {grant.name for grant in made}
        for grant in gone:
            if grant.name not in here:
                self.office.post(events.Granted(name=grant.name, by=grant.by))
        for grant in made:
            self.office.post(events.Granted(name=grant.name, role=grant.role.name.lower(), by=grant.by))

    # --- jobs of the queue in the front

    def drives(self, job: int) -> list[Drive]:
        return self.back.drives(job)

    async def front(self, number: int) -> Job | None:
        """The job of that number as nodes have jobs; None: there is none."""
        if number in self.fronts:
            return self.fronts[number]
        view = await self.office.view(number)
        if view is None:
            return None
        row = view.job
        recorded = await asyncio.to_thread(self.scenes.stored, row.key, row.scene or "", "")
        job = front_of(view, recorded.scene, recorded.channels)
        run = QueuedRun(self, row.key, 0, view)
        run.film = await asyncio.to_thread(self.films.film, row.key, view.shown, row.epoch)
        job.film = run.film
        if number in self.fronts:  # another was faster
            return self.fronts[number]
        if self.jobs.has(job.name):  # a newer one has the name
            job.name = f"#{number}"
        self._put_in_front(job, run)
        self.jobs.admit(job)
        if job.active:
            self._follow(job, run)
        for old in self.jobs.surplus():
            if old is not job:
                self._retire(old)
        if job.active:
            await self._make_room(job)
        return job

    async def _bring_newest(self) -> None:
        """Where nobody names a job, one is meant that is under way, if there is any; so some of them are in front."""
        newest = await self.office.look(_newest)
        for number, name in reversed(newest.items()):
            if not self.jobs.has(name):  # else it is there, or on its way
                await self.front(number)

    def _put_in_front(self, job: Job, run: QueuedRun) -> None:
        self.queued[job] = run
        self.fronts[run.job] = job

    async def _make_room(self, for_one: Job) -> None:
        """For a job that is under way, or about to be: others that nobody has named, waits for or follows leave the
        front, and not the queue."""
        surplus = self.jobs.under_way + (not for_one.active) - self.office.desk.core.limits.fronts
        for job, run in [*self.queued.items()] if surplus > 0 else ():
            if not job.active or job is for_one or self.live.awaited(job) or self.publisher.followed(job.name):
                continue
            self._retire(job)
            await run.close()
            surplus -= 1
            if surplus <= 0:
                return

    async def find(self, name: str) -> str:
        """A job of the store that somebody names, or numbers, comes to the front; what it is called there. Nothing
        happens if there is none."""
        if self.jobs.has(name):
            self._was_named(name)
            return name
        number = await find_job(self, name, required=False)
        job = None if number is None else await self.front(number)
        return name if job is None else job.name

    def _was_named(self, name: str) -> None:
        job = self.jobs.find(name)
        if job in self.queued:
            self.queued[job] = self.queued.pop(job)

    def _follow(self, job: Job, run: QueuedRun) -> None:
        self.live.take(job, Live(run, asyncio.create_task(self._watch(job, run))))

    async def _start(self, job: Job, options: RunOptions) -> Run:
        """The job is stored when this returns."""
        assert job.scene is not None
        scene = ParamSet(job.scene.film)
        halt = halts.without_never(halts.first_of(options.halt, halts.of_film(scene)))
        known = self.queued.get(job)
        if known is not None and job.epoch > known.view.job.epoch:  # its scene was edited after it was over
            number = known.job
            sha256, assets = await self.scenes.keep(job.scene, options.channels)
            await self.office.do(events.Change(job=number, halt=halt))
            await self.office.do(events.Edit(job=number, scene=sha256, assets=assets, epoch=job.epoch))
        elif known is not None:
            number = known.job
            await self.office.do(events.Render(job=number, halt=halt))
        else:
            number = await self._submit(job, options, halt)
        view = await self.office.view(number)
        assert view is not None  # it was stored
        run = QueuedRun(self, options.run, options.seed, view)
        run.film = job.film
        self._put_in_front(job, run)
        await self._make_room(job)
        return run

    async def _over(self, job: Job, run: Run) -> None:
        """Of one that left the front there is nothing to be kept here; what waits behind may come."""
        if job in self.queued:
            await super()._over(job, run)
        else:
            self.live.leave(job)
        core = self.office.desk.core
        if self.office.is_open and 2 * self.jobs.under_way < min(core.limits.fronts, len(core.world.jobs)):
            self._spawn(self._bring_newest())

    async def _submit(self, job: Job, options: RunOptions, halt: Halt) -> int:
        wishes = self.wishes.pop(job, Wishes({}, {}))
        wanted = await submission(job, wishes, self.described, self.scenes, halt=halt, channels=options.channels)
        number = await self.office.do(wanted)
        assert isinstance(number, int)
        return number

    def being_described(self, name: str) -> Job | None:
        return self.jobs.ready_one(name)

    async def change_scene(self, job: int, calls: Sequence[Call], files: Mapping[str, str], epoch: int | None) -> int:
        """See `Run.edit`."""
        front = await self.front(job)
        assert front is not None and front.scene is not None
        scene = edited(front.scene, calls, files)
        sha256, assets = await self.scenes.keep(scene, front.channels)
        wanted = self.queued[front].view.job.epoch + 1 if epoch is None else epoch
        await self.office.do(events.Edit(job=job, scene=sha256, assets=assets, epoch=wanted))
        return wanted

    async def reset(self, job: Job) -> None:
        run = self.queued.get(job)
        if run is not None:
            await self.office.do(events.Remove(job=run.job))
        await super().reset(job)

    def _retire(self, job: Job) -> None:
        """Its place in the memory is needed; in the store it stays."""
        self.jobs.drop(job)
        self._free(job)

    def _free(self, job: Job) -> None:
        super()._free(job)
        run = self.queued.pop(job, None)
        if run is not None and self.fronts.get(run.job) is job:
            del self.fronts[run.job]
        self.wishes.pop(job, None)
        self.described.pop(job, None)

    async def keep_looks(self) -> None:
        """How jobs are developed is stored once somebody has changed it."""
        for job, run in [*self.queued.items()]:
            look = stored_look(job.develop)
            if look != run.look:
                run.look = look
                await self.office.do(events.Change(job=run.job, develop=look))

    # --- effects

    def _perform(self, step: Step, views: Mapping[int, View]) -> None:
        self.back.perform(step.effects)
        for number, view in views.items():
            if number in self.fronts:
                self.queued[self.fronts[number]].show(view)

    def _say(self, tell: effects.Tell) -> None:
        """The history, for logs and subscribers. What a job is, the front says itself."""
        why = f": {tell.reason}" if tell.reason else ""
        text = f"{tell.kind} {tell.subject} is {tell.state}{why}"
        self.notices.tell(tell)
        if tell.kind == "job":
            log.info("%s", text, extra={"job": tell.subject})
            if not self.jobs.has(tell.subject):
                state = tell.state if tell.state in Status.__members__ else Status.IDLE.value
                self.publisher.publish("state", tell.subject, jobname=tell.subject, state=Word(state))
            return
        job = self.fronts.get(tell.job)
        self.journal.note(text, job)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _newest(core: Core) -> dict[int, str]:
    """Names of jobs by number, the newest first."""
    return {number: core.world.jobs[number].name for number in nlargest(core.limits.fronts, core.world.jobs)}
