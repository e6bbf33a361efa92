"""Where batches are worked on: in this process, in a local pool that is built again when a worker dies, or on a Dask
cluster.

All three are `concurrent.futures` executors, so that a pass has one code path. `make_executor(settings)` gives the one
that configs/touchstone.yml names; close it by using it as a context.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

from store.errors import TouchstoneError

if TYPE_CHECKING:
    from store.config import Settings


class InlineExecutor(Executor):
    """Works at once, in this process."""

    ahead = 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class PoolExecutor(Executor):
    """A pool of local processes. Where one of them dies the standard pool is spent: the next `submit` builds
    another."""

    def __init__(self, workers: int) -> None:
        self.workers, self.ahead = workers, 2 * workers
        self._lock = Lock()
        self._pool = self._build()

    def _build(self) -> ProcessPoolExecutor:
        import multiprocessing

        # a forked child would share the parent's database connections and threads
        return ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context("spawn"))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with self._lock:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenExecutor:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._build()
                return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


class DaskExecutor(Executor):
    """A Dask cluster's executor, with its client closed at the end. Needs the extra `cluster`."""

    def __init__(self, scheduler: str) -> None:
        try:
            import distributed
        except ImportError:
            raise TouchstoneError("executor: dask needs the extra `cluster` (pip install 'touchstone-scanner[cluster]')") from None
        try:
            client: Any = distributed.Client
            self._client = client(scheduler, timeout="10s")
        except (OSError, ValueError) as error:
            raise TouchstoneError(f"dask_scheduler: nothing answers at {scheduler} ({error})") from None
        self.ahead = 2 * max(1, sum(self._client.ncores().values()))
        self._executor: Any = self._client.get_executor(pure=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = self._executor.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=wait)
        self._client.close()


def ahead(executor: Executor) -> int:
    """How many batches to have under way: two for each worker, so that none waits for the one that commits."""
    return int(getattr(executor, "ahead", 8))


def make_executor(settings: Settings) -> Executor:
    """The executor that the settings name. Raises TouchstoneError where it cannot be had."""
    if settings.executor == "processes":
        return PoolExecutor(settings.workers)
    if settings.executor == "dask":
        if not settings.dask_scheduler:
            raise TouchstoneError("executor: dask needs the address of its scheduler in dask_scheduler")
        return DaskExecutor(settings.dask_scheduler)
    return InlineExecutor()
