"""The three numbers at a report's head: which ones they are, and in which words."""

import math
from types import SimpleNamespace

import pytest

from keras_vae.report.headline import headlines

FOUND = {
    "nll_nats": 97.31,
    "nll_stderr": 0.42,
    "bits_per_dim": 0.1791,
    "bits_per_dim_stderr": 0.0008,
    "elbo_nats": -100.0,
    "elbo_stderr": 0.5,
    "elbo_bits_per_dim": 3.333,
    "elbo_bits_per_dim_stderr": 0.011,
    "effective_sample_size": 31.0,
    "nll_looseness_nats": 0.02,
    "num_samples": 500,
    "rate_nats": 25.0,
    "distortion_nats": 75.0,
    "active_units": 18,
    "rival": "PNG",
    "rival_nats": 200.0,
    "rival_bits_per_dim": 0.368,
    "told_apart_accuracy": 0.52,
    "told_apart_accuracy_stderr": 0.01,
    "told_apart_accuracy_train": 0.51,
}


def model(levels=2, **facts):
    """What the words ask of a model, which takes a second to build."""
    modality = SimpleNamespace(noun="image", nouns="images")
    decoder = SimpleNamespace(likelihood=SimpleNamespace(levels=levels))
    facts = {"has_bound": True, "prior": "a prior", "condition": None, "latent_dim": 20} | facts
    return SimpleNamespace(decoder=decoder, modality=modality, **facts)


def said(vae, **changes):
    return headlines(FOUND | changes, vae)


def test_black_and_white_has_nats_and_its_file_beside_png():
    likelihood, *_ = said(model())
    assert likelihood[:2] == ("Negative log-likelihood", "97.31 ± 0.42 nats")
    assert likelihood.words == (
        "Minus the log of the probability of a test image. Lower is better. A file would take "
        "0.1791 bits for each of its values. PNG takes 0.368 bits: 2.1 times as many."
    )


def test_many_levels_have_bits_per_dimension():
    likelihood, *_ = said(model(levels=256), bits_per_dim=3.1)
    assert likelihood[:2] == ("Bits per dimension", "3.10000 ± 0.00080 bits")
    assert likelihood.words.startswith("What a file of a test image would take by this model")
    assert likelihood.words.endswith(
        "PNG takes 0.368 bits: fewer, so this model is worse than its rival."
    )
    counts, *_ = said(model(levels=None))
    assert counts.title == "Bits per dimension"


def test_a_density_is_compared_in_nats():
    none = dict.fromkeys(["bits_per_dim", "elbo_bits_per_dim", "rival_bits_per_dim"])
    likelihood, *_ = said(model(levels=None), rival="independent values", **none)
    assert likelihood.value == "97.31 ± 0.42 nats"
    assert "the density of a test image" in likelihood.words
    assert "A model of independent values, fitted to the training data, takes" in likelihood.words
    assert likelihood.words.endswith("takes 200.00 nats: 102.69 more.")
    bound, *_ = said(model(None), rival="independent values", nll_looseness_nats=None, **none)
    assert "takes 200.00 nats: 100.00 more." in bound.words  # The ELBO is -100.


@pytest.mark.parametrize(
    ("levels", "loose", "title", "value"),
    [
        (256, None, "Bits per dimension by the ELBO", "3.333 ± 0.011 bits"),
        (2, None, "ELBO", "-100.00 ± 0.50 nats"),
        (256, 0.1, "Bits per dimension", "0.17910 ± 0.00080 bits"),
    ],
)
def test_the_elbo_leads_where_importance_samples_cannot_tell(levels, loose, title, value):
    few = {"effective_sample_size": 1.1, "nll_looseness_nats": loose}
    likelihood, *_ = said(model(levels), **few)
    assert likelihood[:2] == (title, value)
    why = "of 500 importance samples 1.1 count, too few to tell how much better"
    assert (why in likelihood.words) == (loose is None)


def test_of_layers_those_with_a_rate_are_in_use():
    """Their latents may vary with those of the layer above, and say nothing."""
    *_, latents = said(model(), rate_nats_by_layer=[0.0, 20.0, 0.05, 5.0], active_units=20)
    assert latents.value == "2 of 4 layers"
    assert latents.words.startswith("So many say something of a test image. Together they say")


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [
        (0.52, "So samples pass for data."),
        (0.80, "So at most 40% of the samples pass for data."),
        (0.98, "So hardly any sample passes for data."),
    ],
)
def test_samples_pass_for_data_or_not(accuracy, verdict):
    _, samples, _ = said(model(), told_apart_accuracy=accuracy)
    assert samples[:2] == ("Samples told from data", f"{100 * accuracy:.1f} ± 1.0 %")
    assert samples.words.endswith(f"Of training images in place of samples it is 51%. {verdict}")


def test_samples_that_nothing_compares_with_data_have_the_test_of_their_latents():
    _, samples, _ = said(model(), told_apart_accuracy=None, posterior_against_prior_p_value=0.25)
    assert samples[:2] == ("Samples", "p = 0.25")
    assert "Samples of images aren't compared with data: look at them." in samples.words
    assert [h.title for h in said(model(), told_apart_accuracy=None)] == [
        "Negative log-likelihood",
        "Latents in use",
    ]


def test_latents_say_so_much():
    *_, latents = said(model())
    assert latents[:2] == ("Latents in use", "18 of 20")
    assert f"they say 25.00 nats ({25 / math.log(2):.2f} bits) about it" in latents.words
    assert latents.words.endswith("That is 25% of all that it takes to describe it.")


def test_an_autoencoder_says_what_it_has():
    none = dict.fromkeys([*FOUND], None)
    found = none | {"distortion_nats": 58.8, "active_units": 20}
    error, samples, latents = headlines(found, model(None, has_bound=False, prior=None))
    assert error[:2] == ("Reconstruction error", "58.80 nats")
    assert "An autoencoder has no likelihood." in error.words
    assert samples.words == "This autoencoder has no density of codes to draw samples from."
    assert (latents.value, latents.words) == (
        "20 of 20",
        "So many latents differ from one test image to another.",
    )


def test_a_conditional_model_says_that_the_condition_is_given():
    likelihood, *_ = said(model(condition="label"))
    assert "of a test image whose condition is given." in likelihood.words
