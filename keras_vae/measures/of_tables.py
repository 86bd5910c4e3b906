"""Measures of rows that a model of a table draws."""

from keras_vae.measures.measure import NUMBERS_BY_NAME, SHARE, Measure, Shown

_OF = "models of tables with a prior"
_OF_LABELS = f"{_OF}, and runs with a label"

TABLES = (
    Measure(
        "table_quality",
        "Quality of rows",
        "How alike rows that the model draws and test rows are: the mean of the two numbers below, "
        "as SDMetrics' quality report defines them, of known cells.",
        better="higher",
        value=SHARE,
        of=_OF,
        shown=Shown.PAGE,
    ),
    Measure(
        "table_quality_of_train",
        "Quality of training rows",
        "The same of as many training rows: what draws could reach.",
        good="A perfect model's rows have about this number.",
        value=SHARE,
        of=_OF,
    ),
    Measure(
        "column_shapes",
        "Column shapes",
        "How alike each column is in drawn rows and in test rows, on average: of numbers 1 - the "
        "largest difference between distribution functions, of categories 1 - half the sum of "
        "differences between shares.",
        better="higher",
        value=SHARE,
        of=_OF,
    ),
    Measure(
        "column_pair_trends",
        "Column pair trends",
        "How alike pairs of columns depend on each other in drawn rows and in test rows, on "
        "average: of two numbers 1 - half the difference between correlations, of others 1 - half "
        "the sum of differences between shares of pairs, numbers being cut into ten cells.",
        better="higher",
        value=SHARE,
        of=f"{_OF}, of several columns",
    ),
    Measure(
        "column_shapes_by_column",
        "Shape of each column",
        "The parts of the column shapes.",
        better="higher",
        value=NUMBERS_BY_NAME,
        of=_OF,
        shown=Shown.DETAILS,
    ),
    Measure(
        "label_f1_by_drawn_rows",
        "F1 by drawn rows",
        "Macro F1 of the label of test rows, predicted by gradient boosting (scikit-learn's) that "
        "learned from rows that the model drew.",
        better="higher",
        value=SHARE,
        of=_OF_LABELS,
        shown=Shown.PAGE,
    ),
    Measure(
        "label_f1_by_train_rows",
        "F1 by training rows",
        "The same by as many training rows: what drawn rows could reach.",
        good="A perfect model's rows give about this number.",
        value=SHARE,
        of=_OF_LABELS,
    ),
    Measure(
        "closest_train_row",
        "Distance to the closest training row",
        "From rows that the model draws, the median: the mean over columns of 1 where categories "
        "differ or the training row lacks a cell, and of the difference between numbers on a scale "
        "from 0 to 1.",
        good="Far below that of test rows, the model copies.",
        value=SHARE,
        of=_OF,
    ),
    Measure(
        "closest_train_row_of_test",
        "That distance of test rows",
        "The median distance of test rows, which the model has not seen.",
        good="Drawn rows should be about as far from training rows.",
        value=SHARE,
        of=_OF,
    ),
    Measure(
        "copied_rows",
        "Rows as in training",
        "The share of drawn rows that are in the training rows, cell by cell.",
        good="It should be no more than that of test rows.",
        value=SHARE,
        of=_OF,
    ),
    Measure(
        "copied_rows_of_test",
        "Test rows as in training",
        "The share of test rows that are in the training rows, cell by cell.",
        good="Drawn rows should be copies no more often.",
        value=SHARE,
        of=_OF,
    ),
)
