"""Measures of how likely a model finds test examples."""

from keras_vae.measures.measure import COUNT, NONNEGATIVE, NUMBERS, Measure, Shown

_DENSITY = "models with a posterior density"
_ANNEALED = "evaluations with annealing"

LIKELIHOOD = (
    Measure(
        "nll_nats",
        "Negative log-likelihood",
        "-log p(x) of a test example, estimated by importance sampling: on average an upper bound "
        "of the true value.",
        unit="nats",
        better="lower",
        of=_DENSITY,
        has_error=True,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "bits_per_dim",
        "Bits per dimension",
        "The negative log-likelihood of one value of x. Compares examples of any size.",
        unit="bits",
        better="lower",
        of="likelihoods of discrete values",
        has_error=True,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "elbo_nats",
        "ELBO",
        "The evidence lower bound on log p(x): minus distortion minus rate.",
        unit="nats",
        better="higher",
        of=_DENSITY,
        has_error=True,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "elbo_bits_per_dim",
        "Bits per dimension by the ELBO",
        "The negative ELBO of one value of x: what papers on deep models report.",
        unit="bits",
        better="lower",
        of="likelihoods of discrete values",
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "distortion_nats",
        "Distortion",
        "-E log p(x|z): what is lost when an example goes through its latents.",
        unit="nats",
        better="lower",
        has_error=True,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "rate_nats",
        "Rate",
        "KL(q(z|x) || p(z)): what the latents say about an example. Near 0, they say nothing.",
        unit="nats",
        of=_DENSITY,
        has_error=True,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "weight_kl_nats",
        "KL of the weights",
        "What the data says about the decoder's weights, shared by the training examples. The "
        "bound above leaves it out.",
        unit="nats",
        of="decoders with Bayesian weights",
    ),
    Measure(
        "effective_sample_size",
        "Effective sample size",
        "How many of the importance samples count. Near 1, the likelihood above is a loose bound: "
        "more samples would tighten it.",
        better="higher",
        value=NONNEGATIVE,
        of=_DENSITY,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "nll_looseness_nats",
        "Looseness",
        "About how far the likelihood above may lie from the true value, going by the spread of "
        "the samples' weights.",
        unit="nats",
        better="lower",
        of=f"{_DENSITY}, 10 importance samples or more",
        shown=Shown.PAGE,
    ),
    Measure(
        "ais_nll_nats",
        "NLL by annealing",
        "The negative log-likelihood of the first test examples by annealed importance sampling: "
        "slower, and a tighter bound where importance samples miss the posterior.",
        unit="nats",
        better="lower",
        of=_ANNEALED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "ais_below_importance_nats",
        "Annealing's gain",
        "How much lower annealing's bound is than the importance samples' bound on the same "
        "examples. Near 0, the two agree.",
        unit="nats",
        of=_ANNEALED,
        has_error=True,
    ),
    Measure(
        "bdmc_gap_nats",
        "Annealing's gap",
        "On examples that the model draws, log p(x) is bounded from both sides: the bounds are so "
        "far apart (Grosse et al. 2015).",
        unit="nats",
        better="lower",
        of=_ANNEALED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "ais_acceptance_rate",
        "Annealing's acceptance",
        "The share of annealing's moves that were accepted; some two thirds are best.",
        value=NONNEGATIVE,
        of=_ANNEALED,
    ),
    Measure(
        "ais_effective_chains",
        "Annealing's chains",
        "How many of annealing's chains count for an example.",
        better="higher",
        value=NONNEGATIVE,
        of=_ANNEALED,
    ),
    Measure(
        "ais_num_examples",
        "Examples annealed",
        "The number of test examples annealed; the model draws as many.",
        value=COUNT,
        of=_ANNEALED,
        shown=Shown.DETAILS,
    ),
    Measure(
        "ais_num_temperatures",
        "Temperatures of annealing",
        "The number of steps of each chain from its start to p(x, z).",
        value=COUNT,
        of=_ANNEALED,
        shown=Shown.DETAILS,
    ),
    Measure(
        "ais_num_chains",
        "Chains of annealing",
        "The number of chains for each example.",
        value=COUNT,
        of=_ANNEALED,
        shown=Shown.DETAILS,
    ),
    Measure(
        "num_samples",
        "Importance samples",
        "The number drawn for each example to estimate its likelihood.",
        value=COUNT,
        of=_DENSITY,
    ),
    Measure(
        "num_examples",
        "Test examples",
        "The numbers are means over all of them.",
        value=COUNT,
    ),
)

RATES = (
    Measure(
        "rate_nats_by_layer",
        "Rate of each layer",
        "The parts of the rate, that of the stochastic layer next to x first. A layer near 0 is "
        "not used.",
        unit="nats",
        value=NUMBERS,
        of="models of several stochastic layers",
    ),
    Measure(
        "rate_nats_by_latent",
        "Rate of each latent",
        "The parts of the rate. A latent near 0 is not used.",
        unit="nats",
        value=NUMBERS,
        of="models of one stochastic layer with independent latents",
        shown=Shown.DETAILS,
    ),
)
