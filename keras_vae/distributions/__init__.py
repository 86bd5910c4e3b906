"""Distributions that TensorFlow Probability lacks."""

from keras_vae.distributions.joint import Custom, Joint, OfEachValue, Values, one_pass

__all__ = ["Custom", "Joint", "OfEachValue", "Values", "one_pass"]
