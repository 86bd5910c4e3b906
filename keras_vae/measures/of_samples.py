"""Measures of what a model draws."""

from keras_vae.measures.measure import COUNT, NONNEGATIVE, NUMBER, SHARE, TEXT, Measure, Shown

_DRAWN = "models that draw images"
_COMPARED = f"{_DRAWN}, and data of more images than neighbours"
_REPLICATED = f"{_DRAWN}, with a posterior density"

SAMPLES = (
    Measure(
        "feature_space",
        "Feature space",
        "Where samples and test images are compared by the numbers that follow. They compare with "
        "those of other models in this space, on this data, only.",
        value=TEXT,
        of=_DRAWN,
    ),
    Measure(
        "samples_are",
        "Samples",
        "What is compared with test images: means, with the grey images where those are binarized "
        "anew; draws, pixel by pixel, with images of black and white.",
        value=TEXT,
        of=_DRAWN,
    ),
    Measure(
        "precision",
        "Precision",
        "The share of samples that are as near to a test image as its 5th neighbour is "
        "(Kynkaanniemi et al. 2019). Low: samples are unlike the data.",
        better="higher",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "recall",
        "Recall",
        "The share of test images that are as near to a sample as its 5th neighbour is. Low: "
        "samples lack the variety of the data.",
        better="higher",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "density",
        "Density",
        "How many test images a sample is that near to, by 5. About 1 where samples are as the "
        "data, more where they keep to its dense parts (Naeem et al. 2020).",
        value=NONNEGATIVE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "coverage",
        "Coverage",
        "The share of test images with a sample that near (Naeem et al. 2020).",
        better="higher",
        value=SHARE,
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "frechet_distance",
        "Frechet distance",
        "The distance of two normals, with the mean and covariance of samples and of test images. "
        "With few images it is too large.",
        better="lower",
        value=NONNEGATIVE,
        of=_COMPARED,
        shown=Shown.PAGE,
    ),
    Measure(
        "frechet_distance_train",
        "Frechet distance of the data",
        "The Frechet distance of as many training images instead of samples: a perfect model has "
        "about this.",
        value=NONNEGATIVE,
        of=_COMPARED,
    ),
    Measure(
        "kernel_distance",
        "Kernel distance",
        "The squared maximum mean discrepancy of samples and test images under a cubic kernel, "
        "without bias: 0 if both are alike (Binkowski et al. 2018).",
        better="lower",
        of=_COMPARED,
        has_error=True,
        shown=Shown.PAGE,
    ),
    Measure(
        "num_compared",
        "Samples compared",
        "The number of samples, and of test images, that are compared.",
        value=COUNT,
        of=_DRAWN,
        shown=Shown.DETAILS,
    ),
    Measure(
        "copied_fraction",
        "Copies",
        "The share of samples less than a third as far from the nearest training image as from the "
        "next (Yoon et al. 2023). Above that of test images, the model knows images by heart.",
        better="lower",
        value=SHARE,
        of=_DRAWN,
        shown=Shown.PAGE,
    ),
    Measure(
        "copied_fraction_test",
        "Copies among test images",
        "The share of copies among test images: what doubles in the data make of it.",
        value=SHARE,
        of=_DRAWN,
    ),
    Measure(
        "nearer_than_test",
        "Nearer than test images",
        "How often a sample is nearer to its training image than a test image is to its own. 0.5 "
        "if alike; more for copies and for blurred images, less for images unlike the data (after "
        "Meehan et al. 2020).",
        value=SHARE,
        of=_DRAWN,
    ),
    Measure(
        "copied_num_train",
        "Training images searched",
        "The number of images among which the nearest one was looked for.",
        value=COUNT,
        of=_DRAWN,
        shown=Shown.DETAILS,
    ),
)

CHECKS = (
    *(
        Measure(
            f"predictive_{name}",
            title,
            f"{meaning}: of test images, and of images drawn from the model, noise of pixels "
            "included. p: how often they would differ so, if the model were true.",
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
        "How far the mean of test images and the mean of images drawn from the model are apart "
        "(root mean square over pixels). p: how often so far, if the model were true.",
        value=NONNEGATIVE,
        of=_REPLICATED,
        has_p_value=True,
    ),
)
