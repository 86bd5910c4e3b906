"""A split of a data set as the model's input: binarized, shuffled, and with its noise."""

from keras_vae import data, seeds
from keras_vae.batches import Block
from keras_vae.messages.notes import note
from keras_vae.seeds import Site

_STEPS_PER_BLOCK = 50  # after which Keras shows how far it is


def training_set(model, split: data.Split, batch_size: int, epochs: int, first_epoch: int):
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
            "this likelihood is of black and white, and the images are grey: their pixels are "
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


def training_blocks(model, split: data.Split, *, batch_size: int, **options):
    """`data.training_blocks` with the seed, the noise and the labels that a model needs."""
    return data.training_blocks(
        split,
        batch_size=batch_size,
        seed=model.seed,
        draw_noise=lambda seed: model.draw_noise(seed, model.objective.num_samples, batch_size),
        with_labels=_takes_labels(model),
        **options,
    )


def evaluation_set(model, split: data.Split, batch_size: int):
    """All examples of a split in order, as a tf.data.Dataset of Blocks of one step."""
    batches = data.evaluation_batches(
        split,
        batch_size=batch_size,
        seed=seeds.derive(model.seed, Site.EVALUATE),
        binarization=_binarization(model, split),
        draw_noise=lambda seed, size: model.draw_noise(seed, model.objective.num_samples, size),
        with_labels=_takes_labels(model),
    )
    return batches.map(Block.of_one)


def _binarization(model, split):
    """How the split is binarized for the model; the model's scale is the split's where it isn't."""
    model.check_shape((None, *split.shape))
    found = data.resolve(model.binarization, split, model.needs_binary)
    if found == "none" and split.dtype.kind == "u":
        model.take_levels(split.levels)
    return found


def _takes_labels(model):
    return model.condition is not None and not model.condition.in_examples
