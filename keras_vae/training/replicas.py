"""Data for the replicas of a tf.distribute strategy."""

from keras_vae._compat import tf
from keras_vae.batches import Block


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
