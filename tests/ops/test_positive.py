"""Scales from any number, and back."""

import numpy as np

from keras_vae.ops.positive import raw_of, scale_of


def test_there_and_back():
    """Of scales whose exponential no float holds, too."""
    scales = np.array([2e-5, 1e-3, 0.1, 1.0, 30.0, 800.0, 1e6])
    np.testing.assert_allclose(scale_of(raw_of(scales).astype(np.float64)), scales, rtol=1e-6)
    np.testing.assert_allclose(scale_of(np.float32(0.0)), 1.0, rtol=2e-5)
