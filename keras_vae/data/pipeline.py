"""From a Split to what the model is fed: blocks for training, batches for evaluation.

Every draw comes from a seed of its epoch and step, so the input from step n on needs no state but
n. Whole batches move at a time, and values keep their dtype until the device.
"""

from collections.abc import Callable, Collection

import numpy as np

from keras_vae._compat import TensorLike, tf
from keras_vae.batches import Batch, Block
from keras_vae.data.augmentation import augment
from keras_vae.data.binarization import binarize
from keras_vae.data.split import InMemory, Split, to_host
from keras_vae.ops.untuned import untuned
from keras_vae.seeds import Site, derive

# Evaluation binarizes runs of this many examples at a time, whatever the batch size is.
EVALUATION_RUN = 1000


def steps_per_epoch(images: Split, batch_size: int) -> int:
    """Whole batches in an epoch.

    Raises:
      ValueError: there is not even one.
    """
    if not 1 <= batch_size <= images.num_examples:
        raise ValueError(
            f"batch_size must be between 1 and the {images.num_examples} training images, got "
            f"{batch_size}. Choose a smaller batch_size."
        )
    return images.num_examples // batch_size


def block_lengths(steps: int, steps_per_block: int) -> list[int]:
    """Steps in each block of an epoch: as few blocks as can be, lengths that differ by at most 1.

    Args:
      steps: steps in an epoch.
      steps_per_block: the longest a block may be.

    Returns:
      list of ints whose sum is `steps`.
    """
    blocks = -(-steps // steps_per_block)
    return [steps * (i + 1) // blocks - steps * i // blocks for i in range(blocks)]


def training_blocks(
    images: Split,
    *,
    batch_size: int,
    steps_per_block: int,
    epochs: int,
    seed: int,
    binarization: str,
    augmentations: Collection[str] = (),
    draw_noise: Callable | None = None,
    with_labels: bool = False,
    start_step: int = 0,
) -> tf.data.Dataset:
    """The input of training, from `start_step` to the end of the last epoch.

    Each epoch is shuffled anew; its last short batch is dropped; no block crosses its end. What a
    step is given depends on seed, epoch and step alone: a run resumed at any step gets to the bit
    what the unbroken one would have got (in the same blocks, if it is where one begins).

    Args:
      images: Split.
      batch_size: B.
      steps_per_block: K, the longest a block may be; see `block_lengths`.
      epochs: how many in all, those before `start_step` included.
      seed: int.
      binarization: what `resolve` returned.
      augmentations: of images, see `augment`.
      draw_noise: (seed int32 [2]) -> noise of one batch, [S, B, N]; None for batches that have
        the seed instead.
      with_labels: whether the images' labels are the condition.
      start_step: steps done already, counted from the first epoch's first.

    Returns:
      tf.data.Dataset of Block: x [K, B, H, W, C], noise [K, S, B, N] or seed [K, 2], condition
      [K, B] or None.

    Raises:
      ValueError: the batch is larger than the data.
    """
    steps = steps_per_epoch(images, batch_size)
    lengths = block_lengths(steps, steps_per_block)
    block_of_step = np.repeat(np.arange(len(lengths)), lengths)
    first_epoch, first_step = divmod(start_step, steps)
    first_block = int(block_of_step[first_step])
    first_length = sum(lengths[: first_block + 1]) - first_step
    batches, fetch = (_memory if isinstance(images, InMemory) else _stream)(
        images, _labels(images, with_labels), batch_size, steps
    )

    def epoch_of_batches(epoch):
        begin = tf.where(epoch == first_epoch, np.int64(first_step), np.int64(0))
        of_epoch = batches(derive(seed, Site.SHUFFLE, epoch), begin)
        counted = tf.data.Dataset.zip(tf.data.Dataset.range(begin, steps), of_epoch)
        return counted.map(lambda step, batch: (epoch, step, batch))

    def step_input(epoch, step, batch):
        x, condition, mask = fetch(batch)
        seed_of_move = derive(seed, Site.AUGMENT, epoch, step)
        x = augment(x, augmentations, seed_of_move)
        if mask is not None:  # By the same seed it moves with its image.
            mask = augment(mask, augmentations, seed_of_move)
        seed_of_step = derive(seed, Site.BINARIZE, epoch, step)
        x = binarize(x, binarization, seed_of_step, images.levels)
        batch = _batch(x, condition, mask, derive(seed, Site.LATENT, epoch, step), draw_noise)
        return epoch * len(lengths) + tf.gather(block_of_step, step), batch

    def length_of(block):
        is_first = block == first_epoch * len(lengths) + first_block
        whole = tf.gather(np.array(lengths, np.int64), block % len(lengths))
        return tf.where(is_first, np.int64(first_length), whole)

    blocks = (
        tf.data.Dataset.range(first_epoch, epochs)
        .flat_map(epoch_of_batches)
        .map(step_input, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .group_by_window(
            key_func=lambda block, batch: block,
            reduce_func=lambda block, window: window.batch(max(lengths)),
            window_size_func=length_of,
        )
        .map(lambda block, batches: Block(*batches))
        .apply(
            tf.data.experimental.assert_cardinality(
                max(0, (epochs - first_epoch) * len(lengths) - first_block)
            )
        )
        .prefetch(2)
        .with_options(_options())
    )
    return untuned(blocks)


def evaluation_batches(
    images: Split,
    *,
    batch_size: int,
    seed: TensorLike | int,
    binarization: str,
    draw_noise: Callable | None = None,
    with_labels: bool = False,
) -> tf.data.Dataset:
    """All images in order, the last short batch included.

    An image is binarized by seed and its place in the split alone: the same in every pass, for
    every batch size.

    Args:
      images: Split.
      batch_size: B.
      seed: int32 [2], a different one for each split.
      binarization: what `resolve` returned.
      draw_noise: (seed int32 [2], batch size int32 []) -> noise of one batch; None for batches
        that have the seed instead.
      with_labels: whether the images' labels are the condition.

    Returns:
      tf.data.Dataset of Batch: x [B, H, W, C], noise or seed [2], condition [B] or None, mask of
      x's shape or None.
    """
    if isinstance(images, InMemory):
        parts = {"x": images.on_host}
        if images.mask is not None:
            parts["mask"] = images.mask_on_host
        starts = tf.data.Dataset.range(0, images.num_examples, EVALUATION_RUN)
        runs = starts.map(
            lambda start: {k: part[start : start + EVALUATION_RUN] for k, part in parts.items()}
        )
    else:
        chunks = tf.data.Dataset.range(len(images.chunk_sizes))
        runs = chunks.map(lambda chunk: {"x": _read(images, chunk)})
        runs = runs.prefetch(1).rebatch(EVALUATION_RUN)

    def binarized(run, parts):
        seed_of_run = derive(seed, Site.BINARIZE, run)
        return parts | {"x": binarize(parts["x"], binarization, seed_of_run, images.levels)}

    labels = _labels(images, with_labels)

    def batch(i, parts):
        x, mask = parts["x"], parts.get("mask")
        size = tf.shape(x)[0]
        start = i * batch_size
        condition = None if labels is None else labels[start : start + tf.cast(size, tf.int64)]
        draw = draw_noise and (lambda seed: draw_noise(seed, size))
        return _batch(x, condition, mask, derive(seed, Site.LATENT, i), draw)

    count = -(-images.num_examples // batch_size)
    batches = (
        runs.enumerate()
        .map(binarized, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .rebatch(batch_size)
        .enumerate()
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .apply(tf.data.experimental.assert_cardinality(count))
        .prefetch(2)
        .with_options(_options())
    )
    return untuned(batches)


def _batch(x, condition, mask, seed, draw_noise):
    """The batch with its noise; with its seed where there is no way to draw noise."""
    if draw_noise is None:
        return Batch(x, condition=condition, seed=seed, mask=mask)
    return Batch(x, draw_noise(seed), condition, mask=mask)


# The two ways to shuffle. Each returns two functions: `batches(seed, begin)` gives an epoch's
# batches from step `begin` on, in a cheap form, and `fetch` makes (x [B, H, W, C], labels [B] or
# None, mask of x's shape or None) of one of them.


def _memory(images, labels, batch_size, steps):
    parts = images.on_host, labels, images.mask_on_host

    def batches(seed, begin):
        order = _shuffled(images.num_examples, seed)[: steps * batch_size]
        rows = tf.reshape(order, [steps, batch_size])[begin:]
        return tf.data.Dataset.from_tensor_slices(rows)

    def fetch(rows):
        return [None if part is None else tf.gather(part, rows) for part in parts]

    return batches, fetch


def _stream(images, labels, batch_size, steps):
    sizes = np.array(images.chunk_sizes, np.int64)
    starts = np.cumsum(sizes) - sizes

    def batches(seed, begin):
        order = _shuffled(len(sizes), seed)
        stops = tf.cumsum(tf.gather(sizes, order))
        done = begin * batch_size
        skipped = tf.reduce_sum(tf.cast(stops <= done, tf.int32))
        already = done - tf.concat([[np.int64(0)], stops], 0)[skipped]

        def chunk_rows(i, chunk):
            x = _read(images, chunk)
            order = _shuffled(tf.shape(x)[0], derive(seed, chunk))
            order = order[tf.where(i == 0, already, 0) :]
            rows = tf.cast(order, tf.int64) + tf.gather(starts, chunk)
            return tf.gather(x, order), rows

        chunks = tf.data.Dataset.from_tensor_slices(order[skipped:]).enumerate().map(chunk_rows)
        return chunks.prefetch(1).rebatch(batch_size, drop_remainder=True).take(steps)

    def fetch(batch):
        x, rows = batch
        return x, None if labels is None else tf.gather(labels, rows), None

    return batches, fetch


def _labels(images, wanted):
    """The labels, int32 [N], if they are wanted; else None."""
    return to_host(images.labels.astype(np.int32)) if wanted else None


def _shuffled(n, seed):
    return tf.random.experimental.stateless_shuffle(tf.range(n), seed)


def _read(images, chunk):
    x = tf.numpy_function(images.read, [chunk], tf.as_dtype(images.dtype), stateful=False)
    return tf.ensure_shape(x, [None, *images.shape])


def _options():
    """Graph rewrites off: they gain nothing here, and would copy the array for each iterator.

    TensorFlow isn't to share out examples among workers either: `training.replicas` does.
    """
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    options.experimental_optimization.apply_default_optimizations = False
    return options
