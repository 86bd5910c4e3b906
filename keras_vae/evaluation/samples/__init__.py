"""Whether samples are like real images, as varied, and not copies of training images."""

from keras_vae.evaluation.samples.distances import frechet_distance, kernel_distance
from keras_vae.evaluation.samples.memorization import Nearest, memorization, nearest
from keras_vae.evaluation.samples.neighbourhoods import neighbourhoods
from keras_vae.evaluation.samples.predictive import predictive_checks
from keras_vae.evaluation.samples.quality import sample_quality
from keras_vae.evaluation.samples.temperatures import by_temperature
from keras_vae.evaluation.samples.told_apart import told_apart

__all__ = [
    "Nearest",
    "by_temperature",
    "frechet_distance",
    "kernel_distance",
    "memorization",
    "nearest",
    "neighbourhoods",
    "predictive_checks",
    "sample_quality",
    "told_apart",
]
