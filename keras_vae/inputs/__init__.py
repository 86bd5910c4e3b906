"""Inputs of a model: what users may give it, what is made of that, and what is refused."""

from keras_vae.inputs.example_spec import ExampleSpec, check_element_spec
from keras_vae.inputs.takes_examples import TakesExamples

__all__ = ["ExampleSpec", "TakesExamples", "check_element_spec"]
