"""Stateless seeds, derived root -> site -> epoch -> step.

Every random draw of the project takes its seed from here, so a run resumed at step n continues as
the uninterrupted one would, and what one site draws never moves what another one sees.
"""

import enum
import numbers
import secrets

from keras_vae._compat import TensorLike, tf
from keras_vae.ops.whole_numbers import check_whole


class Site(enum.IntEnum):
    """What a seed is used for. Values are part of every stored run: append, never renumber."""

    SPLIT = 0
    SHUFFLE = 1
    BINARIZE = 2
    LATENT = 3
    SAMPLE = 4
    EVALUATE = 5
    STEP = 6
    ANNEAL = 7
    PROPOSAL = 8
    REGRET = 9
    COMPLETE = 10
    AUGMENT = 11


SPLITS = ("train", "validation", "test")  # A split's number is part of its seed.


def of_split(root: int, split: str) -> tf.Tensor:
    """The seed by which a split is binarized, and its noise drawn, when a model is evaluated."""
    return derive(root, Site.EVALUATE, SPLITS.index(split))


def derive(root: int | TensorLike, *path: int | TensorLike) -> tf.Tensor:
    """Folds `path` into the seed `root`.

    Args:
      root: int, or an int32 [2] seed as this function returns.
      *path: ints or scalar integer tensors, for example Site.LATENT, epoch, step. The site comes
        first, so that numbers of one site never meet those of another.

    Returns:
      int32 [2] seed for tf.random.stateless_* functions. Works eagerly and inside tf.data.
    """
    seed = tf.convert_to_tensor(
        [0, int(root)] if isinstance(root, numbers.Integral) else root, tf.int32
    )
    for number in path:
        seed = tf.random.fold_in(seed, tf.cast(number, tf.int32))
    return seed


def given_or_fresh(seed: int | None) -> int:
    """The seed; where there is none, a fresh one."""
    if seed is not None and not tf.is_tensor(seed):  # Seeds of `derive` are tensors.
        check_whole("seed", seed, at_least=-(2**31))
    return secrets.randbits(31) if seed is None else seed
