"""Measures of a trained model: functions of (model, data)."""

from keras_vae.evaluation.clusters import cluster_accuracy
from keras_vae.evaluation.latents import active_units
from keras_vae.evaluation.likelihood import likelihood

__all__ = ["active_units", "cluster_accuracy", "likelihood"]
