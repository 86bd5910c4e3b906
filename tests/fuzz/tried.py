"""What a door did: it took a value, or refused it in one line."""

import warnings


def tried(function, errors=(ValueError,)):
    """(what `function` gave, None, notes), or (None, the line by which it refused, notes).

    Any other error is a fault, and goes on; so is one of several lines.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result, refusal = None, None
        try:
            result = function()
        except errors as error:
            refusal = str(error)
    assert refusal is None or (refusal and "\n" not in refusal)
    return result, refusal, [str(warning.message) for warning in caught]
