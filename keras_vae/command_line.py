"""What every binary shares: absl flags, and errors as one line and an exit code.

Exit codes: 0 done, 1 failed, 2 bad input (nothing was started), 130 and 143 stopped by a signal.
"""

import contextlib
import math
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import NoReturn

from absl import app, flags, logging

from keras_vae import _quiet
from keras_vae._compat import tf
from keras_vae.files import storage
from keras_vae.messages.notes import Note, tell
from keras_vae.messages.sentences import in_one_line

_MOST = 2**31 - 1  # of a whole number
# The last signal that asked to stop.
_received = None


def run(main: Callable[[], object]) -> None:
    """Parses the flags and calls `main()`; an invalid flag exits with code 2.

    SIGTERM raises KeyboardInterrupt as Ctrl-C does, with its number as argument.
    """

    def interruptible(argv):
        signal.signal(signal.SIGTERM, _interrupt)
        # A shell's background jobs ignore SIGINT.
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, _interrupt)
        sys.unraisablehook = _interrupt_again
        warnings.showwarning = _show
        with stoppable():
            main()

    def parse(argv):
        rest = _parse(argv)
        # TensorFlow prints remarks when it first looks for GPUs, which absl makes it do next.
        with _quiet.without_remarks():
            tf.config.list_physical_devices()
        return rest

    _tell_help(main.__module__)
    app.run(interruptible, flags_parser=parse)


def _tell_help(name):
    """Has --help show the docstring and flags of the module `name`.

    absl shows those of what Python runs, which may be an installed script that calls the module.
    """
    if name == "__main__":
        return
    sys.modules["__main__"].__doc__ = sys.modules[name].__doc__
    for flag in flags.FLAGS.get_key_flags_for_module(name):
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)


@contextlib.contextmanager
def checking_input() -> Iterator[None]:
    """Inside, a ValueError or OSError is the user's to mend: one line, exit code 2.

    An error that a library made of a signal is left to `stoppable`, and so is one of a full disk.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        full = getattr(error, "errno", None) and storage.refusal(error)
        if full or _received is not None:
            raise
        fail(error)


def fail(message: object, code: int = 2) -> None:
    """Prints one line to stderr and exits with `code`."""
    print("error:", in_one_line(str(message).strip()), file=sys.stderr)
    sys.exit(code)


def start_again(module: str, why: str, environment: dict[str, str]) -> NoReturn:
    """Becomes `python -m module` with the same flags, for settings that imports read once.

    Args:
      module: the binary that runs.
      why: the end of the line that says so.
      environment: variables to set.
    """
    variables = " ".join(f"{name}={value}" for name, value in environment.items())
    tell(f"starting again with {variables}, {why}.")
    os.environ.update(environment)
    os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])


@contextlib.contextmanager
def stoppable(advice: str = "") -> Iterator[None]:
    """Inside, a signal ends the program, with one line on what to do.

    It does so too where a library made another error of the signal, as TensorFlow does while a
    graph is traced. So do a full disk and memory that is used up, with code 1.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        _stopped(_signal_of(stop), advice)
    except Exception as error:
        if _received is not None:
            _stopped(signal.Signals(_received), advice)
        if said := storage.refusal(error):
            fail(f"{said}. Make room. {advice or 'Then run the same command again.'}", code=1)
        if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
            smaller = "smaller batches, or more gradient_accumulation_steps, take less"
            fail(f"the memory is used up: {smaller}. {advice}", code=1)
        raise


def _stopped(signum, advice):
    print(in_one_line(f"Stopped by {signum.name}. {advice}".strip()), file=sys.stderr)
    sys.exit(128 + signum)


def _signal_of(stop: KeyboardInterrupt) -> signal.Signals:
    return signal.Signals(stop.args[0] if stop.args else signal.SIGINT)


def _interrupt(signum, frame):
    global _received
    _received = signum
    raise KeyboardInterrupt(signum)


def _interrupt_again(dropped) -> None:
    """Repeats a signal that came in a finalizer, where Python drops what is raised."""
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        signum = _signal_of(dropped.exc_value)
        threading.Timer(0.1, os.kill, (os.getpid(), signum)).start()
    else:
        sys.__unraisablehook__(dropped)


def _show(message, category, *where):
    """Shows a warning: a `Note` as one line, any other in Python's way."""
    if issubclass(category, Note):
        tell(message)
    else:
        _show_as_python(message, category, *where)


_show_as_python = warnings.showwarning


def _parse(argv):
    try:
        rest = flags.FLAGS(argv)
    except flags.UnrecognizedFlagError as error:
        fail(f"{error}. Known flags: {', '.join(_own_flags())}.")
    except flags.Error as error:
        if missing := re.findall(r"flag --(\w+)=None: Flag --\1 must have a value", str(error)):
            fail(f"--{' and --'.join(missing)} must be given. --help says what can be.")
        fail(error)
    if rest[1:]:
        fail(f"unexpected argument {rest[1]!r}: flags are written --name=value.")
    for name in _own_flags():
        flags.FLAGS[name].value = _at_home(flags.FLAGS[name].value)
        _check_size(name, flags.FLAGS[name].value)
    if not flags.FLAGS["verbosity"].present:
        # TensorFlow logs through absl, and much; it warns of graphs that are meant to differ.
        logging.set_verbosity(logging.ERROR)
    return rest


def _check_size(name, value):
    """Fails on numbers that nothing counts to; bounds of single flags are narrower."""
    if isinstance(value, float) and not math.isfinite(value):
        fail(f"--{name} must be a finite number, got {value}.")
    if isinstance(value, int) and abs(value) > _MOST:
        fail(f"--{name} must be at most {_MOST:,}, got {value}.")


def _at_home(value):
    """The value of a flag with ~ for the home folder, which shells leave in --run=~/runs/a."""
    if isinstance(value, list):
        return [_at_home(item) for item in value]
    return os.path.expanduser(value) if isinstance(value, str) else value


def _own_flags():
    """Names of the flags that no library defines."""
    modules = flags.FLAGS.flags_by_module_dict().items()
    own = [found for module, found in modules if not module.startswith(("absl", "tensorflow"))]
    return sorted(flag.name for found in own for flag in found)
