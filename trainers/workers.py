"""Several workers: waiting until all are there, and telling which one is lost."""

import contextlib
import json
import os
import re
import socket
import time

from keras_vae.messages.notes import tell

_PAUSE = 0.2  # seconds between two tries


def addresses() -> tuple[list[str], int]:
    """(host:port of all workers, index of this one), as the variable TF_CONFIG names them.

    Raises:
      ValueError: it names none.
    """
    found = os.environ.get("TF_CONFIG")
    try:
        content = json.loads(found or "{}")
        workers, index = content["cluster"]["worker"], int(content["task"]["index"])
        own = workers[index]
        int(own.rpartition(":")[2])
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ValueError(
            "strategy=multiworker needs the variable TF_CONFIG to name the workers, as in "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", '
            f'"index": 0}}}}; got {found!r}.'
        ) from None
    return workers, index


def wait_for_all(seconds: float) -> None:
    """Returns once all workers can be reached.

    TensorFlow's own wait can't be interrupted and doesn't say whom it waits for. Until all are
    there, this worker answers at its own port, which TensorFlow listens at afterwards.

    Args:
      seconds: how long to wait.

    Raises:
      ValueError: names those that can't be reached by then.
    """
    workers, own = addresses()
    missing = [index for index in range(len(workers)) if index != own]
    until, told = time.monotonic() + seconds, False
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # It is taken; TensorFlow says so.
            port = int(workers[own].rpartition(":")[2])
            held.enter_context(socket.create_server(("", port), backlog=len(workers) + 16))
        while missing := [index for index in missing if not _answers(workers[index])]:
            named = ", ".join(f"{index} ({workers[index]})" for index in missing)
            if time.monotonic() > until:
                raise ValueError(
                    f"strategy=multiworker: after {seconds:g} seconds, worker {named} can't be "
                    "reached. Start the same command there, within worker_wait seconds of this one."
                )
            if not told:
                tell(f"waiting for worker {named}, for {seconds:g} seconds at most.")
                told = True
            time.sleep(_PAUSE)


def lost(error: BaseException) -> str | None:
    """What to do, where an error of TensorFlow says that another worker is gone; else None."""
    said = str(error).partition("Collective ops is aborted by: ")[2]
    if not said:
        return None
    workers, own = addresses()
    numbers = {int(number) for number in re.findall(r"/task:(\d+)", said)} - {own}
    named = ", ".join(f"{i} ({workers[i]})" for i in sorted(numbers) if i < len(workers))
    return (
        f"worker {named or 'of another number'} has ended or can't be reached. Look there for the "
        "reason, and then start the same command on all workers: the training goes on from where "
        "it was last saved."
    )


def _answers(address):
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=1).close()
    except OSError:
        return False
    return True
