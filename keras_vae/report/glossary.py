"""What the numbers of an evaluation are called and mean, and how they are written."""

import math

# By section of a report: {key: (name, unit, explanation)}.
SECTIONS = {
    "Likelihood": {
        "nll_nats": (
            "Negative log-likelihood",
            "nats",
            "-log p(x) of a test image, estimated by importance sampling: on average an "
            "upper bound of the true value. Lower is better.",
        ),
        "bits_per_dim": (
            "Bits per dimension",
            "bits",
            "The negative log-likelihood of one value of a pixel. Compares images of any size.",
        ),
        "elbo_nats": (
            "ELBO",
            "nats",
            "The evidence lower bound on log p(x): minus distortion minus rate. Higher is better.",
        ),
        "distortion_nats": (
            "Distortion",
            "nats",
            "-E log p(x|z): what is lost when an image goes through its latents. Lower is better.",
        ),
        "rate_nats": (
            "Rate",
            "nats",
            "KL(q(z|x) || p(z)): what the latents say about an image. Near 0, they say nothing.",
        ),
        "weight_kl_nats": (
            "KL of the weights",
            "nats",
            "What the data says about the decoder's weights, shared by the training "
            "examples. The bound above leaves it out.",
        ),
        "effective_sample_size": (
            "Effective sample size",
            "",
            "How many of the importance samples count. Near 1, the likelihood above is a "
            "loose bound: more samples would tighten it.",
        ),
        "nll_looseness_nats": (
            "Looseness",
            "nats",
            "About how far the likelihood above may lie from the true value, going by the spread "
            "of the samples' weights.",
        ),
        "ais_nll_nats": (
            "NLL by annealing",
            "nats",
            "The same of the first test images, by annealed importance sampling: slower, and a "
            "tighter bound where importance samples miss the posterior.",
        ),
        "ais_below_importance_nats": (
            "Annealing's gain",
            "nats",
            "How much lower that is than the importance samples' bound on the same images. Near 0, "
            "the two agree.",
        ),
        "bdmc_gap_nats": (
            "Annealing's gap",
            "nats",
            "On images that the model draws, log p(x) is bounded from both sides: the bounds are "
            "so far apart (Grosse et al. 2015).",
        ),
        "ais_acceptance_rate": (
            "Annealing's acceptance",
            "",
            "The share of its moves that were accepted; some two thirds are best.",
        ),
        "ais_effective_chains": (
            "Annealing's chains",
            "",
            "How many of its chains count for an image.",
        ),
        "num_samples": (
            "Importance samples",
            "",
            "Drawn for each image to estimate its likelihood.",
        ),
        "num_examples": (
            "Test images",
            "",
            "The numbers are means over all of them.",
        ),
    },
    "Latents": {
        "rate_nats_by_layer": (
            "Rate of each layer",
            "nats",
            "The parts of the rate, that of the stochastic layer next to the image first. A "
            "layer near 0 is not used.",
        ),
        "active_units": (
            "Active units",
            "",
            "How many latents the images move: their posterior mean varies (Burda et al. 2016).",
        ),
        "mutual_information_nats": (
            "Mutual information",
            "nats",
            "What z tells of which test image it belongs to: the useful part of the rate, "
            "at most the log of their number (Hoffman & Johnson 2016).",
        ),
        "marginal_kl_nats": (
            "Marginal KL",
            "nats",
            "KL(q(z) || p(z)) of the aggregated posterior: the rest of the rate. Large, "
            "samples are decoded from places that no image has.",
        ),
        "total_correlation_nats": (
            "Total correlation",
            "nats",
            "The part of it that is dependence between latents. 0 if they are independent.",
        ),
        "dimension_wise_kl_nats": (
            "Dimension-wise KL",
            "nats",
            "The part of it that is each latent's own distance from its prior.",
        ),
        "posterior_against_prior_p_value": (
            "Posterior against prior",
            "",
            "The p-value of a two-sample test between codes drawn for test images and draws "
            "of the prior. Near 0, they can be told apart.",
        ),
        "label_information_nats": (
            "Label's information",
            "nats",
            "What the label among the latents tells of which test image it is of, at most the log "
            "of the number of labels. At 0, clusters mean nothing.",
        ),
        "cluster_accuracy": (
            "Cluster accuracy",
            "",
            "The share of test images in the cluster of their label, clusters named as fits best.",
        ),
        "cluster_adjusted_rand_index": (
            "Adjusted Rand index",
            "",
            "How often two test images are together both in clusters and in labels: 1 always, 0 as "
            "often as by chance (Hubert & Arabie 1985).",
        ),
        "cluster_mutual_information": (
            "Cluster information",
            "",
            "What clusters and labels tell of each other, as a share of all that there is (NMI).",
        ),
    },
    "Downstream use": {
        f"probe_{kind}_accuracy{suffix}": (
            f"{title}{of}",
            "",
            f"The accuracy of telling the labels of test images by {how} {what}.",
        )
        for kind, title, how in (
            ("linear", "Linear probe", "logistic regression on"),
            ("knn", "Neighbours' vote", "the 5 training images that are nearest in"),
        )
        for suffix, of, what in (
            ("", "", "their codes"),
            ("_pca", ", PCA", "as many principal components, instead of codes"),
            ("_pixels", ", pixels", "pixels, instead of codes"),
        )
    }
    | {
        "probe_commonest_accuracy": (
            "Commonest label",
            "",
            "The accuracy of always guessing the commonest label of training images, which says "
            "what the ones above are worth.",
        ),
    },
    "Samples": {
        "feature_space": (
            "Feature space",
            "",
            "Where samples and test images are compared by the numbers that follow. They compare "
            "with those of other models in this space, on this data, only.",
        ),
        "samples_are": (
            "Samples",
            "",
            "What is compared with test images: means, with the grey images where those are "
            "binarized anew; draws, pixel by pixel, with images of black and white.",
        ),
        "precision": (
            "Precision",
            "",
            "The share of samples that are as near to a test image as its 5th neighbour is "
            "(Kynkaanniemi et al. 2019). Low: samples are unlike the data.",
        ),
        "recall": (
            "Recall",
            "",
            "The same of test images and samples. Low: samples lack the variety of the data.",
        ),
        "density": (
            "Density",
            "",
            "How many test images a sample is that near to, by 5. About 1 where samples are as the "
            "data, more where they keep to its dense parts (Naeem et al. 2020).",
        ),
        "coverage": (
            "Coverage",
            "",
            "The share of test images with a sample that near (Naeem et al. 2020).",
        ),
        "frechet_distance": (
            "Frechet distance",
            "",
            "Between normals with the mean and covariance of samples and of test images. Lower is "
            "better; with few images it is too large.",
        ),
        "frechet_distance_train": (
            "Frechet distance of the data",
            "",
            "The same of as many training images instead of samples: a perfect model has about "
            "this.",
        ),
        "kernel_distance": (
            "Kernel distance",
            "",
            "The squared maximum mean discrepancy of samples and test images under a cubic kernel, "
            "without bias: 0 if both are alike (Binkowski et al. 2018).",
        ),
        "copied_fraction": (
            "Copies",
            "",
            "The share of samples less than a third as far from the nearest training image as from "
            "the next (Yoon et al. 2023). Above that of test images, the model knows images by "
            "heart.",
        ),
        "copied_fraction_test": (
            "Copies among test images",
            "",
            "The same of test images: what doubles in the data make of it.",
        ),
        "nearer_than_test": (
            "Nearer than test images",
            "",
            "How often a sample is nearer to its training image than a test image is to its own. "
            "0.5 if alike; more for copies and for blurred images, less for images unlike the data "
            "(after Meehan et al. 2020).",
        ),
    },
    "Posterior predictive checks": {
        f"predictive_{name}": (
            title,
            "",
            f"{meaning}: of test images, and of images drawn from the model, noise of pixels "
            "included. p: how often they would differ so, if the model were true.",
        )
        for name, title, meaning in (
            ("intensity", "Intensity", "The mean of all pixels"),
            ("intensity_spread", "Spread of intensity", "How much images' mean varies"),
            ("contrast", "Contrast", "How much pixels vary within an image"),
            ("roughness", "Roughness", "The mean step from a pixel to the next"),
        )
    }
    | {
        "predictive_mean_image_error": (
            "Error of the mean image",
            "",
            "How far the mean of test images and the mean of images drawn from the model are apart "
            "(root mean square over pixels). p: how often so far, if the model were true.",
        ),
    },
    "Disentanglement": {
        "mig": (
            "Mutual information gap",
            "",
            "How much more one latent knows of a factor of the data than the next one does, "
            "as a share of all there is to know: 1 if each factor has a latent of its own "
            "(Chen et al. 2018).",
        ),
        "sap": (
            "SAP",
            "",
            "How much better one latent alone predicts a factor than the next one does "
            "(Kumar et al. 2018).",
        ),
        "dci_disentanglement": (
            "DCI disentanglement",
            "",
            "1 if each latent serves to predict one factor only (Eastwood & Williams 2018).",
        ),
        "dci_completeness": (
            "DCI completeness",
            "",
            "1 if each factor is predicted by one latent only (Eastwood & Williams 2018).",
        ),
        "dci_informativeness": (
            "DCI informativeness",
            "",
            "The accuracy of predicting the factors by all latents (Eastwood & Williams 2018).",
        ),
        "factor_vae_score": (
            "FactorVAE score",
            "",
            "How often the latent that varies least among images of one factor's same value "
            "tells which factor it is; chance is 1 by the number of factors (Kim & Mnih "
            "2018).",
        ),
        "beta_vae_score": (
            "Beta-VAE score",
            "",
            "The same, told by a linear classifier of all latents: those that mix factors "
            "may have 1 too (Higgins et al. 2017).",
        ),
        "modularity": (
            "Modularity",
            "",
            "1 if each latent knows of one factor only; latents that know nothing may have "
            "0.6 too (Ridgeway & Mozer 2018).",
        ),
    },
}

