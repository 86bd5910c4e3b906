"""What a file's decoder loses on real data, beside the Keras model's."""

import math
import pathlib

import numpy as np

from export.inner_params import inner_params
from export.parity import ParityError
from export.precision import Precision
from export.tflite import verb_and_size
from keras_vae.batches import Batch
from keras_vae.distributions import of_known
from keras_vae.likelihoods import Support
from keras_vae.ops.in_batches import in_batches
from keras_vae.vae import VAE

_AT_ONCE = 100  # examples, of which deep models hold many maps


def of_decoder(vae: VAE, file: pathlib.Path, signatures: dict, batch: Batch) -> dict:
    """Decodes the codes of real examples by the model and by a file.

    Args:
      vae: the model.
      file: its TFLite file.
      signatures: of the file; the largest decode_B is tried.
      batch: N examples, with their conditions.

    Returns:
      dict: `psnr` and `psnr_keras`, decibels of all pixels' errors against x; `nll_change`, by how
      many nats -log p(x|z) of an example is worse, None where neither the mean nor what is within
      the file tells; `bits_change`, the same in bits per dimension, of mixtures of levels and such
      likelihoods that the mean doesn't settle; `examples`.
    """
    size = max(size or 0 for verb, size in map(verb_and_size, signatures) if verb == "decode")
    decode, params = signatures[f"decode_{size}"], _params(vae, file, f"decode_{size}")

    def compare(z, x, mask, condition):
        """(image by the file, by the model, nats lost), of rows."""
        arrays = {"z": z} if condition is None else {"z": z, "condition": condition}
        p, values, lost = vae.decode(z, condition), vae.as_floats(x), None
        if params is not None:
            there = vae.decoder.likelihood(_in_calls(params, size, arrays))
            lost = of_known(p, mask).log_prob(values) - of_known(there, mask).log_prob(values)
        image = _in_calls(lambda **rows: decode(**rows)["image"], size, arrays)
        return image, p.mean().numpy(), lost

    x, mask = batch.x, batch.mask
    condition = _condition(vae, x, batch.condition).get("condition")
    found, wanted, lost = in_batches(compare, _AT_ONCE, _codes(vae, batch), x, mask, condition)
    x = vae.as_floats(x).numpy()
    if mask is not None:  # What is unknown can't be lost.
        found, wanted = (np.where(mask, image, x) for image in (found, wanted))
    if lost is None:
        worse = [vae.decoder.likelihood.nll_of_mean(x, image) for image in (found, wanted)]
        nats = None if worse[0] is None else float(np.mean(worse[0] - worse[1]))
    else:
        nats = float(np.mean(lost))
    known = x[0].size if mask is None else np.sum(mask) / len(x)
    return {
        "psnr": _psnr(x, found),
        "psnr_keras": _psnr(x, wanted),
        "nll_change": nats,
        "bits_change": None if lost is None else nats / known / math.log(2.0),
        "examples": len(x),
    }


def _in_calls(function, size, arrays):
    """A function of `size` rows of arrays, of any number of rows; the first fill up the last."""
    number = len(arrays["z"])
    parts = []
    for start in range(0, number, size):
        rows = np.arange(start, start + size) % number
        parts.append(function(**{name: values[rows] for name, values in arrays.items()}))
    return np.concatenate(parts)[:number]


def _params(vae, file, signature):
    """What gives the file's parameters of p(x|z), where they are needed to tell log p(x|z)."""
    likelihood, zeros = vae.decoder.likelihood, np.zeros([1, *vae.event_shape], np.float32)
    is_settled = likelihood.nll_of_mean(zeros, zeros) is not None
    if is_settled or likelihood.support is not Support.LEVELS or vae.decoder.in_turn:
        return None
    return inner_params(file, signature, likelihood.params_shape)


def check_loss(file: str, found: dict, gate: Precision) -> None:
    """Raises ParityError if `of_decoder` found more lost than a precision may lose."""
    of_bits = found["bits_change"] is not None and gate.bits_change is not None
    change, limit, unit = (
        (found["bits_change"], gate.bits_change, "bits a dimension")
        if of_bits
        else (found["nll_change"], gate.nll_change, "nats an example")
    )
    if change is not None and not change <= limit:
        raise ParityError(
            f"{file}: decoding real data costs {change:.3g} {unit} more than the Keras model's "
            f"(PSNR {found['psnr']:.1f} for {found['psnr_keras']:.1f} dB); allowed are {limit:g}. "
            "The file was not written. "
            f"{'Take precision=' + gate.instead + ', or a' if gate.instead else 'A'}llow more by "
            "max_nll_change."
        )


def calibration(vae: VAE, batch: Batch) -> dict:
    """{verb: {input: [N, ...]}} that span the range of values: real examples and their codes, and
    as many latents of the prior at twice its temperature, or else of twice the codes' deviation."""
    x, condition = batch.x, batch.condition
    z = _codes(vae, batch)
    given = _condition(vae, x, condition)
    if vae.prior is None:
        wide = z.mean(axis=0) + 2.0 * (np.roll(z, 1, axis=0) - z.mean(axis=0))
    else:
        wide = in_batches(
            lambda noise, condition: vae.flat(vae.prior_sample(noise, 2.0, condition)),
            _AT_ONCE,
            vae.prior.draw_noise([0, 0], len(x)),
            given.get("condition"),
        ).numpy()
    twice = {name: np.concatenate([values, values]) for name, values in given.items()}
    beside_x = {} if vae.condition is None or vae.condition.in_examples else given
    if vae.sees_mask:
        mask = np.ones(x.shape, bool) if batch.mask is None else batch.mask
        beside_x = {"mask": mask} | beside_x
    return {
        "decode": {"z": np.concatenate([z, wide])} | twice,
        "encode": {"x": vae.as_floats(x).numpy()} | beside_x,
    }


def _codes(vae, batch):
    """The flat z of each example, [N, D]."""
    return in_batches(
        lambda x, condition, mask: vae.flat(vae.code(x, condition, mask=mask)),
        _AT_ONCE,
        batch.x,
        batch.condition,
        batch.mask,
    ).numpy()


def _condition(vae, x, condition):
    """What a decoder is given beside z: {"condition": [N, ...]}, or nothing."""
    given = vae.condition_of(condition, x)
    return {} if given is None else {"condition": given.numpy()}


def _psnr(x, image):
    return -10.0 * math.log10(max(float(np.mean(np.square(x - image))), 1e-12))
