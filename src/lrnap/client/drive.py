"""One engine's way through a job: from the start of its run, film by film, to its last one.

What an engine does wrong is its own: it is set aside, what it has rendered stays counted, and the job goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lrnap.client.member import Member
from lrnap.engine import pace
from lrnap.engine.protocol import Run, RunState
from lrnap.errors import Code, LrnapError, RemoteError

if TYPE_CHECKING:
    from lrnap.client.farm import FarmJob


async def tell_halt(job: FarmJob, member: Member) -> None:
    """A run that is being built is told once it renders."""
    wanted = job.alone
    renders = member.status.state in (RunState.RENDERING, RunState.PAUSED)
    if member.run is None or member.lost or not renders or member.told == wanted:
        return
    before, member.told = member.told, wanted
    try:
        await member.run.set_halt(wanted)
    except LrnapError:
        member.told = before  # over by now, or lost, which shows in its events


async def drive(job: FarmJob, member: Member) -> None:
    """From the start of a member's run to its last film."""
    try:
        scene, options = job.scene, replace(member.options, epoch=job.epoch)
        run = await member.engine.start(scene, options)
        async with job.editing:  # it may have missed an edit meanwhile
            member.run = run
            if options.epoch != job.epoch:
                await run.edit(job.scene.edits, job.scene.files, job.epoch)
        if job.stopping or job.complete:
            await member.run.stop()
        elif job.paused:
            await member.run.pause()
        await _follow(job, member, member.run)
    except LrnapError as error:
        member.error = error
    except Exception as error:
        _defect(member, error)
    finally:
        if member.run is not None and member.lost:
            with contextlib.suppress(LrnapError):
                await member.run.close()


async def _follow(job: FarmJob, member: Member, run: Run) -> None:
    fetching = asyncio.create_task(_fetch(job, member))
    try:
        async for member.status in run.events():
            if run.layout is not None:
                job.job_film.expect(run.layout)
            member.heard = time.monotonic()
            if member.told != job.alone:
                job.spawn(tell_halt(job, member))
            job.check_halt()
            job.notify()
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
    failure = member.status.error
    try:
        await take(job, member)
    except LrnapError:
        late = job.complete and not member.status.samples  # it was still building when all was there
        if failure is None and not job.stopping and not late:
            raise
    if member.status.state is RunState.FAILED:
        raise failure or RemoteError(Code.ENGINE, f"{member.engine.name} gave up without saying why")
    stopped = member.status.state is RunState.STOPPED and not member.lost
    if stopped and not (job.stopping or job.complete or member.removed):
        raise LrnapError(Code.UNAVAILABLE, "somebody else stopped the job there; its film stays counted")
    job.check_halt()


async def _fetch(job: FarmJob, member: Member) -> None:
    """Fetches snapshots while the run renders: the first soon, then ever more seldom."""
    while True:
        while member.now.samples <= member.counted:
            await asyncio.shield(job.turn)
        began = time.monotonic()
        try:
            await take(job, member)
        except LrnapError:
            took = pace.LONGEST_PAUSE * pace.TRANSFER_SHARE  # a hiccup passes; what is lost shows in the events
        except Exception as error:  # would come again, and a job that waits for its film would never end
            _defect(member, error)
            if member.run is not None:
                await _stopped(member.run)
            return
        else:
            job.check_halt()
            job.notify()
            took = time.monotonic() - began
        growth = pace.SHOWN_GROWTH if job.halt.noise is None else pace.GROWTH
        await asyncio.sleep(job.interval or pace.pause(member.status.seconds, took, growth))


async def take(job: FarmJob, member: Member) -> None:
    """Counts the run's film as it is now. A run whose film does not fit to the others' is set aside."""
    if member.run is None or member.lost:
        return
    snapshot = await member.run.snapshot()
    if snapshot.epoch != member.epoch:
        return
    try:
        newer = job.job_film.add(snapshot)
    except LrnapError as error:
        member.error = error
        job.spawn(_stopped(member.run))
        return
    if newer:
        member.count(snapshot)
        await _to_the_end(job.job_film.judge(snapshot))


def _defect(member: Member, error: Exception) -> None:
    logging.getLogger(__name__).error("defect while rendering on %s", member.engine.name, exc_info=error)
    member.error = LrnapError(Code.INTERNAL, f"a defect of lrnap: {type(error).__name__}: {error}")


async def _stopped(run: Run) -> None:
    """Ends a run whose film cannot be used, if it is still there."""
    with contextlib.suppress(LrnapError):
        await run.stop()


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Does what has begun, even if whoever waits for it is told meanwhile to wait no longer."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait([task])
