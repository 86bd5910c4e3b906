"""Measures of how likely a model finds test examples."""

from keras_vae.measures.measure import (
    COUNT,
    NONNEGATIVE,
    NUMBERS,
    NUMBERS_BY_NAME,
    TEXT,
    Measure,
    Shown,
)

_DENSITY = "models with a posterior density"
_RETRIED = "evaluations by importance samples of which few carry weight"
_RIVALLED = f"{_DENSITY}, unless part of x is given or x has more than 256 levels"
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
        "The negative log-likelihood of one value of x, in bits. It compares examples of any size.",
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
        "The negative ELBO of one value of x, in bits: the number that papers on deep models "
        "report.",
        unit="bits",
        better="lower",
        of="likelihoods of discrete values",
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "rival",
        "Simple rival",
        "What the likelihood is compared with: the picture format PNG, or, for data that it can't "
        "hold, values that don't depend on each other, each with the distribution of its training "
        "values. (Real numbers have a normal with the mean of the training values and one spread "
        "for all. Of tables it is the best of the rivals below.)",
        good="A good model is far better than its rival.",
        value=TEXT,
        of=_RIVALLED,
    ),
    Measure(
        "rival_nats",
        "NLL of the rival",
        "What the rival takes for a test example; for PNG, the size of the file in nats.",
        unit="nats",
        good="The negative log-likelihood should be lower.",
        of=_RIVALLED,
    ),
    Measure(
        "rival_bits_per_dim",
        "Bits per dimension of the rival",
        "The same for one value of x, in bits.",
        unit="bits",
        good="The model's bits per dimension should be fewer.",
        of="likelihoods of discrete values that have a rival",
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
        "KL(q(z|x) || p(z)): what the latents say about an example.",
        unit="nats",
        good="Neither is better, but near 0 the latents say nothing.",
        of=_DENSITY,
        has_error=True,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "weight_kl_nats",
        "KL of the weights",
        "What the data says about the decoder's weights. All training examples share it, and "
        "the bound above leaves it out.",
        unit="nats",
        good="It should be small beside the bound.",
        of="decoders with Bayesian weights",
    ),
    Measure(
        "effective_sample_size",
        "Effective sample size",
        "How many of the importance samples carry weight. Near 1, the likelihood above is a "
        "loose bound: more samples would tighten it.",
        better="higher",
        value=NONNEGATIVE,
        of=_DENSITY,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "nll_looseness_nats",
        "Looseness",
        "About how far the negative log-likelihood above is above its true value, estimated "
        "from the spread of the samples' weights.",
        unit="nats",
        better="lower",
        of=f"{_DENSITY}, 10 importance samples or more, of which some 5 or more carry weight",
        shown=Shown.PAGE,
    ),
    Measure(
        "nll_gain_nats",
        "Gain of more samples",
        "How much lower the negative log-likelihood of the first test examples is by ten times as "
        "many importance samples, example by example. Where few samples carry weight, this is what "
        "is known of how far off it is: at least so much.",
        unit="nats",
        better="lower",
        of=_RETRIED,
        has_error=True,
    ),
    Measure(
        "nll_gain_num_samples",
        "Samples of that gain",
        "The number of importance samples by which the first test examples were measured again.",
        value=COUNT,
        of=_RETRIED,
        shown=Shown.DETAILS,
    ),
    Measure(
        "nll_gain_num_examples",
        "Examples of that gain",
        "The number of test examples that were measured again.",
        value=COUNT,
        of=_RETRIED,
        shown=Shown.DETAILS,
    ),
    Measure(
        "ais_nll_nats",
        "NLL by annealing",
        "The negative log-likelihood of the first test examples by annealed importance "
        "sampling. It is slower, and a tighter bound where importance samples miss the "
        "posterior.",
        unit="nats",
        better="lower",
        of=_ANNEALED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "ais_below_importance_nats",
        "Annealing's gain",
        "How much lower annealing's negative log-likelihood is than that of importance "
        "samples, on the same examples.",
        unit="nats",
        good="Near 0, the two agree.",
        of=_ANNEALED,
        has_error=True,
    ),
    Measure(
        "bdmc_gap_nats",
        "Annealing's gap",
        "How far annealing's bounds on log p(x) from both sides are apart, on examples that "
        "the model draws (Grosse et al. 2015).",
        unit="nats",
        better="lower",
        of=_ANNEALED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "ais_acceptance_rate",
        "Annealing's acceptance",
        "The share of annealing's moves that were accepted.",
        good="About two thirds are best.",
        value=NONNEGATIVE,
        of=_ANNEALED,
    ),
    Measure(
        "ais_effective_chains",
        "Annealing's chains",
        "How many of annealing's chains of an example carry weight.",
        better="higher",
        value=NONNEGATIVE,
        of=_ANNEALED,
    ),
    Measure(
        "ais_num_examples",
        "Examples annealed",
        "The number of test examples annealed. The model draws as many for the gap.",
        value=COUNT,
        of=_ANNEALED,
        shown=Shown.DETAILS,
    ),
    Measure(
        "ais_num_temperatures",
        "Temperatures of annealing",
        "The number of steps by which each chain goes from its start to p(x, z).",
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
        "The number of samples drawn for each example to estimate its likelihood.",
        good="More of them tighten the bound.",
        value=COUNT,
        of=_DENSITY,
    ),
    Measure(
        "num_examples",
        "Test examples",
        "The number of test examples over which all numbers are means.",
        good="More of them make the errors smaller.",
        value=COUNT,
    ),
    Measure(
        "num_test_examples",
        "Test split",
        "The number of examples in the test split, of which the test examples were drawn.",
        value=COUNT,
        shown=Shown.DETAILS,
    ),
)

