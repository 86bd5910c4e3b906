"""Inputs of a model: what users may give it, what is made of that, and what is refused."""

from keras_vae.inputs.example_spec import ExampleSpec, check_element_spec

__all__ = ["ExampleSpec", "check_element_spec"]
