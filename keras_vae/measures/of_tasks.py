"""Measures of single tasks beside the evaluation: anomaly scores, compression, codes."""

import dataclasses

from keras_vae.measures.measure import (
    COUNT,
    FLAG,
    NONNEGATIVE,
    NUMBER,
    SHARE,
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
    return _detail(f"nll_nats{suffix}", name, f"The mean over {examples}.", NUMBER, "nats")


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
        _detail(
            "other_dataset",
            "Other data set",
            "The name of the other data set, as the option dataset has it.",
            TEXT,
        ),
        _detail(
            "num_examples",
            "Test examples",
            "The number of test examples scored, from the first on.",
            COUNT,
        ),
        _detail(
            "num_examples_of_other",
            "Other examples",
            "The number of examples of the other data set that are scored, from the first on.",
            COUNT,
        ),
        _detail(
            "num_samples",
            "Importance samples",
            "The number of samples drawn for each example to estimate its likelihood.",
            COUNT,
        ),
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
            "The size of the compressed file, with its header.",
            unit=_BITS,
            better="lower",
            value=NONNEGATIVE,
        ),
        _detail(
            "bits_per_dim",
            "Code",
            "The length of the examples' code, without the header and the first bits.",
            NUMBER,
            _BITS,
        ),
        _detail(
            "expected_bits_per_dim",
            "-ELBO",
            "The length that the code should have: -ELBO.",
            NUMBER,
            _BITS,
        ),
        _detail(
            "gap", "Gap", "How much longer the code is than -ELBO, as a share of -ELBO.", NUMBER
        ),
        _detail(
            "initial_bits",
            "First bits",
            "The number of bits that the code begins with.",
            COUNT,
            "bits",
        ),
        _detail("file_bytes", "File", "The size of the compressed file.", COUNT, "bytes"),
        _detail(
            "rivals",
            "Other formats",
            "The sizes of the same examples as gzip, bz2, PNG and WebP, each in its best form. A "
            "format that can't hold them is null.",
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
            "The time of encoding all examples.",
            NONNEGATIVE,
            "seconds",
        ),
        _detail(
            "seconds_decoding",
            "Time of decoding",
            "The time of decoding all examples, with the start of the process that decodes.",
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
                "Two labels, or values of a factor. The attribute is what the first has and the "
                "second lacks.",
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
        dataclasses.replace(
            _detail(
                "attribute_of",
                "Factor of the attribute",
                "The factor whose values they are; null if they are labels.",
                {"type": "string"},
            ),
            of=_ATTRIBUTES,
        ),
        dataclasses.replace(
            _detail(
                "attribute_layers",
                "Layers of the attribute",
                "The layers whose latents are changed and read, 1 being the lowest.",
                {"type": "array", "items": WHOLE, "minItems": 1},
            ),
            of=_ATTRIBUTES,
        ),
        dataclasses.replace(
            _detail(
                "attribute_strength",
                "Strength of the change",
                "How far codes are moved to change examples, 1 being the difference of the mean "
                "codes of training examples that have the attribute and of those that lack it. It "
                "is the least strength at which changed training examples, drawn and encoded "
                "anew, read as those that have it do on average.",
                NUMBER,
            ),
            of=_ATTRIBUTES,
        ),
        *(
            dataclasses.replace(
                _detail(
                    f"attribute_read_{name}",
                    f"Attribute read: {examples}",
                    f"The share whose code reads more than 1/2 of the attribute, of {meaning}.",
                    SHARE,
                ),
                better=better,
                of=_ATTRIBUTES,
            )
            for name, examples, meaning, better in (
                ("where_had", "examples with it", "the split's examples that have it", "higher"),
                ("where_lacked", "examples without it", "those that lack it", "lower"),
                ("unchanged", "redrawn", "those, drawn anew from their codes", "lower"),
                ("changed", "changed", "those, drawn from their changed codes", "higher"),
            )
        ),
        *PROVENANCE,
    ),
}
