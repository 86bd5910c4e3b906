"""Facts beside the scores: what was measured, by which weights, and what should worry readers."""

from keras_vae.measures.measure import COUNT, FLAG, SHARE, TEXT, TEXTS, WHOLE, Measure, Shown


def _fact(key: str, name: str, meaning: str, value: dict, of: str = "") -> Measure:
    return Measure(key, name, meaning, value=value, of=of, shown=Shown.DETAILS)


SEED = _fact("seed", "Seed", "The seed of all random draws for these numbers.", WHOLE)

# The run's data and its weights.
PROVENANCE = (
    _fact("dataset", "Data set", "The name of the data set, as the option dataset has it.", TEXT),
    _fact("split", "Split", "The part of the data set that was measured.", TEXT),
    _fact(
        "data_notes",
        "Notes on the data",
        "What was done to the examples when they were read.",
        TEXTS,
    ),
    _fact(
        "binarization",
        "Binarization",
        "How images became black and white: none, threshold or dynamic.",
        TEXT,
    ),
    _fact(
        "binarization_seed",
        "Seed of the binarization",
        "The seed by which black and white pixels were drawn.",
        WHOLE,
        "runs with binarization=dynamic",
    ),
    _fact(
        "checkpoint", "Checkpoint", "The checkpoint that the weights are from: best or last.", TEXT
    ),
    _fact("step", "Step", "The training step of the weights.", COUNT),
    _fact(
        "ema", "Averaged weights", "Whether the weights are moving averages over training.", FLAG
    ),
)

MEASURED = (*PROVENANCE, SEED)

TRAINED = (
    Measure(
        "skipped_steps",
        "Skipped steps",
        "The share of training steps that changed nothing, because the norm of their gradients "
        "was above skip_threshold or not finite.",
        better="lower",
        value=SHARE,
        of="runs with skip_threshold",
    ),
)

ALARMS = (
    _fact(
        "unseen_labels",
        "Labels not trained on",
        "Names or numbers of labels that test examples have, but no training example.",
        {"type": "array", "items": {"type": ["string", "integer"]}},
        "data with such labels",
    ),
    _fact(
        "unseen_num_examples",
        "Test examples of such labels",
        "The number of test examples with such labels. They count in all numbers.",
        COUNT,
        "data with such labels",
    ),
    _fact(
        "alarms", "Alarms", "Sentences on what should worry the reader, each with a remedy.", TEXTS
    ),
)
