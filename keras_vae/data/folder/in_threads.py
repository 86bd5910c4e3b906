"""Work on many files: in threads where that pays, with a line that says how far it is."""

import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures

TRIED = 16  # files after which the time that one takes is known
# Below this time per file, threads cost more than they gain: most of the work is Python's.
SECONDS_FOR_THREADS = 4e-4
FILES_A_THREAD = 64
QUIET_SECONDS = 2.0


def over(function: Callable, items: Sequence, what: str = "") -> Iterator:
    """Yields function(item) of each, in order; `what` names the work on stderr if it takes long."""
    results = _over(function, items)
    return _told(results, len(items), what) if what else results


def _over(function, items):
    seconds = []
    for item in items[:TRIED]:
        begin = time.perf_counter()
        result = function(item)
        seconds.append(time.perf_counter() - begin)
        yield result
    rest = items[TRIED:]
    if not rest:
        return
    # The median, since the first file of a kind makes Pillow import its reader.
    if statistics.median(seconds) < SECONDS_FOR_THREADS:
        yield from map(function, rest)
        return
    workers = os.cpu_count() or 1
    with futures.ThreadPoolExecutor(workers) as pool:
        # One part at a time, since results that wait to be taken fill the memory.
        for start in range(0, len(rest), workers * FILES_A_THREAD):
            yield from pool.map(function, rest[start : start + workers * FILES_A_THREAD])


def _told(results, total, what):
    """The same results, with progress on stderr: in place on a terminal, else every ten seconds."""
    terminal = sys.stderr.isatty()
    begin, told = time.perf_counter(), None
    for done in itertools.count():
        now = time.perf_counter()
        wait = QUIET_SECONDS if told is None else told + (0.5 if terminal else 10) - begin
        if now - begin > wait:
            told = now
            _say(f"{what}: {done} of {total}", "\r" if terminal else "\n")
        try:
            result = next(results)
        except StopIteration:
            break
        yield result
    if told is not None:
        _say(f"{what}: {total} of {total}", "\n")


def _say(text, end):
    print(text, end=end, file=sys.stderr, flush=True)
