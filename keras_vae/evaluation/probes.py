"""What the codes tell of labels that training didn't see: downstream use."""

from typing import NamedTuple

import numpy as np

from keras_vae._compat import TensorLike
from keras_vae.evaluation.label_counts import left_out, too_few
from keras_vae.evaluation.standard_errors import share_stderr

_NEIGHBOURS = 5  # that vote for a label


class Labelled(NamedTuple):
    """Labelled examples.

    Attributes:
      codes: [N, D].
      x: what the codes are of, [N, ...], floats; None where it isn't numbers of one scale.
      labels: whole numbers [N].
    """

    codes: TensorLike
    x: TensorLike | None
    labels: np.ndarray


def probes(train: Labelled, test: Labelled) -> dict[str, float | int | str]:
    """How well a linear classifier and nearest neighbours tell labels, by codes and without them.

    Args:
      train: what both learn from.
      test: what their accuracy is measured on.

    Returns:
      dict: `probe_linear_accuracy` and `probe_knn_accuracy` of the codes, and with `_pca` and
      `_pixels` at their ends, where there is x, the same of x in as many principal components, and
      of x as it is; with `_stderr` behind, their standard errors over test examples;
      `probe_commonest_accuracy`, that of always guessing the commonest label of train;
      `probe_num_train`. Where labels of either are too few, or hardly any but one, a sentence
      alone: `probes_left_out`.
    """
    why = too_few(train.labels, "training examples")
    why = why or too_few(test.labels, "test examples", of_each=False)
    if why:
        return {"probes_left_out": left_out("Probes of the codes", why)}
    inputs = {"": (np.asarray(train.codes), np.asarray(test.codes))}
    if train.x is not None and test.x is not None:
        pixels = np.reshape(train.x, [len(train.x), -1]), np.reshape(test.x, [len(test.x), -1])
        inputs["_pca"] = _components(*pixels, np.shape(train.codes)[1])
        inputs["_pixels"] = pixels
    found: dict[str, float | int | str] = {}
    for suffix, (a, b) in inputs.items():
        # Pixels have one scale already; those that hardly vary would be all noise on their own.
        standardize = suffix != "_pixels"
        accuracy = probe_accuracy(a, train.labels, b, test.labels, standardize)
        for name, value in accuracy.items():
            key = f"probe_{name}_accuracy{suffix}"
            found |= {key: value, f"{key}_stderr": share_stderr(value, len(test.labels))}
    values, counts = np.unique(train.labels, return_counts=True)
    found["probe_commonest_accuracy"] = float(np.mean(test.labels == values[counts.argmax()]))
    return found | {"probe_num_train": len(train.labels)}


def probe_accuracy(
    train_codes: TensorLike,
    train_labels: np.ndarray,
    test_codes: TensorLike,
    test_labels: np.ndarray,
    standardize: bool = True,
) -> dict[str, float]:
    """The accuracy on test codes of two classifiers of train codes.

    Args:
      train_codes, test_codes: [N, D] and [M, D].
      train_labels, test_labels: whole numbers [N] and [M].
      standardize: whether the linear classifier gets each value at unit variance.

    Returns:
      dict: `linear`, of multinomial logistic regression (Alain & Bengio 2017), and `knn`, of the
      vote of the 5 nearest train codes.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    linear = make_pipeline(StandardScaler(with_std=standardize), LogisticRegression(max_iter=1000))
    knn = KNeighborsClassifier(min(_NEIGHBOURS, len(train_codes)))
    return {
        name: float(classifier.fit(train_codes, train_labels).score(test_codes, test_labels))
        for name, classifier in (("linear", linear), ("knn", knn))
    }


def _components(train, test, size):
    """Both in the principal components of train [N, D_x], at most `size` of them."""
    from sklearn.decomposition import PCA

    pca = PCA(min(size, *train.shape), random_state=0).fit(train)
    return pca.transform(train), pca.transform(test)
