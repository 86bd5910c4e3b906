"""Measures of what latents carry, and of what their codes are worth."""

from keras_vae.measures.measure import COUNT, NONNEGATIVE, SHARE, TEXT, Measure, Shown
from keras_vae.measures.of_likelihood import RATES

_RUNS = "runs, not exports"
_AGGREGATED = "unconditional models of one layer with a posterior density, except posterior=iaf"
_INDEPENDENT = f"{_AGGREGATED}, with independent latents"
_PRIOR = "models with a prior"
_CLUSTERS = "models whose prior has components, on data with labels"
_LABELS = "data with labels that the model isn't given"
_FACTORS = "data with known factors"
_TOO_FEW = "data with too few labels for such numbers"

LATENTS = (
    *RATES,
    Measure(
        "active_units",
        "Active units",
        "How many latents depend on x: their posterior mean varies between examples (Burda et "
        "al. 2016).",
        good="All of them, or as many as the data needs.",
        value=COUNT,
        of=_RUNS,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "mutual_information_nats",
        "Mutual information",
        "What z tells about which test example it belongs to: the useful part of the rate. It "
        "is at most the log of the number of test examples (Hoffman & Johnson 2016).",
        unit="nats",
        good="The nearer to the rate, the better.",
        of=_AGGREGATED,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "marginal_kl_nats",
        "Marginal KL",
        "KL(q(z) || p(z)) of the aggregated posterior, that of all examples together: the "
        "rest of the rate. Where it is large, samples are decoded from places where no "
        "example has its code.",
        unit="nats",
        better="lower",
        of=_AGGREGATED,
    ),
    Measure(
        "total_correlation_nats",
        "Total correlation",
        "The part of the marginal KL that comes from dependence between latents.",
        unit="nats",
        good="It is 0 if they are independent.",
        of=_INDEPENDENT,
    ),
    Measure(
        "dimension_wise_kl_nats",
        "Dimension-wise KL",
        "The part of the marginal KL that comes from each latent by itself: how far its "
        "values are from its prior.",
        unit="nats",
        good="Near 0, each latent fills its prior.",
        of=_INDEPENDENT,
    ),
    Measure(
        "posterior_against_prior_p_value",
        "Posterior against prior",
        "The p-value of a two-sample test between codes drawn for test examples and draws of "
        "the prior.",
        good="Near 0, the two can be told apart, and samples are unlike the data.",
        value=SHARE,
        of=_PRIOR,
        shown=Shown.PAGE,
    ),
    Measure(
        "posterior_against_prior_mmd",
        "Distance of posterior and prior",
        "The maximum mean discrepancy of codes and draws of the prior, by which the test above "
        "tells the two apart: 0 if their distributions are the same (Gretton et al. 2012).",
        value=NONNEGATIVE,
        of=_PRIOR,
        shown=Shown.DETAILS,
    ),
    Measure(
        "label_information_nats",
        "Label's information",
        "What the label among the latents tells about which test example it belongs to. It is "
        "at most the log of the number of labels.",
        unit="nats",
        good="Near 0, clusters mean nothing.",
        of="models with a label among their latents",
    ),
    Measure(
        "cluster_accuracy",
        "Cluster accuracy",
        "The share of test examples in the cluster of their label. Each cluster is named "
        "after one label, in the way that fits best.",
        better="higher",
        value=SHARE,
        of=_CLUSTERS,
        has_error=True,
        shown=Shown.TERMINAL,
    ),
    Measure(
        "cluster_adjusted_rand_index",
        "Adjusted Rand index",
        "How far clusters and labels agree on which pairs of test examples belong together: 1 "
        "if always, 0 if as often as by chance (Hubert & Arabie 1985).",
        better="higher",
        of=_CLUSTERS,
        shown=Shown.PAGE,
    ),
    Measure(
        "cluster_mutual_information",
        "Cluster information",
        "What clusters and labels tell about each other, as a share of the most that is "
        "possible (normalized mutual information).",
        better="higher",
        of=_CLUSTERS,
        shown=Shown.PAGE,
    ),
    Measure(
        "cluster_scores_left_out",
        "Why clusters have no scores",
        "A sentence that is among the alarms too.",
        value=TEXT,
        of=_TOO_FEW,
        shown=Shown.DETAILS,
    ),
)

