"""The examples that a model takes: what users may give, and what is made of it."""

from keras_vae.examples.spec import ExampleSpec, check_element_spec

__all__ = ["ExampleSpec", "check_element_spec"]
