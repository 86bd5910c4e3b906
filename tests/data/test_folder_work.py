"""Work on many files, and what is said of it."""

import threading
import time

import numpy as np
from PIL import Image

from keras_vae.data import load
from keras_vae.data.folder import in_threads


def test_results_are_in_order_in_threads_and_without():
    for seconds in (0, 2e-3):
        names = set()

        def double(x, seconds=seconds, names=names):
            time.sleep(seconds)
            names.add(threading.current_thread().name)
            return 2 * x

        assert list(in_threads.over(double, range(100))) == list(range(0, 200, 2))
        assert (len(names) > 1) == bool(seconds)


def test_no_more_is_read_ahead_than_a_part():
    """Decoded images that nobody takes would fill the memory."""
    begun = []

    def slow(x):
        begun.append(x)
        time.sleep(1e-3)
        return x

    results = in_threads.over(slow, range(10_000))
    for _ in range(in_threads.TRIED + 1):
        next(results)
    time.sleep(0.05)
    results.close()
    assert len(begun) <= in_threads.TRIED + in_threads.FILES_A_THREAD * (
        in_threads.os.cpu_count() or 1
    )


def test_what_takes_long_says_how_far_it_is(tmp_path, capfd, monkeypatch):
    for i in range(30):
        pixels = np.random.default_rng(i).integers(0, 256, (4, 5), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    load(f"folder:{tmp_path}")
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr(in_threads, "QUIET_SECONDS", 0.0)
    load(f"folder:{tmp_path}")
    out, err = capfd.readouterr()
    assert out == ""
    for what in ("reading headers of images", "reading images"):
        lines = [line for line in err.splitlines() if line.startswith(f"{what}: ")]
        assert lines[-1] == f"{what}: 30 of 30"
        assert len(lines) == 2  # the next would come ten seconds later
    monkeypatch.setattr(in_threads.sys.stderr, "isatty", lambda: True)
    load(f"folder:{tmp_path}")
    assert capfd.readouterr().err.count("\n") == 2
