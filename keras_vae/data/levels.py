"""How many grey levels whole numbers have, by the highest of them."""

LEVELS = (256, 1024, 4096, 16384, 65536)  # of 8, 10, 12, 14 and 16 bits
HIGHEST_OF_FEW = 63  # up to here, numbers are as many levels as they need


def infer_levels(highest: int) -> int:
    """The number of levels: 17 for a highest of 16, 256 for 200, 4096 for 3000."""
    if highest <= HIGHEST_OF_FEW:
        return highest + 1
    return next(levels for levels in LEVELS if highest < levels)
