"""Measures of single tasks beside the evaluation: anomaly scores, compression, codes."""

import dataclasses

from keras_vae.measures.measure import (
    COUNT,
    FLAG,
    NONNEGATIVE,
    NUMBER,
    TEXT,
    WHOLE,
    Measure,
    Shown,
)
from keras_vae.measures.of_runs import PROVENANCE, SEED

# Scores of `tasks.find_anomalies`, larger for what is more unusual.
SCORES = {
    "nll": "Negative log-likelihood",
    "likelihood_regret": "Likelihood regret",
    "typicality": "Distance from the typical",
}


def _detail(key: str, name: str, meaning: str, value: dict, unit: str = "") -> Measure:
    return Measure(key, name, meaning, unit, value=value, shown=Shown.DETAILS)


def _mean_nll(suffix: str, examples: str) -> Measure:
    name = f"Negative log-likelihood of {examples}"
    return _detail(f"nll_nats{suffix}", name, "The mean over them.", NUMBER, "nats")


ANOMALY = {
    "Scores": (
        *(
            Measure(
                f"auroc_{score}",
                f"{name}, AUROC",
                "How well this score tells examples of the other data from test examples: 0.5 by "
                "chance, 1 without an error.",
                better="higher",
                value=NONNEGATIVE,
                of="models without layers of maps" if score == "likelihood_regret" else "",
                has_error=True,
            )
            for score, name in SCORES.items()
        ),
        _mean_nll("", "test examples"),
        _mean_nll("_of_other", "the other examples"),
        _mean_nll("_of_training", "training examples"),
    ),
    "What was measured": (
        _detail("other_dataset", "Other data set", "Its name, as the option dataset has it.", TEXT),
        _detail(
            "num_examples",
            "Test examples",
            "The number of test examples scored, from the first on.",
            COUNT,
        ),
        _detail(
            "num_examples_of_other",
            "Other examples",
            "The number of other examples scored, from the first on.",
            COUNT,
        ),
        _detail("num_samples", "Importance samples", "The number drawn for each example.", COUNT),
        SEED,
        *PROVENANCE,
    ),
}

_BITS = "bits per dimension"
_RIVAL = {
    "type": ["object", "null"],
    "properties": {"bits_per_dim": NONNEGATIVE, "num_bytes": COUNT, "form": TEXT},
    "required": ["bits_per_dim", "num_bytes", "form"],
}

COMPRESSION = {
    "Compression": (
        Measure(
            "file_bits_per_dim",
            "Compressed by this model",
            "The compressed file's size, header included.",
            unit=_BITS,
            better="lower",
            value=NONNEGATIVE,
        ),
        _detail(
            "bits_per_dim",
            "Code",
            "The length of the examples' code, without header and first bits.",
            NUMBER,
            _BITS,
        ),
        _detail(
            "expected_bits_per_dim", "-ELBO", "The length that the code should have.", NUMBER, _BITS
        ),
        _detail("gap", "Gap", "How much longer the code is than -ELBO, as a share of it.", NUMBER),
        _detail(
            "initial_bits",
            "First bits",
            "The number of bits that the code begins with.",
            COUNT,
            "bits",
        ),
        _detail("file_bytes", "File", "The compressed file's size.", COUNT, "bytes"),
        _detail(
            "rivals",
            "Other formats",
            "What gzip, bz2, PNG and WebP make of the same examples, each in its best form; null "
            "for one that can't hold them.",
            {"type": "object", "additionalProperties": _RIVAL},
        ),
        _detail(
            "decoded_exactly",
            "Decoded exactly",
            "Whether another process decoded the same examples.",
            FLAG,
        ),
        _detail(
            "seconds_encoding",
            "Time of encoding",
            "The time for all examples.",
            NONNEGATIVE,
            "seconds",
        ),
        _detail(
            "seconds_decoding",
            "Time of decoding",
            "The time for all examples, with the start of the process that decodes.",
            NONNEGATIVE,
            "seconds",
        ),
    ),
    "What was measured": (
        _detail("num_examples", "Test examples", "The number of examples compressed.", COUNT),
        *PROVENANCE,
    ),
}

_ATTRIBUTES = "codes written with an attribute"

CODES: dict[str, tuple[Measure, ...]] = {
    "What was written": (
        dataclasses.replace(
            _detail(
                "attribute",
                "Attribute",
                "Two labels: what the first has and the second lacks.",
                {"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2},
            ),
            of=_ATTRIBUTES,
        ),
        dataclasses.replace(
            _detail(
                "attribute_names",
                "Names of the attribute",
                "What the two labels are called.",
                {"type": "array", "items": {"type": ["string", "integer"]}},
            ),
            of=_ATTRIBUTES,
        ),
        *PROVENANCE,
    ),
}
