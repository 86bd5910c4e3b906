"""SavedModel: for TensorFlow in any language, without Keras, TFP or this project."""

import pathlib
from collections.abc import Collection, Sequence

from export.checked import checked
from export.generator import Generator
from keras_vae._compat import tf
from keras_vae.trusted import graphs
from keras_vae.vae import VAE


def write_saved_model(
    model: VAE | Generator,
    path: str | pathlib.Path,
    batch_sizes: Sequence[int] = (),
    leave_out: Collection[str] = (),
) -> None:
    """Writes the folder `path`: signatures decode, encode and, with a prior, sample; any batch.

    Each verb but log_prob is there in each of the batch sizes, too: decode_16. Signatures check
    what they are given (`checked`).

    Args:
      model: a VAE, or its `Generator`, of which several files are written.
      path: the folder.
      batch_sizes: of further signatures.
      leave_out: verbs that have no signature.

    Raises:
      OSError: it can't be written.
    """
    generator = Generator.of(model)
    signatures = generator.signatures(leave_out=leave_out)
    for size in batch_sizes:
        fixed = generator.signatures(size, leave_out=("log_prob", *leave_out))
        signatures |= {f"{verb}_{size}": function for verb, function in fixed.items()}
    vae = generator.vae
    save(generator, path, {name: checked(vae, verb) for name, verb in signatures.items()})


def save(generator: Generator, path: str | pathlib.Path, signatures: dict) -> None:
    """The same with signatures {name: tf.function} of your choice."""
    try:
        tf.saved_model.save(generator, str(path), signatures=signatures)
    except tf.errors.OpError as error:  # TensorFlow raises no OSError for a full disk.
        raise OSError(f"{path} can't be written: {error.message}") from error


def load_signatures(path: str | pathlib.Path) -> dict:
    """{signature: function of arrays, by name, to a dict of arrays}.

    Raises:
      ValueError: the folder holds no SavedModel, or one with operators that no export has.
    """
    signatures = graphs.load_saved_model(path).signatures

    def arrays(function):
        def call(**inputs):
            outputs = function(**{name: tf.constant(value) for name, value in inputs.items()})
            return {name: value.numpy() for name, value in outputs.items()}

        return call

    return {name: arrays(function) for name, function in signatures.items()}
