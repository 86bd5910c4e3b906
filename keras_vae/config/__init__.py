"""Config: everything that says what is trained, as dataclasses and as JSON.

The command-line flags are made from its options. `Config.check` refuses options that can't be
combined.
"""

from keras_vae.config.members import AXES, Member, abouts, in_words, needed_for
from keras_vae.config.option import element_type, range_of, value_type
from keras_vae.config.rules import lacking_for
from keras_vae.config.sections import find, options
from keras_vae.config.whole_config import Config

__all__ = [
    "AXES",
    "Config",
    "Member",
    "abouts",
    "element_type",
    "find",
    "in_words",
    "lacking_for",
    "needed_for",
    "options",
    "range_of",
    "value_type",
]
