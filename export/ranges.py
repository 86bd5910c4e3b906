"""Ranges: the lowest and highest numbers that inputs and outputs of an export may be."""

from keras_vae.likelihoods import Support
from keras_vae.vae import VAE

Range = tuple[float | None, float | None]  # None where there is no bound

# Of the values of x, by support.
_VALUES: dict[Support, Range] = {
    Support.BINARY: (0, 1),
    Support.UNIT: (0, 1),
    Support.LEVELS: (0, 1),
    Support.REAL: (None, None),
    Support.COUNTS: (0, None),
    Support.COLUMNS: (None, None),
}

# Of the other inputs and outputs that are bounded.
_BOUNDED: dict[str, Range] = {
    "seed": (-(2**31), 2**31 - 1),
    "temperature": (0, None),
    "k": (1, 2**24),  # float32 counts no further
    "mask": (0, 1),
    "scale": (0, None),
    "effective_sample_size": (0, None),
}


def ranges(vae: VAE) -> dict[str, Range]:
    """{name: (lowest, highest)} of the inputs and outputs that are bounded, and of x."""
    values = _VALUES[vae.decoder.likelihood.support]
    known = _BOUNDED | {"image": values, "sample": values, "x": values}
    known["num_layers"] = 0, vae.num_layers
    condition = vae.condition
    if condition is not None and condition.in_examples:
        known["condition"] = values
    elif condition is not None and condition.num_classes is not None:
        known["condition"] = 0, condition.num_classes - 1
    return known
