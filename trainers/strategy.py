"""Where to train: --strategy -> tf.distribute strategy."""

import os

from keras_vae._compat import tf
from trainers import workers

STRATEGIES = {
    "auto": "all devices that there are",
    "cpu": "the CPU",
    "gpu": "the first GPU",
    "mirrored": "all GPUs of this machine",
    "multiworker": "the machines that TF_CONFIG names",
    "tpu": "the TPU that TPU_NAME names",
}


def make(name: str, worker_wait: float = 0.0) -> tf.distribute.Strategy:
    """The strategy of that name.

    auto takes TPU if TPU_NAME is set, several workers if TF_CONFIG is, all GPUs if there are two or
    more, one if there is one, else the CPU. mirrored without GPUs mirrors the logical CPUs.

    Args:
      name: one of STRATEGIES.
      worker_wait: seconds to wait for other workers.

    Raises:
      ValueError: the devices or the other workers aren't there.
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
    if name == "tpu":
        return _tpu()
    if name == "multiworker":
        workers.wait_for_all(worker_wait)
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU" if gpus else "CPU")
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    # One device needs no strategy: TensorFlow takes the first GPU it sees.
    tf.config.set_visible_devices(gpus[:1] if name == "gpu" else [], "GPU")
    return tf.distribute.get_strategy()


def _tpu():
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except Exception as error:
        raise ValueError(
            f"strategy=tpu: no TPU can be reached ({error}). Set TPU_NAME to its name or address."
        ) from error
    return tf.distribute.TPUStrategy(resolver)
