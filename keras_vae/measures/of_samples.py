"""Measures of what a model reconstructs and draws."""

from keras_vae.measures.measure import (
    COUNT,
    NONNEGATIVE,
    NUMBER,
    NUMBERS,
    SHARE,
    TEXT,
    Measure,
    Shown,
)

_RECONSTRUCTED = "models that infer latents of images, with pixels from 0 to 1"
_IN_BITS = "likelihoods of discrete values"
_DRAWN = "models that draw images"
_COMPARED = f"{_DRAWN}, and data of more images than neighbours"
_COOLED = f"{_DRAWN}, and data of 20 test images or more"
_REPLICATED = f"{_DRAWN}, with a posterior density"

RECONSTRUCTIONS = (
    Measure(
        "psnr_db",
        "Peak signal-to-noise ratio",
        "How far the mean of p(x|z) at a test image's code is from the image: -10 log10 of the "
        "mean squared error of pixels from 0 to 1. It is compared with the grey image, also if "
        "training makes this black and white. The error counts as that of rounding to bytes at "
        "least, so 58.9 is the most.",
        unit="dB",
        better="higher",
        of=_RECONSTRUCTED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "ssim",
        "Structural similarity",
        "How alike a test image and its reconstruction are in windows of 11 by 11 pixels, or of "
        "the image's shorter side where that is less: 1 if they are the same (Wang et al. 2004).",
        better="higher",
        value={"type": "number", "minimum": -1, "maximum": 1},
        of=_RECONSTRUCTED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "distortion_bits_per_dim",
        "Distortion in bits",
        "The distortion of one value of x: the bits that a code of a test example spends on what "
        "its latents don't say.",
        unit="bits per dimension",
        better="lower",
        of=_IN_BITS,
        has_error=True,
    ),
    Measure(
        "rate_bits_per_dim",
        "Rate in bits",
        "The rate by values of x: the bits that a code spends on the latents. With the distortion "
        "in bits, it adds up to the bits per dimension by the ELBO.",
        unit="bits per dimension",
        good="Neither is better, but near 0 the latents say nothing.",
        of=_IN_BITS,
        has_error=True,
    ),
)

SAMPLES = (
    Measure(
        "feature_space",
        "Feature space",
        "The space in which samples and test images are compared.",
        good="The numbers that follow compare with those of other models in this space, on this "
        "data, alone.",
        value=TEXT,
        of=_DRAWN,
    ),
    Measure(
        "samples_are",
        "Samples",
        "What is compared with test images: means of p(x|z) with grey images, also if "
        "training makes these black and white; draws of p(x|z) with images that are black and "
        "white themselves.",
        good="It follows from the data.",
        value=TEXT,
        of=_DRAWN,
    ),
    Measure(
        "precision",
        "Precision",
        "The share of samples that lie in the neighbourhood of a test image: no farther from "
        "it than its 5th nearest test image (Kynkaanniemi et al. 2019). If it is low, samples "
        "are unlike the data.",
        better="higher",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "recall",
        "Recall",
        "The share of test images that lie in the neighbourhood of a sample: no farther from "
        "it than its 5th nearest sample (Kynkaanniemi et al. 2019). If it is low, samples "
        "lack the variety of the data.",
        better="higher",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "density",
        "Density",
        "In how many neighbourhoods of test images a sample lies, divided by 5 (Naeem et al. "
        "2020).",
        good="It is about 1 if samples are distributed as the data, and more if they keep to where "
        "the data is dense.",
        value=NONNEGATIVE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "coverage",
        "Coverage",
        "The share of test images whose neighbourhood holds a sample (Naeem et al. 2020).",
        better="higher",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "frechet_distance",
        "Frechet distance",
        "The squared distance of two normals: one has the mean and covariance of samples, the "
        "other those of test images. With few images it is too large.",
        better="lower",
        value=NONNEGATIVE,
        of=_COMPARED,
        shown=Shown.PAGE,
    ),
    Measure(
        "frechet_distance_train",
        "Frechet distance of the data",
        "The Frechet distance of as many training images in place of samples.",
        good="A perfect model has about this one.",
        value=NONNEGATIVE,
        of=_COMPARED,
    ),
    Measure(
        "kernel_distance",
        "Kernel distance",
        "The squared maximum mean discrepancy of samples and test images by a cubic kernel, "
        "without bias: 0 on average if both have the same distribution (Binkowski et al. "
        "2018).",
        better="lower",
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "told_apart_accuracy",
        "Told apart",
        "How often a small network that learned from half of the samples and half of the test "
        "images tells the other halves apart. It is 0.5 if samples pass for data, and 1 if each is "
        "found out (Lopez-Paz & Oquab 2017).",
        better="lower",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "told_apart_accuracy_train",
        "Data told apart",
        "The same of training images in place of samples: about 0.5, and more if the two splits "
        "differ.",
        good="A perfect model has about this number.",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
    ),
    Measure(
        "num_compared",
        "Samples compared",
        "The number of samples that are compared, and of test images.",
        value=COUNT,
        of=_DRAWN,
        shown=Shown.DETAILS,
    ),
    Measure(
        "copied_fraction",
        "Copies",
        "The share of samples that are copies: less than a third as far from the nearest "
        "training image as from the second nearest (Yoon et al. 2023). If it is above that of "
        "test images, the model knows training images by heart.",
        better="lower",
        value=SHARE,
        of=_DRAWN,
        shown=Shown.PAGE,
    ),
    Measure(
        "copied_fraction_test",
        "Copies among test images",
        "The share of test images that are copies in the same sense. It is above 0 where the data "
        "holds images twice.",
        good="A perfect model has about this share.",
        value=SHARE,
        of=_DRAWN,
    ),
    Measure(
        "nearer_than_test",
        "Nearer than test images",
        "How often a sample is nearer to its nearest training image than a test image is to "
        "its own (after Meehan et al. 2020).",
        good="It is 0.5 if samples are like test images, more for copies and blurred images, less "
        "for images unlike the data.",
        value=SHARE,
        of=_DRAWN,
    ),
    Measure(
        "copied_num_train",
        "Training images searched",
        "The number of training images among which the nearest one was looked for.",
        value=COUNT,
        of=_DRAWN,
        shown=Shown.DETAILS,
    ),
)

