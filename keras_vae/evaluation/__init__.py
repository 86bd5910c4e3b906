"""Measures of a trained model: functions of (model, data)."""

from keras_vae.evaluation.alarms import alarms
from keras_vae.evaluation.annealing import AnnealedSampler, sigmoidal, simulate
from keras_vae.evaluation.anomaly_scores import LikelihoodRegret, auroc, typicality
from keras_vae.evaluation.clusters import cluster_accuracy, cluster_scores, label_information
from keras_vae.evaluation.decomposition import decomposition
from keras_vae.evaluation.disentanglement import disentanglement
from keras_vae.evaluation.exact import exact_log_likelihood
from keras_vae.evaluation.features import Features, features, stored_network
from keras_vae.evaluation.label_counts import left_out, too_few, unseen
from keras_vae.evaluation.latent_use import (
    active_units,
    codes,
    draw_latents,
    posterior_against_prior,
)
from keras_vae.evaluation.likelihood import (
    in_bits,
    likelihood,
    means,
    num_known,
    num_samples_of,
    of_examples,
    summarize,
)
from keras_vae.evaluation.probes import Labelled, probe_accuracy, probes
from keras_vae.evaluation.reconstructions import reconstruction_quality
from keras_vae.evaluation.samples import (
    Nearest,
    by_temperature,
    frechet_distance,
    kernel_distance,
    memorization,
    nearest,
    neighbourhoods,
    predictive_checks,
    sample_quality,
    told_apart,
)
from keras_vae.evaluation.standard_errors import share_stderr, stderr
from keras_vae.evaluation.tables import (
    by_column,
    f1_of_label,
    independent_columns,
    rivals_of_rows,
)
from keras_vae.evaluation.two_sample import two_sample_test
from keras_vae.likelihoods.bits import bits_per_dim

__all__ = [
    "AnnealedSampler",
    "Features",
    "Labelled",
    "LikelihoodRegret",
    "Nearest",
    "active_units",
    "alarms",
    "auroc",
    "bits_per_dim",
    "by_column",
    "by_temperature",
    "cluster_accuracy",
    "cluster_scores",
    "codes",
    "decomposition",
    "disentanglement",
    "draw_latents",
    "exact_log_likelihood",
    "f1_of_label",
    "features",
    "frechet_distance",
    "in_bits",
    "independent_columns",
    "kernel_distance",
    "label_information",
    "left_out",
    "likelihood",
    "means",
    "memorization",
    "nearest",
    "neighbourhoods",
    "num_known",
    "num_samples_of",
    "of_examples",
    "posterior_against_prior",
    "predictive_checks",
    "probe_accuracy",
    "probes",
    "reconstruction_quality",
    "rivals_of_rows",
    "sample_quality",
    "share_stderr",
    "sigmoidal",
    "simulate",
    "stderr",
    "stored_network",
    "summarize",
    "told_apart",
    "too_few",
    "two_sample_test",
    "typicality",
    "unseen",
]
