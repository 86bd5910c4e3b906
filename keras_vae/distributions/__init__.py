"""Distributions that TensorFlow Probability lacks."""

from keras_vae.distributions.joint import Custom, Joint, OfEachValue, Values, one_pass
from keras_vae.distributions.known import of_known

__all__ = ["Custom", "Joint", "OfEachValue", "Values", "of_known", "one_pass"]
