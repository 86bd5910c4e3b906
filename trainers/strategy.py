"""Where to train: --strategy -> tf.distribute strategy, and data for its replicas."""

import os

from keras_vae._compat import tf
from keras_vae.blocks import Block

STRATEGIES = ("auto", "cpu", "gpu", "mirrored", "multiworker", "tpu")


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
    if name == "multiworker" and not os.environ.get("TF_CONFIG"):
        raise ValueError("strategy=multiworker needs TF_CONFIG to name the workers.")
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


def worker_index(strategy: tf.distribute.Strategy) -> int:
    """Which of several workers this process is; 0, the chief, writes the run directory."""
    resolver = strategy.cluster_resolver
    return (
        resolver.task_id if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) else 0
    )


def distribute(blocks: tf.data.Dataset, strategy: tf.distribute.Strategy):
    """`blocks` of global batches for a strategy: each replica gets its rows of every step.

    Where a batch can't be shared equally, some replicas get one row more.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return blocks

    def for_worker(context):
        local = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * local
        return blocks.flat_map(
            lambda block: tf.data.Dataset.range(first, first + local).map(
                lambda replica: _rows(block, replica, replicas)
            )
        )

    return strategy.distribute_datasets_from_function(for_worker)


def _rows(block: Block, replica, replicas: int) -> Block:
    """The rows of one replica: the batch is axis 1 of x and condition, axis 2 of noise."""
    replica = tf.cast(replica, tf.int32)
    size = tf.shape(block.x)[1]
    rows = tf.range(replica * size // replicas, (replica + 1) * size // replicas)
    return Block(
        tf.gather(block.x, rows, axis=1),
        tf.gather(block.noise, rows, axis=2),
        None if block.condition is None else tf.gather(block.condition, rows, axis=1),
    )


def _tpu():
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except Exception as error:
        raise ValueError(f"strategy=tpu: no TPU can be reached ({error}).") from error
    return tf.distribute.TPUStrategy(resolver)
