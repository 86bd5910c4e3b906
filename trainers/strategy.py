"""Where to train: --strategy -> tf.distribute strategy."""

import json
import os

from keras_vae._compat import tf

STRATEGIES = {
    "auto": "all devices that there are",
    "cpu": "the CPU",
    "gpu": "the first GPU",
    "mirrored": "all GPUs of this machine",
    "multiworker": "the machines that TF_CONFIG names",
    "tpu": "the TPU that TPU_NAME names",
}


def make(name: str) -> tf.distribute.Strategy:
    """The strategy of that name.

    auto takes TPU if TPU_NAME is set, several workers if TF_CONFIG is, all GPUs if there are two or
    more, one if there is one, else the CPU. mirrored without GPUs mirrors the logical CPUs.

    Raises:
      ValueError: the devices aren't there.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if name == "auto":
        if os.environ.get("TPU_NAME"):
            name = "tpu"
        elif os.environ.get("TF_CONFIG"):
            name = "multiworker"
        else:
            name = "mirrored" if len(gpus) > 1 else "gpu" if gpus else "cpu"
    if name == "gpu" and not gpus:
        raise ValueError("strategy=gpu: TensorFlow sees no GPU. Use strategy=auto or cpu.")
    if name == "multiworker":
        _check_workers(os.environ.get("TF_CONFIG"))
    if name == "tpu":
        return _tpu()
    if name == "multiworker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU" if gpus else "CPU")
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    # One device needs no strategy: TensorFlow takes the first GPU it sees.
    tf.config.set_visible_devices(gpus[:1] if name == "gpu" else [], "GPU")
    return tf.distribute.get_strategy()


def _check_workers(found):
    """Raises ValueError unless TF_CONFIG names workers."""
    try:
        workers = json.loads(found or "{}")["cluster"]["worker"]
    except (ValueError, LookupError, TypeError):
        workers = None
    if not workers:
        raise ValueError(
            "strategy=multiworker needs the variable TF_CONFIG to name the workers, as in "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", '
            f'"index": 0}}}}; got {found!r}.'
        )


def _tpu():
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except Exception as error:
        raise ValueError(
            f"strategy=tpu: no TPU can be reached ({error}). Set TPU_NAME to its name or address."
        ) from error
    return tf.distribute.TPUStrategy(resolver)
