"""What each number that a task writes is called and means: a table, its glossary and its schema.

measures.of_file("evaluation.json")["nll_nats"].meaning
measures.schema("evaluation.json")  # The file's JSON Schema.
"""

from keras_vae.measures.json_schema import schema
from keras_vae.measures.measure import Measure, Shown, error_key, p_value_key
from keras_vae.measures.of_tasks import SCORES
from keras_vae.measures.table import (
    EVALUATION,
    FILES,
    HOW_TRAINING_WENT,
    QUESTIONS,
    columns,
    keys,
    of_file,
)

__all__ = [
    "EVALUATION",
    "FILES",
    "HOW_TRAINING_WENT",
    "QUESTIONS",
    "SCORES",
    "Measure",
    "Shown",
    "columns",
    "error_key",
    "keys",
    "of_file",
    "p_value_key",
    "schema",
]
