"""Training: what Keras' `fit` does with a model of latent variables."""
