"""How blocks of steps run: compiled or not, on one device or on replicas."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from keras_vae import seeds
from keras_vae._compat import tf
from keras_vae.batches import Batch, Block
from keras_vae.inputs.arguments import next_batch

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable


def with_noise(model: "Trainable", batch: Batch) -> Batch:
    """The batch with its noise, drawn from its seed where it has none yet.

    Noise is that of the batch of all replicas, of which this one takes its rows.

    Args:
      model: a compiled `Trainable`.
      batch: a Batch.

    Raises:
      ValueError: it has neither noise nor a seed.
    """
    if batch.noise is not None:
        return batch
    if batch.seed is None:
        raise ValueError(
            "batch has neither noise nor seed. Give it one, or call the model with examples."
        )
    rows = batch.x.shape[0] or tf.shape(batch.x)[0]
    first, size = (0, rows) if batch.place is None else tf.unstack(batch.place)
    noise = model.draw_noise(batch.seed, model.objective.num_samples, size)
    return batch._replace(noise=noise[:, first : first + rows], seed=None, place=None)


def block_taker(model: "Trainable", site: seeds.Site) -> Callable:
    """A function of (iterator, step) that gives the next block.

    A plain batch becomes a block of one, with noise of the `site` that depends on the step.
    """

    @tf.function(reduce_retracing=True)
    def with_noise_of(step, batch):
        replica = tf.distribute.get_replica_context()
        size = tf.shape(batch.x)[0]
        index = tf.cast(replica.replica_id_in_sync_group, tf.int32)
        place = size * tf.stack([index, replica.num_replicas_in_sync])
        seed = seeds.derive(model.seed, site, step)
        return Block.of_one(with_noise(model, batch._replace(seed=seed, place=place)))

    def next_block(iterator, step):
        data = next_batch(iterator)
        if isinstance(data, Block):
            return data
        return model.distribute_strategy.run(
            lambda step, data: with_noise_of(step, model.looked_at(data)),
            args=(tf.convert_to_tensor(step), data),
        )

    return next_block


def block_runner(
    model: "Trainable", step: Callable, logs: Callable[[], dict] | None = None
) -> Callable:
    """A function that runs `step` on each batch of a block and gives the metrics.

    The metrics are what `logs` returns; `model.logs` if None.

    Missing noise is drawn between the steps, never inside what XLA compiles: XLA draws other
    numbers from the same seed, and on CPUs more slowly. So memory holds the noise of one step.
    """

    logs = logs or model.logs

    def run_all(block, step=step):
        def run(i):
            step(with_noise(model, block.step(i)))
            return [i + 1]

        tf.while_loop(lambda i: i < block.num_steps, run, [0])
        return logs()

    if model.run_eagerly:
        return run_all
    if model.distributed:
        return _replica_runner(model, step, logs)
    # Blocks of each length become a graph of their own, in all of which the step is traced once.
    one_step = tf.function(step, jit_compile=model.jit_compile)

    @tf.function
    def run_steps(block):
        return run_all(block, one_step)

    if not model.jit_compile:
        return run_steps
    run_block = tf.function(run_all, jit_compile=True)
    return lambda block: run_block(block) if block.noise is not None else run_steps(block)


def _replica_runner(model, step, logs):
    strategy = model.distribute_strategy

    def run_step(block, i):
        step(with_noise(model, block.step(i)))

    @tf.function
    def run_one(block, i):
        strategy.run(run_step, args=(block, i))

    def run_replicas(block):
        # An all-reduce inside a loop of the graph, or under XLA, raises on CPU replicas.
        num_steps = strategy.experimental_local_results(block.x)[0].shape[0]
        for i in range(num_steps):
            run_one(block, tf.constant(i))
        return logs()

    return run_replicas
