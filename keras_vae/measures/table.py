"""The table of all measures, by file and by section of the file's report."""

from keras_vae.measures.measure import Measure, Shown, error_key, p_value_key
from keras_vae.measures.of_latents import DISENTANGLEMENT, DOWNSTREAM, LATENTS
from keras_vae.measures.of_likelihood import BY_COLUMN, LIKELIHOOD
from keras_vae.measures.of_runs import ALARMS, MEASURED, TRAINED
from keras_vae.measures.of_samples import CHECKS, RECONSTRUCTIONS, SAMPLES, TEMPERATURES
from keras_vae.measures.of_tables import TABLES
from keras_vae.measures.of_tasks import ANOMALY, CODES, COMPRESSION

HOW_TRAINING_WENT = "How did training go?"
# What a report is asked, and the sections of numbers and pictures that answer.
QUESTIONS: dict[str, dict[str, tuple[Measure, ...]]] = {
    "Is the likelihood right?": {
        "Likelihood": LIKELIHOOD + BY_COLUMN,
        "What was measured": MEASURED,
    },
    "Are the samples good?": {
        "Rows": TABLES,
        "Samples": SAMPLES,
        "Samples by temperature": TEMPERATURES,
        "Posterior predictive checks": CHECKS,
    },
    "What do the latents hold?": {
        "Reconstructions": RECONSTRUCTIONS,
        "Latents": LATENTS,
        "Downstream use": DOWNSTREAM,
        "Disentanglement": DISENTANGLEMENT,
    },
    HOW_TRAINING_WENT: {"Training": TRAINED},
    "What went wrong?": {"Alarms": ALARMS},
}

EVALUATION: dict[str, tuple[Measure, ...]] = {
    section: measures for sections in QUESTIONS.values() for section, measures in sections.items()
}

FILES: dict[str, dict[str, tuple[Measure, ...]]] = {
    "evaluation.json": EVALUATION,
    "anomaly.json": ANOMALY,
    "compression.json": COMPRESSION,
    "latents.json": CODES,
}


def of_file(file: str = "evaluation.json") -> dict[str, Measure]:
    """The measures of one of `FILES`, by key."""
    return {m.key: m for section in FILES[file].values() for m in section}


def columns(shown: Shown) -> tuple[Measure, ...]:
    """The measures of an evaluation that are columns there: Shown.PAGE or Shown.TERMINAL."""
    return tuple(m for m in of_file().values() if m.shown >= shown)


def keys(file: str = "evaluation.json") -> set[str]:
    """All keys that one of `FILES` may have, those of errors and p-values too."""
    measures = of_file(file).values()
    return {
        *(m.key for m in measures),
        *(error_key(m.key) for m in measures if m.has_error),
        *(p_value_key(m.key) for m in measures if m.has_p_value),
    }
