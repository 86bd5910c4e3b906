"""Measures of a trained model: functions of (model, data)."""

from keras_vae.evaluation.alarms import alarms
from keras_vae.evaluation.annealing import AnnealedSampler, sigmoidal, simulate
from keras_vae.evaluation.clusters import cluster_accuracy
from keras_vae.evaluation.decomposition import decomposition
from keras_vae.evaluation.disentanglement import disentanglement
from keras_vae.evaluation.exact import exact_log_likelihood
from keras_vae.evaluation.latents import active_units, posterior_against_prior
from keras_vae.evaluation.likelihood import likelihood, of_examples, summarize
from keras_vae.evaluation.two_sample import two_sample_test

__all__ = [
    "AnnealedSampler",
    "active_units",
    "alarms",
    "cluster_accuracy",
    "decomposition",
    "disentanglement",
    "exact_log_likelihood",
    "likelihood",
    "of_examples",
    "posterior_against_prior",
    "sigmoidal",
    "simulate",
    "summarize",
    "two_sample_test",
]
