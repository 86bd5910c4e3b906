"""Hides remarks that TensorFlow prints while it starts or converts to TFLite, in commands alone.

Its C++ code writes them to file descriptor 2, the first before it reads TF_CPP_MIN_LOG_LEVEL: that
oneDNN is on, that there is no GPU. Only a filter between it and the terminal can leave them out.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

# Packages of commands set this before they import anything. A library leaves stderr to its user.
COMMAND = "KERAS_VAE_COMMAND"
# The least severe lines that TensorFlow shows: 0 remarks, 1 warnings, 2 errors, 3 none of these.
LEVEL = "TF_CPP_MIN_LOG_LEVEL"

# The filter is a process of its own: if TensorFlow ends this one, its last words get through.
_FILTER = rb"""
import re, sys
remark = re.compile(
    rb"I\d{4} [\d:.]+ |"  # Severity I, for information.
    rb"WARNING: All log messages before absl::InitializeLog|"
    rb"E\d{4} .*failed call to cuInit: .*(UNKNOWN ERROR .303|NO_DEVICE)|"  # There is no GPU.
    # Each conversion to TFLite prints these.
    rb"W\d{4} .*Ignored (output_format|drop_control_dependency)|"
    rb"W\d{4} .*Skipping runtime version metadata|fully_quantize: "
)
for line in sys.stdin.buffer:
    if not remark.match(line):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
"""


@contextlib.contextmanager
def without_remarks() -> Iterator[None]:
    """Inside, a command's stderr has no remarks of TensorFlow; all else gets through as it comes.

    Nothing is left out where the level asks for remarks, or where this is no command.
    """
    if COMMAND not in os.environ or os.environ.get(LEVEL) == "0":
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # stderr is closed.
        yield
        return
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _FILTER],
        stdin=subprocess.PIPE,
        stdout=stderr,
        start_new_session=True,  # Ctrl-C is not for the filter.
    )
    assert child.stdin
    os.dup2(child.stdin.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # Others may hold the pipe open.
            child.wait(timeout=5)