TEMPERATURES = (
    Measure(
        "temperatures",
        "Temperatures",
        "What the standard deviation of the prior is multiplied by for the lists below, which the "
        "report draws. Samples of a lower temperature keep to where the prior is dense.",
        value=NUMBERS,
        of=_COOLED,
        shown=Shown.DETAILS,
    ),
    *(
        Measure(
            f"{key}_by_temperature",
            f"{name} by temperature",
            f"The {name.lower()} of samples and as many test images, at each temperature.",
            better=better,
            value=NUMBERS,
            of=_COOLED,
            has_error=key != "frechet_distance",
            shown=Shown.DETAILS,
        )
        for key, name, better in (
            ("precision", "Precision", "higher"),
            ("recall", "Recall", "higher"),
            ("frechet_distance", "Frechet distance", "lower"),
            ("kernel_distance", "Kernel distance", "lower"),
        )
    ),
    Measure(
        "temperature_num_compared",
        "Samples of each temperature",
        "The number of samples of each temperature that are compared, and of test images.",
        value=COUNT,
        of=_COOLED,
        shown=Shown.DETAILS,
    ),
)

CHECKS = (
    *(
        Measure(
            f"predictive_{name}",
            title,
            f"{meaning}: of test images, and of images drawn from the model with the noise of "
            "pixels. The p-value is how often the two would differ as much if the model were true.",
            good="The two should be near each other, and p not near 0.",
            value={"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
            of=_REPLICATED,
            has_p_value=True,
        )
        for name, title, meaning in (
            ("intensity", "Intensity", "The mean of all pixels"),
            ("intensity_spread", "Spread of intensity", "How much images' mean varies"),
            ("contrast", "Contrast", "How much pixels vary within an image"),
            ("roughness", "Roughness", "The mean step from a pixel to the next"),
        )
    ),
    Measure(
        "predictive_mean_image_error",
        "Error of the mean image",
        "How far the mean of test images and the mean of images drawn from the model are "
        "apart (root mean square over pixels). The p-value is how often they would be this "
        "far apart if the model were true.",
        good="Near 0, with p not near 0.",
        value=NONNEGATIVE,
        of=_REPLICATED,
        has_p_value=True,
    ),
)
