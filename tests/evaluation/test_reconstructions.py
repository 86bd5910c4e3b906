"""PSNR and SSIM, against the formulas of the paper written out."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import scipy.stats

from keras_vae.evaluation import reconstruction_quality

RNG = np.random.default_rng(0)


def ssim(a, b, side):
    """Wang et al. 2004, eq. 13, of one channel: Gaussian windows of deviation 1.5."""
    axis = np.arange(side) - (side - 1) / 2
    window = np.exp(-(axis**2) / (2 * 1.5**2))
    window = np.outer(window, window) / window.sum() ** 2

    def local(x):
        return scipy.signal.convolve2d(x, window, mode="valid")

    mean_a, mean_b = local(a), local(b)
    var_a, var_b = local(a * a) - mean_a**2, local(b * b) - mean_b**2
    covariance = local(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return np.mean(luminance * (2 * covariance + c2) / (var_a + var_b + c2))


@pytest.mark.parametrize(("shape", "side"), [((15, 13, 3), 11), ((8, 9, 1), 8), ((28, 3, 1), 3)])
def test_they_are_those_of_the_formulas(shape, side):
    images = RNG.uniform(size=(120, *shape)).astype(np.float32)
    made = np.clip(images + 0.3 * RNG.normal(size=images.shape), 0, 1).astype(np.float32)
    found = reconstruction_quality(images, made)
    psnr = -10 * np.log10(((images - made) ** 2).mean(axis=(1, 2, 3)))
    wanted = [
        np.mean([ssim(a[..., c], b[..., c], side) for c in range(shape[-1])])
        for a, b in zip(images.astype(float), made.astype(float), strict=True)
    ]
    assert found["psnr_db"] == pytest.approx(psnr.mean(), rel=1e-5)
    assert found["psnr_db_stderr"] == pytest.approx(scipy.stats.sem(psnr), rel=1e-3)
    assert found["ssim"] == pytest.approx(np.mean(wanted), abs=1e-4)
    assert found["ssim_stderr"] == pytest.approx(scipy.stats.sem(wanted), rel=1e-2)


def test_an_image_that_comes_back_exactly_counts_as_rounded_to_bytes():
    images = RNG.uniform(size=(40, 64, 64, 1)).astype(np.float32)
    same = reconstruction_quality(images, images)
    assert same["ssim"] == pytest.approx(1.0)
    assert same["psnr_db"] == pytest.approx(58.92, abs=0.005)
    rounded = reconstruction_quality(images, np.round(255 * images) / 255)
    assert rounded["psnr_db"] == pytest.approx(58.92, abs=0.05)


def test_what_is_beyond_black_and_white_is_shown_as_they_are():
    images = RNG.integers(0, 2, (5, 12, 12, 1)).astype(np.float32)
    beyond = np.where(images > 0, 1.7, -0.2)
    assert reconstruction_quality(images, beyond) == reconstruction_quality(images, images)


def test_blur_costs_more_similarity_than_a_brighter_image_of_the_same_error():
    """What the second number is for."""
    images = scipy.ndimage.gaussian_filter(RNG.normal(size=(30, 24, 24, 1)), (0, 1, 1, 0))
    images = np.clip(0.5 + images, 0.2, 0.8).astype(np.float32)
    blurred = scipy.ndimage.gaussian_filter(images, (0, 4, 4, 0))
    brighter = images + np.sqrt(np.mean((images - blurred) ** 2))
    blurred, brighter = (reconstruction_quality(images, x) for x in (blurred, brighter))
    assert blurred["psnr_db"] == pytest.approx(brighter["psnr_db"], abs=1.0)
    assert blurred["ssim"] < brighter["ssim"] - 0.3