BY_COLUMN = (
    Measure(
        "rivals_nats",
        "NLL of all rivals",
        "-log p of a test row by columns that don't depend on each other, and by a normal (the "
        "Gaussian copula) and scikit-learn's mixture of normals of the columns' normal scores: on "
        "average upper bounds of the rivals' true values, as the model's own.",
        unit="nats",
        good="The negative log-likelihood should be lower than all of them.",
        value=NUMBERS_BY_NAME,
        of="models of tables",
        shown=Shown.DETAILS,
    ),
    Measure(
        "nll_nats_by_column",
        "NLL of each column",
        "-log p of a known cell, whatever the other cells of its row are: how well the model has "
        "the column's distribution. By 500 draws of the prior, of 2000 test rows at most.",
        unit="nats",
        better="lower",
        value=NUMBERS_BY_NAME,
        of="models of tables with a prior and without a condition",
        shown=Shown.DETAILS,
    ),
    Measure(
        "rival_nats_by_column",
        "NLL of the rival of each column",
        "-log p of a known cell by the histogram of the column's training cells.",
        unit="nats",
        good="The NLL of each column should be near it.",
        value=NUMBERS_BY_NAME,
        of="models of tables",
        shown=Shown.DETAILS,
    ),
    Measure(
        "distortion_nats_by_column",
        "Distortion of each column",
        "The parts of the distortion: what of each column is lost when a row goes through its "
        "latents.",
        unit="nats",
        good="A column near its rival's NLL isn't in the latents.",
        value=NUMBERS_BY_NAME,
        of="models of tables",
        shown=Shown.DETAILS,
    ),
)

RATES = (
    Measure(
        "rate_nats_by_layer",
        "Rate of each layer",
        "The parts of the rate. The first is that of the stochastic layer next to x.",
        unit="nats",
        good="A layer near 0 is not used.",
        value=NUMBERS,
        of="models of several stochastic layers",
    ),
    Measure(
        "rate_nats_by_latent",
        "Rate of each latent",
        "The parts of the rate.",
        unit="nats",
        good="A latent near 0 is not used.",
        value=NUMBERS,
        of="models of one stochastic layer with independent latents",
        shown=Shown.DETAILS,
    ),
)
