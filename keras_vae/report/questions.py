"""A report's folds: one for each question, with the numbers and pictures that answer it."""

from collections.abc import Iterable, Mapping
from typing import Any

from keras_vae.measures import QUESTIONS, Shown
from keras_vae.report import page
from keras_vae.report.numbers_as_text import number

# What alarms are listed under, and where the head's link to them leads.
ALARMS, ALARMS_ID = "Alarms", "alarms"


def folds(evaluation: dict[str, Any], figures: Mapping[str, Iterable[str]]) -> Iterable[str]:
    """The HTML of each question that something answers.

    Args:
      evaluation: numbers by the keys of `keras_vae.measures`.
      figures: HTML of figures by section of `measures.EVALUATION`.
    """
    alarms = evaluation.get("alarms", ())
    for question, sections in QUESTIONS.items():
        parts = []
        if ALARMS in sections:
            parts.append(page.alarms(alarms) or "<p>No alarm was raised.</p>")
        for section, measures in sections.items():
            parts.append(page.grid(section, _cards(measures, evaluation)))
            parts.append(page.side_by_side(figures.get(section, ())))
        if body := "\n".join(filter(None, parts)):
            of_alarms = ALARMS in sections
            yield page.fold(
                question, body, of_alarms and bool(alarms), ALARMS_ID if of_alarms else ""
            )


def _cards(measures, evaluation):
    return [
        page.card(m.name, number(m.key, evaluation), m.unit, m.meaning, m.what_is_good)
        for m in measures
        if m.shown >= Shown.CARD and evaluation.get(m.key) is not None
    ]
