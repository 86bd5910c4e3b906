"""What a file's decoder loses on real data, beside the Keras model's."""

import math

import numpy as np

from export.parity import ParityError
from export.precision import Precision
from export.tflite import verb_and_size
from keras_vae.batches import Batch
from keras_vae.vae import VAE


def of_decoder(vae: VAE, signatures: dict, batch: Batch) -> dict:
    """Decodes the codes of real examples by the model and by a file.

    Args:
      vae: the model.
      signatures: of the file; the largest decode_B is tried.
      batch: N examples, with their conditions.

    Returns:
      dict: `psnr` and `psnr_keras`, decibels of all pixels' errors against x; `nll_change`, by how
      many nats -log p(x|z) of an example is worse, None where the mean does not tell; `examples`.
    """
    size = max(size or 0 for verb, size in map(verb_and_size, signatures) if verb == "decode")
    x, condition = batch.x, batch.condition
    z = vae.code(x, condition, mask=batch.mask).numpy()
    given = _condition(vae, x, condition)
    images, means = [], []
    for i in range(0, len(x), size):
        rows = np.arange(i, i + size) % len(x)  # The first examples fill up the last batch.
        arrays = {name: values[rows] for name, values in ({"z": z} | given).items()}
        images.append(signatures[f"decode_{size}"](**arrays)["image"])
        means.append(vae.decode(*arrays.values()).mean().numpy())
    found, wanted = (np.concatenate(parts)[: len(x)] for parts in (images, means))
    x = vae.as_floats(x).numpy()
    if batch.mask is not None:  # What is unknown can't be lost.
        found, wanted = (np.where(batch.mask, image, x) for image in (found, wanted))
    worse = [vae.decoder.likelihood.nll_of_mean(x, image) for image in (found, wanted)]
    return {
        "psnr": _psnr(x, found),
        "psnr_keras": _psnr(x, wanted),
        "nll_change": None if worse[0] is None else float(np.mean(worse[0] - worse[1])),
        "examples": len(x),
    }


def check_loss(file: str, found: dict, gate: Precision) -> None:
    """Raises ParityError if `of_decoder` found more lost than a precision may lose."""
    change = found["nll_change"]
    if change is not None and not change <= gate.nll_change:
        raise ParityError(
            f"{file}: decoding real data costs {change:.3g} nats an example more than the Keras "
            f"model's (PSNR {found['psnr']:.1f} for {found['psnr_keras']:.1f} dB); allowed are "
            f"{gate.nll_change:g}. The file was not written. "
            f"{'Take precision=' + gate.instead + ', or a' if gate.instead else 'A'}llow more by "
            "max_nll_change."
        )


def calibration(vae: VAE, batch: Batch) -> dict:
    """{verb: {input: [N, ...]}} that span the range of values: real examples and their codes, and
    as many latents of the prior at twice its temperature, or else of twice the codes' deviation."""
    x, condition = batch.x, batch.condition
    z = vae.code(x, condition, mask=batch.mask).numpy()
    given = _condition(vae, x, condition)
    if vae.prior is None:
        wide = z.mean(axis=0) + 2.0 * (np.roll(z, 1, axis=0) - z.mean(axis=0))
    else:
        noise = vae.prior.draw_noise([0, 0], len(x))
        wide = vae.prior_sample(noise, 2.0, given.get("condition")).numpy()
    twice = {name: np.concatenate([values, values]) for name, values in given.items()}
    beside_x = {} if vae.condition is None or vae.condition.in_examples else given
    if vae.sees_mask:
        mask = np.ones(x.shape, bool) if batch.mask is None else batch.mask
        beside_x = {"mask": mask} | beside_x
    return {
        "decode": {"z": np.concatenate([z, wide])} | twice,
        "encode": {"x": vae.as_floats(x).numpy()} | beside_x,
    }


def _condition(vae, x, condition):
    """What a decoder is given beside z: {"condition": [N, ...]}, or nothing."""
    given = vae.condition_of(condition, x)
    return {} if given is None else {"condition": given.numpy()}


def _psnr(x, image):
    return -10.0 * math.log10(max(float(np.mean(np.square(x - image))), 1e-12))
