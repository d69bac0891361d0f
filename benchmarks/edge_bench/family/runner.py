"""Work a plan off so that any stop at any moment costs one step and no training.

What is done is known from two things that survive: the rows of ``family.json``, written
after every run, and the run folders. The work itself stands behind
:class:`edge_bench.family.steps.Steps`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from edge_bench.family.plan import Run, needs
from edge_bench.family.results import FamilyResults, Make
from edge_bench.family.steps import Files, Folder, Steps
from edge_infer.errors import EdgeMnistError, RunError

Notify = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """Which of the tasks to do.

    Attributes:
        train: Whether to train what is missing.
        measure: Whether to export, measure and time.
        again: Whether to export, measure and time what has been measured too.
        stand_ins: Whether networks whose files are gone are timed too, by files of the same graph.
    """

    train: bool = True
    measure: bool = True
    again: bool = False
    stand_ins: bool = False


class Family:
    """A plan being worked off. May be made anew after any stop and goes on."""

    def __init__(
        self,
        plan: Sequence[Run],
        results: FamilyResults,
        path: Path,
        steps: Steps,
        *,
        tasks: Tasks,
        notify: Notify,
        timed: Sequence[Run] = (),
    ) -> None:
        """Take up where ``results`` and the run folders stand.

        Args:
            plan: Runs, teachers before those that they teach.
            results: What has been measured.
            path: Where to keep the results.
            steps: Do the work.
            tasks: Which of it.
            notify: Told of every step in a line.
            timed: Further runs to time beside the plan's, where their files are there.
        """
        completed = {
            key: replace(preset, make=steps.complete(preset.make))
            for key, preset in results.presets.items()
        }
        self.results = replace(results, presets=completed)
        self.failures: dict[str, str] = {}
        self._plan, self._path, self._steps = tuple(plan), path, steps
        self._timed = (*self._plan, *timed)
        self._tasks, self._notify = tasks, notify
        self._open = {run.name: run for run in plan}
        self._lock = threading.RLock()

    def work_off(self, jobs: int) -> None:
        """Do all runs, some at once when asked to; what fails is kept in ``failures``.

        Args:
            jobs: How many at once.
        """
        if jobs == 1:  # In this thread, where Ctrl-C stops at once.
            for run in self._plan:
                self._attempt(run)
            return
        waiting, running = list(self._plan), dict[Future[None], Run]()
        pool = ThreadPoolExecutor(jobs)
        try:
            while waiting or running:
                for run in [r for r in waiting if self._is_ready(r)][: jobs - len(running)]:
                    waiting.remove(run)
                    running[pool.submit(self._attempt, run)] = run
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[future]
                    future.result()
        finally:  # Without waiting: after Ctrl-C the caller stops what they wait for.
            pool.shutdown(wait=False, cancel_futures=True)

    def time(self) -> None:
        """Time one run of each network in turns, if one has come that was not timed with them."""
        runs = self._to_time()
        timed = [self.results.presets[key].latency for key in runs]
        together = len({latency and latency.measured_at for latency in timed}) == 1
        if not runs or (None not in timed and together and not self._tasks.again):
            return
        self._notify(f"timing {', '.join(runs)} in turns")
        latencies = self._steps.time({key: self._files(run) for key, run in runs.items()})
        presets = {
            key: replace(preset, latency=latencies.get(key, preset.latency))
            for key, preset in self.results.presets.items()
        }
        self._keep(replace(self.results, presets=presets))

    def _to_time(self) -> dict[str, Run]:
        """Choose a run of each network under its default recipe: the first whose files are there.

        Or, where stand-ins are asked for, the first that has a row.
        """
        runs = [
            run
            for run in sorted(self._timed, key=lambda run: run.seed)
            if run.entry.key == run.entry.preset and self._has_any_row(run)
        ]
        chosen: dict[str, Run] = {}
        for run in filter(self._has_files, runs):
            chosen.setdefault(run.entry.key, run)
        for run in runs if self._tasks.stand_ins else ():
            chosen.setdefault(run.entry.key, run)
        return chosen

    def _files(self, run: Run) -> Files:
        if self._has_files(run):
            return self._steps.files(run)
        self._notify(f"{run.name}: its files are gone, making others of the same graph to time")
        return self._steps.stand_in(run)

    def _has_files(self, run: Run) -> bool:
        return self._steps.has_files(run, self.results.presets[run.entry.key])

    def _has_any_row(self, run: Run) -> bool:
        preset = self.results.presets.get(run.entry.key)
        return preset is not None and run.seed in preset.seeds

    def _is_ready(self, run: Run) -> bool:
        return not any(teacher.name in self._open for teacher in needs(run, self._plan))

    def _attempt(self, run: Run) -> None:
        try:
            self._do(run)
        except EdgeMnistError as error:
            self.failures[run.name] = error.message
            self._notify(f"{run.name}: {error.message}")
        finally:
            with self._lock:
                del self._open[run.name]

    def _do(self, run: Run) -> None:
        for teacher in needs(run, self._plan):
            if teacher.name in self.failures:
                raise RunError(f"its teacher {teacher.name} failed")
        make = self._steps.make(run, self.results)
        if self._is_done(run, make):
            return
        for teacher in needs(run, self._plan):
            self._restore(teacher)
        make = self._steps.make(run, self.results)
        if self._train(run, make) and self._tasks.measure:
            self._measure(run, make)

    def _is_done(self, run: Run, make: Make) -> bool:
        preset = self.results.presets.get(run.entry.key)
        if preset is None or run.seed not in preset.seeds:
            return False
        differences = make.differences(preset.make)
        if differences:
            self._notify(f"{run.name}: measured before with {'; '.join(differences)}")
            return False
        missing = self._tasks.again or self._steps.lacks(preset, run.seed)
        return not (missing and self._steps.folder(run, make)[0] is Folder.TRAINED)

    def _restore(self, teacher: Run) -> None:
        """Make a teacher's files again where its row has outlived them."""
        preset = self.results.presets.get(teacher.entry.key)
        with self._lock:
            if preset is None or self._steps.has_files(teacher, preset):
                return
            make = self._steps.make(teacher, self.results)
            if self._train(teacher, make):
                self._measure(teacher, make)

    def _train(self, run: Run, make: Make) -> bool:
        """Bring a run to its end; False when that is not among the tasks."""
        holds, why = self._steps.folder(run, make)
        if holds is Folder.TRAINED:
            return True
        if not self._tasks.train:
            self._notify(f"{run.name}: not trained, left out")
            return False
        if holds is Folder.ANOTHER:
            self._notify(f"{run.name}: {why}; it is {self._steps.set_aside(run)} now")
        resume = holds is Folder.UNFINISHED
        self._notify(f"{run.name}: {'going on' if resume else 'training'}{self._outlook(run)}")
        self._steps.train(run, resume=resume)
        return True

    def _measure(self, run: Run, make: Make) -> None:
        self._notify(f"{run.name}: exporting and measuring")
        row = self._steps.measure(run, make)
        with self._lock:
            self._keep(self.results.with_run(run.entry.key, row))

    def _keep(self, results: FamilyResults) -> None:
        results.write(self._path)
        self.results = results

    def _outlook(self, run: Run) -> str:
        """Tell how long this run and all others will take, by the pace of those before."""
        number = f" ({len(self._plan) - len(self._open) + 1} of {len(self._plan)}"
        own_s = self._estimate_s(run)
        if own_s is None:
            return f"{number})"
        left_s = sum(self._estimate_s(other) or 0 for other in self._left())
        return f"{number}; about {duration(own_s)}, all that is left {duration(left_s)})"

    def _left(self) -> list[Run]:
        """Give the runs that have no row of today's make."""
        with self._lock:
            open_runs = list(self._open.values())
        return [run for run in open_runs if not self._has_row(run)]

    def _has_row(self, run: Run) -> bool:
        if not self._has_any_row(run):
            return False
        preset = self.results.presets[run.entry.key]
        try:
            return not self._steps.make(run, self.results).differences(preset.make)
        except EdgeMnistError:  # Told when its turn comes.
            return False

    def _estimate_s(self, run: Run) -> float | None:
        """Estimate a training by the pace of finished ones: of the same entry, or of all."""
        presets = self.results.presets
        same = presets.get(run.entry.key)
        rows = [
            (row.training_time_s, preset.macs * row.epochs)
            for preset in ([same] if same is not None else presets.values())
            for row in preset.runs
        ]
        work = sum(macs for _, macs in rows)
        return sum(time_s for time_s, _ in rows) / work * self._steps.work(run) if work else None


def duration(seconds: float) -> str:
    """Write a time in the two largest of its units: 2 h 05 min, 3 min 20 s, 12 s."""
    minutes, rest_s = divmod(round(seconds), 60)
    hours, rest_min = divmod(minutes, 60)
    if hours:
        return f"{hours} h {rest_min:02d} min"
    return f"{minutes} min {rest_s:02d} s" if minutes else f"{rest_s} s"
