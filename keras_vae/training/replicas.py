"""Data for the replicas of a tf.distribute strategy, and workers that agree on what they train."""

import hashlib
from collections.abc import Mapping

import numpy as np

from keras_vae._compat import tf
from keras_vae.batches import Block


def worker_index(strategy: tf.distribute.Strategy) -> int:
    """Which of several workers this process is; 0, the chief, writes the run directory."""
    resolver = strategy.cluster_resolver
    return (
        resolver.task_id if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) else 0
    )


def check_same(strategy: tf.distribute.Strategy, facts: Mapping[str, object]) -> None:
    """Raises ValueError, in all workers, unless all of several workers have the same facts.

    Args:
      strategy: tf.distribute.Strategy.
      facts: by what an error calls them; their texts are compared, by SHA-256.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    # Workers of other versions may have other facts, and tensors of other shapes never meet.
    for compared in ({"versions": [*facts]}, facts):
        own = np.stack([_digest(fact) for fact in compared.values()])
        found = strategy.gather(strategy.run(lambda own=own: tf.constant(own[np.newaxis])), axis=0)
        differ = (found.numpy() != own).any(axis=(0, 2))
        if differing := [name for name, other in zip(compared, differ, strict=True) if other]:
            raise ValueError(
                f"the workers were started with different {', '.join(differing)}. Start all by the "
                "same command, on the same data and versions."
            )


def _digest(fact):
    return np.frombuffer(hashlib.sha256(repr(fact).encode()).digest(), np.int32)


def distribute(
    blocks: tf.data.Dataset, strategy: tf.distribute.Strategy
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
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
                lambda replica: rows_of_replica(block, replica, replicas)
            )
        )

    return strategy.distribute_datasets_from_function(for_worker)


def rows_of_replica(block: Block, replica: int | tf.Tensor, replicas: int) -> Block:
    """The rows of one replica: the batch is axis 1 of x, condition and mask, axis 2 of noise."""
    replica = tf.cast(replica, tf.int32)
    steps, size = tf.unstack(tf.shape(block.x)[:2])
    first = replica * size // replicas
    rows = tf.range(first, (replica + 1) * size // replicas)

    def taken(part, axis=1):
        return None if part is None else tf.gather(part, rows, axis=axis)

    return Block(
        taken(block.x),
        taken(block.noise, axis=2),
        taken(block.condition),
        block.seed,
        taken(block.mask),
        None if block.seed is None else tf.tile([[first, size]], [steps, 1]),
    )
