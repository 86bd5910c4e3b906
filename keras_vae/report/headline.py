"""The three numbers at the head of a report, in words: likelihood, samples, latents."""

import math
from typing import Any, NamedTuple

from keras_vae.evaluation.alarms import COLLAPSED
from keras_vae.measures import of_file
from keras_vae.report.numbers_as_text import in_short, number, with_error
from keras_vae.vae import VAE

# How much oftener than training images samples may be told from test images, and still pass.
_PASSING = 0.05
# Samples that are told apart so often don't pass.
_FOUND_OUT = 0.95


class Headline(NamedTuple):
    """A number in words.

    Attributes:
      title: what it is of.
      value: the number with its unit.
      words: what it says, and which values are good.
    """

    title: str
    value: str
    words: str


def headlines(evaluation: dict[str, Any], vae: VAE) -> list[Headline]:
    """What a run comes to: likelihood, samples and latents, as far as it has each.

    Args:
      evaluation: numbers by the keys of `keras_vae.measures`.
      vae: the model that they are of.
    """
    found = [_likelihood(evaluation, vae), _samples(evaluation, vae), _latents(evaluation, vae)]
    return [headline for headline in found if headline is not None]


def _likelihood(found, vae):
    noun = _given(vae)
    if not vae.has_bound:
        return Headline(
            "Reconstruction error",
            f"{number('distortion_nats', found)} nats",
            f"What is lost when a test {noun} goes through its latents: lower is better. An "
            "autoencoder has no likelihood.",
        )
    told = found.get("nll_looseness_nats") is not None
    nats, bits = ("nll_nats", "bits_per_dim") if told else ("elbo_nats", "elbo_bits_per_dim")
    in_bits = found.get(bits) is not None
    # Of black and white, papers report nats.
    key = bits if in_bits and vae.decoder.likelihood.levels != 2 else nats
    measure = of_file()[key]
    if key == bits:
        words = [f"What a file of a test {noun} would take by this model, for each of its values."]
    else:
        minus = "Minus the" if told else "The"
        words = [f"{minus} log of the {'probability' if in_bits else 'density'} of a test {noun}."]
    words.append(measure.what_is_good)
    if in_bits and key == nats:
        words.append(f"A file would take {in_short(found[bits])} bits for each of its values.")
    words += _rival(found, bits if in_bits else nats)
    if not told:
        words.append(
            f"This is the ELBO, a bound: of {found['num_samples']} importance samples "
            f"{found['effective_sample_size']:.1f} count, too few to tell how much better the "
            "likelihood is."
        )
    return Headline(measure.name, f"{number(key, found)} {measure.unit}", " ".join(words))


def _rival(found, key):
    """How the rival of the likelihood `key` does, in a sentence, if one was measured."""
    name, in_bits = found.get("rival"), "bits" in key
    takes = found.get("rival_bits_per_dim" if in_bits else "rival_nats")
    if name is None or takes is None:
        return []
    own = found[key] * (-1.0 if of_file()[key].better == "higher" else 1.0)
    beside = f"{takes / own:.2g} times as many" if in_bits else f"{in_short(takes - own)} more"
    who = name if name == "PNG" else f"A model of {name}, fitted to the training data,"
    unit = "bits" if in_bits else "nats"
    how = f": {beside}" if takes > own else ": fewer, so this model is worse than its rival"
    return [f"{who} takes {in_short(takes)} {unit}{how}."]


def _samples(found, vae):
    if vae.prior is None:
        return Headline(
            "Samples", "none", "This autoencoder has no density of codes to draw samples from."
        )
    accuracy = found.get("told_apart_accuracy")
    if accuracy is None:
        return _of_codes(found, vae)
    error, train = found.get("told_apart_accuracy_stderr"), found.get("told_apart_accuracy_train")
    words = [
        "So often a small network tells samples from test images: 50% is guessing, at 100% each "
        "sample is found out."
    ]
    if train is not None:
        words.append(f"Of training images in place of samples it is {train:.0%}.")
    if accuracy - max(0.5, train or 0.0) < _PASSING + 2.0 * (error or 0.0):
        words.append("So samples pass for data.")
    elif accuracy < _FOUND_OUT:
        # A classifier of accuracy a bounds what two distributions share: 1 - TV <= 2 (1 - a).
        words.append(f"So at most {2.0 * (1.0 - accuracy):.0%} of the samples pass for data.")
    else:
        words.append("So hardly any sample passes for data.")
    value = with_error(100.0 * accuracy, None if error is None else 100.0 * error)
    return Headline("Samples told from data", f"{value} %", " ".join(words))


def _of_codes(found, vae):
    """What is known of samples that nothing compares with data."""
    key = "posterior_against_prior_p_value"
    if found.get(key) is None:
        return None
    return Headline(
        "Samples",
        f"p = {number(key, found)}",
        f"Samples of {vae.modality.nouns} aren't compared with data: look at them. This is a test "
        f"of codes against draws of the prior. {of_file()[key].good}",
    )


def _latents(found, vae):
    active, rate = found.get("active_units"), found.get("rate_nats")
    if active is None:
        return None
    value = f"{active:,} of {vae.latent_dim:,}"
    words = [f"So many latents differ from one test {vae.modality.noun} to another."]
    # What a layer's latents are can follow from the layer above: only its rate tells its use.
    if layers := found.get("rate_nats_by_layer"):
        value = f"{sum(nats >= COLLAPSED for nats in layers)} of {len(layers)} layers"
        words = [f"So many say something of a test {vae.modality.noun}."]
    if rate is not None:
        words.append(
            f"Together they say {in_short(rate)} nats ({in_short(rate / math.log(2.0))} bits) "
            "about it; near 0, the model would ignore them."
        )
        if found.get("bits_per_dim") is not None and found.get("elbo_nats"):
            share = rate / -found["elbo_nats"]
            words.append(f"That is {100 * share:.2g}% of all that it takes to describe it.")
    return Headline("Latents in use", value, " ".join(words))


def _given(vae):
    """What an example is called; what a conditional model is given of it isn't counted."""
    noun = vae.modality.noun
    return noun if vae.condition is None else f"{noun} whose condition is given"