DOWNSTREAM = (
    *(
        Measure(
            f"probe_{kind}_accuracy{suffix}",
            f"{title}{of}",
            f"The accuracy of telling the labels of test examples by {how} {what}.",
            better="" if suffix else "higher",
            good="Codes that are worth something do better." if suffix else "",
            value=SHARE,
            of=_LABELS.replace("data", "images") if suffix else _LABELS,
            has_error=True,
            shown=Shown.CARD if suffix else Shown.PAGE,
        )
        for kind, title, how in (
            ("linear", "Linear probe", "logistic regression on"),
            ("knn", "Neighbours' vote", "the 5 training examples that are nearest in"),
        )
        for suffix, of, what in (
            ("", "", "their codes"),
            ("_pca", ", PCA", "as many principal components, instead of codes"),
            ("_pixels", ", pixels", "pixels, instead of codes"),
        )
    ),
    Measure(
        "probe_commonest_accuracy",
        "Commonest label",
        "The accuracy of always guessing the commonest label of the training examples.",
        good="The accuracies above should be much higher.",
        value=SHARE,
        of=_LABELS,
    ),
    Measure(
        "probe_num_train",
        "Training examples of the probes",
        "The number of examples that the probes learned from.",
        value=COUNT,
        of=_LABELS,
        shown=Shown.DETAILS,
    ),
    Measure(
        "probes_left_out",
        "Why codes aren't probed",
        "A sentence that is among the alarms too.",
        value=TEXT,
        of=_TOO_FEW,
        shown=Shown.DETAILS,
    ),
)


def _score(key: str, name: str, meaning: str, shown: Shown = Shown.PAGE) -> Measure:
    return Measure(key, name, meaning, better="higher", of=_FACTORS, shown=shown)


DISENTANGLEMENT = (
    _score(
        "mig",
        "Mutual information gap",
        "How much more the best latent tells about a factor of the data than the second best, "
        "as a share of all there is to tell: 1 if each factor has a latent of its own (Chen "
        "et al. 2018).",
    ),
    _score(
        "sap",
        "SAP",
        "How much better the best latent alone predicts a factor than the second best "
        "(separated attribute predictability, Kumar et al. 2018).",
    ),
    _score(
        "dci_disentanglement",
        "DCI disentanglement",
        "1 if each latent helps to predict one factor only (Eastwood & Williams 2018).",
    ),
    _score(
        "dci_completeness",
        "DCI completeness",
        "1 if one latent is enough to predict each factor (Eastwood & Williams 2018).",
        Shown.CARD,
    ),
    _score(
        "dci_informativeness",
        "DCI informativeness",
        "The accuracy of predicting the factors from all latents (Eastwood & Williams 2018).",
        Shown.CARD,
    ),
    _score(
        "factor_vae_score",
        "FactorVAE score",
        "Examples are taken that share the value of one factor. The score is how often the "
        "latent that varies least among them tells which factor it is. Chance is 1 divided by "
        "the number of factors (Kim & Mnih 2018).",
    ),
    _score(
        "beta_vae_score",
        "Beta-VAE score",
        "Pairs of examples are taken that share the value of one factor. The score is how "
        "often a linear classifier of their distances in all latents tells which factor it "
        "is. Latents that mix factors may reach 1 too (Higgins et al. 2017).",
    ),
    _score(
        "modularity",
        "Modularity",
        "1 if each latent tells about one factor only. Latents that tell about nothing may "
        "reach 0.6 too (Ridgeway & Mozer 2018).",
    ),
    Measure(
        "disentanglement_left_out",
        "Why disentanglement has no scores",
        "A sentence that is among the alarms too.",
        value=TEXT,
        of=_TOO_FEW,
        shown=Shown.DETAILS,
    ),
)
