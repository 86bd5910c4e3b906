"""What every binary shares."""

import signal
import subprocess
import sys

import pytest

# Of a finalizer, in which Python drops what is raised; then ten seconds of work.
SIGNALLED = """
import os, time
from keras_vae import app

class Signals:
    def __del__(self):
        os.kill(os.getpid(), {signum})
        time.sleep(0.1)

def main():
    Signals()
    for _ in range(100):
        time.sleep(0.1)

app.run(main)
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_a_finalizer_is_obeyed_too(signum):
    code = SIGNALLED.format(signum=int(signum))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        # A shell's background jobs, and what they start, ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert done.returncode == 128 + signum
    assert f"error: stopped by {signum.name}." in done.stderr
    assert "Traceback" not in done.stderr
