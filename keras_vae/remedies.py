"""What to do with floats that are on another scale than a likelihood's."""


def remedy_for(values: str, low: float, high: float, levels: int | None = None) -> str:
    """A sentence with the Python that brings x to the scale, by what x looks like.

    Args:
      values: what the likelihood takes: "binary", "unit", "levels", "real" or "counts".
      low, high: of x.
      levels: how many, of a likelihood of levels; None for bytes.
    """
    is_signed, is_unit, is_byte = -1 <= low < 0 and high <= 1, low >= 0 and high <= 1, low >= 0
    is_byte = is_byte and high <= 255
    if values == "binary":
        middle = "0" if is_signed else "0.5" if is_unit else "128" if is_byte else None
        if middle:
            return (
                f"Cut x to black and white, as in x >= {middle}, or choose a likelihood for grey, "
                "such as continuous_bernoulli."
            )
    if values == "unit" and (is_signed or is_byte):
        return f"Rescale x to [0, 1]: {'(x + 1) / 2' if is_signed else 'x / 255'}."
    if values == "levels" and (is_signed or is_byte):
        white = (levels or 256) - 1
        scaled = f"{white / 2:g} * (x + 1)" if is_signed else f"{white} * x" if is_unit else "x"
        dtype = "uint8" if white < 256 else "uint16"
        return f'Make whole numbers of x: np.round({scaled}).astype("{dtype}").'
    if values == "counts":
        return "Give whole numbers from 0 on, or choose another likelihood."
    return "Rescale x, or choose a likelihood for real numbers, such as normal_learned_scale."
