"""Distributions that TensorFlow Probability lacks."""

from keras_vae.distributions.joint import Custom, Joint, OfEachValue
from keras_vae.distributions.observation import (
    CHOICE,
    Mixture,
    Observation,
    Uniforms,
    Values,
    check_whole_rows,
    draw_from_mixture,
    of_known,
    one_pass,
    plain,
)

__all__ = [
    "CHOICE",
    "Custom",
    "Joint",
    "Mixture",
    "Observation",
    "OfEachValue",
    "Uniforms",
    "Values",
    "check_whole_rows",
    "draw_from_mixture",
    "of_known",
    "one_pass",
    "plain",
]
