"""Progress on standard error: a bar on a terminal, plain lines in a log file, nothing on a pipe."""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Progress", "progress", "teller"]

_LINE_EVERY = 10.0  # seconds


class Progress(Protocol):
    """Told how many rows are done."""

    def __call__(self, done: int, /) -> None:
        """Take the number of rows done so far."""


@contextmanager
def progress(total: int, what: str) -> Iterator[Progress]:
    """Yield a function to call with the number of rows done so far, of ``total``."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        with Bar(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)
    elif _is_log():
        start = last = time.monotonic()

        def line(done: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _LINE_EVERY and done:
                last = now
                left = (now - start) / done * max(0, total - done)
                print(f"{what}: {done} of {total} rows, about {left:.0f} s left", file=sys.stderr, flush=True)

        yield line
    else:
        yield lambda done: None


@contextmanager
def teller() -> Iterator[Callable[[str], None]]:
    """Yield a function to call with what is under way, for work that cannot be counted beforehand."""
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("") as status:
            yield status.update
    elif _is_log():
        yield lambda message: print(message, file=sys.stderr, flush=True)
    else:
        yield lambda message: None


def _is_log() -> bool:
    try:
        return stat.S_ISREG(os.fstat(sys.stderr.fileno()).st_mode)
    except (OSError, ValueError):
        return False
