"""What the numbers of an evaluation are called, and mean."""

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
        "cluster_accuracy": (
            "Cluster accuracy",
            "",
            "The share of test images in the cluster of their label, clusters named as fits best.",
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

NUMBERS = {key: words for section in SECTIONS.values() for key, words in section.items()}
