"""A split of a data set as the model's input: binarized, shuffled, and with its noise."""

from typing import TYPE_CHECKING, Literal

from keras_vae import data, seeds
from keras_vae._compat import tf
from keras_vae.batches import Block
from keras_vae.messages.notes import note

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable


_STEPS_PER_BLOCK = 50  # after which Keras shows how far it is

# Bytes of noise that a block may bring; some four blocks are in memory at a time. Steps that draw
# their own noise are slower, by a tenth where XLA compiles them (benchmarks/noise.py): noise of the
# pipeline is drawn while other steps run, and XLA then compiles the block as a whole.
MOST_NOISE = 2**26


def training_set(
    model: "Trainable", split: data.Split, batch_size: int, epochs: int, first_epoch: int
) -> tuple[tf.data.Dataset, int]:
    """The blocks of the epochs from `first_epoch` to `epochs`, and how many an epoch has.

    Each epoch is shuffled, and its noise drawn, by the model's seed. A model that has been trained
    goes on with the epochs that follow.

    Args:
      model: a compiled VAE.
      split: a Split; its labels are the condition of a model that takes labels.
      batch_size: B; an epoch's last short batch is left out.
      epochs, first_epoch: as `epochs` and `initial_epoch` of Keras' fit.

    Returns:
      (tf.data.Dataset of Block, int).

    Raises:
      ValueError: the model can't be trained on such examples.
    """
    binarization = _binarization(model, split)
    steps = data.steps_per_epoch(split, batch_size)
    if binarization == "dynamic" and model.binarization is None:
        note(
            "this likelihood is for black and white, and the images are grey: their pixels are "
            "drawn black or white anew in each epoch, white as often as they are bright "
            "(binarization=dynamic)."
        )
    done = -(-int(model.optimizer.iterations) // steps)
    blocks = training_blocks(
        model,
        split,
        batch_size=batch_size,
        steps_per_block=_STEPS_PER_BLOCK,
        epochs=done + epochs - first_epoch,
        binarization=binarization,
        start_step=done * steps,
    )
    return blocks, len(data.block_lengths(steps, _STEPS_PER_BLOCK))


def training_blocks(
    model: "Trainable",
    split: data.Split,
    *,
    batch_size: int,
    steps_per_block: int,
    noise: Literal["auto", "pipeline", "step"] = "auto",
    **options,
) -> tf.data.Dataset:
    """`data.training_blocks` with the seed, noise, labels and augmentations of a model.

    Args:
      model: a compiled VAE.
      split: a Split.
      batch_size: B.
      steps_per_block: K, the longest a block may be.
      noise: where it is drawn, the same numbers by the same seed: in the "pipeline", while other
        steps run, or in its "step", which has memory hold that of one step. "auto" is the pipeline
        where a block has at most `MOST_NOISE` bytes of it.
      **options: as of `data.training_blocks`.
    """
    if noise == "auto":
        noise = _where_drawn(model, batch_size * steps_per_block)

    def draw_noise(seed):
        return model.draw_noise(seed, model.objective.num_samples, batch_size)

    return data.training_blocks(
        split,
        batch_size=batch_size,
        steps_per_block=steps_per_block,
        seed=model.seed,
        augmentations=model.augment,
        draw_noise=draw_noise if noise == "pipeline" else None,
        with_labels=_takes_labels(model),
        **options,
    )


def evaluation_set(
    model: "Trainable", split: data.Split, batch_size: int, binarization: str | None = None
) -> tf.data.Dataset:
    """All examples of a split in order, as a tf.data.Dataset of Blocks of one step.

    Their draws are those of a validation split, whichever it is.

    Args:
      model: a compiled VAE.
      split: a Split.
      batch_size: B.
      binarization: how it is binarized; None for what the model needs.
    """

    def draw_noise(seed, size):
        return model.draw_noise(seed, model.objective.num_samples, size)

    batches = data.evaluation_batches(
        split,
        batch_size=batch_size,
        seed=seeds.of_split(model.seed, "validation"),
        binarization=binarization or _binarization(model, split),
        draw_noise=draw_noise if _where_drawn(model, batch_size) == "pipeline" else None,
        with_labels=_takes_labels(model),
    )
    return batches.map(Block.of_one)


def _where_drawn(model, num_examples):
    """Where noise for blocks of so many examples is drawn, all their steps together."""
    one = model.draw_noise([0, 0], model.objective.num_samples, 1)
    size = num_examples * one.shape.num_elements() * one.dtype.size
    return "pipeline" if size <= MOST_NOISE else "step"


def _binarization(model, split):
    """How the split is binarized for the model; the model's scale is the split's where it isn't."""
    model.check_shape((None, *split.shape))
    found = data.resolve(model.binarization, split, model.needs_binary)
    if found == "none" and split.dtype.kind == "u":
        model.take_levels(split.levels)
    return found


def _takes_labels(model):
    return model.condition is not None and not model.condition.in_examples