# Scores of trainers.anomaly, larger for what is more unusual.
SCORES = {
    "nll": "Negative log-likelihood",
    "likelihood_regret": "Likelihood regret",
    "typicality": "Distance from the typical",
}

NUMBERS = {key: words for section in SECTIONS.values() for key, words in section.items()}


def number(key, evaluation) -> str:
    """A number of the evaluation, with its error or p-value if there is one: '97.31 ± 0.42'."""
    value, stderr = evaluation.get(key), evaluation.get(key.removesuffix("_nats") + "_stderr")
    if value is not None and stderr is not None:
        return with_error(value, stderr)
    p_value = evaluation.get(f"{key}_p_value")
    return in_short(value) + ("" if p_value is None else f" (p = {in_short(p_value)})")


def with_error(value: float, stderr: float) -> str:
    """A number with as many digits as its error has two of."""
    digits = max(0, 1 - math.floor(math.log10(stderr))) if stderr > 0 else 2
    return f"{value:,.{digits}f} ± {stderr:,.{digits}f}"


def in_short(value) -> str:
    """A number, or several, or words."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(in_short, value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4g}"


def measured_on(evaluation) -> str:
    """A sentence on what the numbers of an evaluation are of: data, samples and weights."""
    how = {
        "none": "as they are",
        "threshold": "black or white by a threshold",
        "dynamic": f"binarized by draws of seed {evaluation['binarization_seed']}",
    }[evaluation["binarization"]]
    samples = evaluation["num_samples"]
    return (
        f"Measured on {evaluation['num_examples']:,} examples of the {evaluation['split']} split "
        f"of {evaluation['dataset']}, {how}"
        + (f", by {samples:,} importance samples of each" if samples else "")
        + f"; weights of step {evaluation['step']:,} (checkpoint {evaluation['checkpoint']})"
        + (", averaged over training." if evaluation["ema"] else ".")
    )
