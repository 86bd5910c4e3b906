"""Columns: p(row|z), whose cells are independent given z."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfp
from keras_vae.columns import Column, as_columns
from keras_vae.distributions import OfEachValue, Uniforms
from keras_vae.likelihoods.base import Likelihood, Support
from keras_vae.likelihoods.columns.bins import Bins
from keras_vae.likelihoods.columns.choices import Choices, OrderedChoices
from keras_vae.likelihoods.columns.counting import Counts
from keras_vae.likelihoods.columns.densities import Densities
from keras_vae.likelihoods.columns.family import Family

# Columns of up to so many categories, or spikes, are computed together.
_SIZES = (0, 2, 8, 32, 128, 512)


@tfk.saving.register_keras_serializable("keras_vae")
class Columns(Likelihood):
    """A distribution for each column: log p is in the columns' own units.

    Numbers have a density in their unit; rounded numbers, dates, counts and categories have
    probabilities.

    Args:
      event_shape: (D,).
      columns: D columns, `keras_vae.columns.Column` or their dicts.
      num_components: of the mixtures of numbers.

    References:
      Nazabal et al. 2020, Handling incomplete heterogeneous data using VAEs (HI-VAE).
    """

    support = Support.COLUMNS
    is_drawn = True

    def __init__(
        self,
        event_shape: tuple,
        columns: Sequence[Column | Mapping[str, Any]],
        num_components: int = 5,
        **kwargs,
    ):
        super().__init__(event_shape, **kwargs)
        self.columns = as_columns(columns)
        if len(self.columns) != event_shape[0] or any(c.is_left_out for c in self.columns):
            raise ValueError(
                f"columns must be the {event_shape[0]} columns of x, none of them left out, got "
                f"{len(self.columns)}."
            )
        self.num_components = num_components
        self._groups = _in_groups(self.columns, num_components)
        order = np.concatenate([places for _, places in self._groups])
        self._back = np.argsort(order)  # From the order of groups to that of columns.

    @property
    def params_shape(self) -> tuple:
        """(P,): the parameters of all columns."""
        return (sum(family.num_params * len(places) for family, places in self._groups),)

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        sizes = [family.num_params * len(places) for family, places in self._groups]
        parts = []
        for (family, places), part in zip(
            self._groups, tf.split(params, sizes, axis=-1), strict=True
        ):
            shape = [*tf.unstack(tf.shape(part))[:-1], len(places), family.num_params]
            static = [*part.shape[:-1], len(places), family.num_params]
            part = tf.ensure_shape(tf.reshape(part, shape), static)
            parts.append(family.distribution(part))
        return Row(parts, self._groups, self._back, params)

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        def of(places):
            return lambda i: tf.gather(uniforms(i), places, axis=-1)

        groups = zip(p.parts, self._groups, strict=True)
        return p.joined([family.draw(part, of(places)) for part, (family, places) in groups])

    def check_draw(self) -> None:
        """Nothing: draws of each family are tested, and have no common mean to be compared by."""

    def _holds(self, x):
        return self._without_mass(x) is None

    def check_values(self, x: TensorLike) -> None:
        """Raises ValueError unless each column has mass at its x [..., D]."""
        x = np.asarray(x)
        found = self._without_mass(x)
        if found is not None:
            place, value = found
            column = self.columns[place]
            wanted = f"0 .. {column.num_choices - 1}" if column.is_choice else "finite numbers"
            raise ValueError(
                f"x of column {column.name!r} ({column.kind}) must be {wanted}, got {value:g}. "
                "Encode rows by the schema: data.table(frame, schema=vae.modality.schema)."
            )

    def _without_mass(self, x):
        """(place, value) of the first value without mass; None if there is none."""
        for family, places in self._groups:
            part = x[..., places]
            if not (held := family.holds(part)).all():
                first = tuple(np.argwhere(~held)[0])
                return places[first[-1]], float(part[first])
        return None

    def statistics(self, mean: tf.Tensor, drawn: tf.Tensor, about: tf.Tensor) -> tf.Tensor:
        """[..., F]: the first two moments of each column, and which category is drawn."""
        first = drawn - about
        drawn_choices = [
            tf.one_hot(tf.cast(drawn[..., i], tf.int32), len(column.categories))
            for i, column in self._choices
        ]
        return tf.concat([first, first**2, *drawn_choices], axis=-1)

    def settled(self, statistics: tf.Tensor, about: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(means of numbers and likeliest categories, their spreads), each [..., D].

        The spread of a number is its standard deviation, in x; that of a category is the
        probability of all others.
        """
        size = len(self.columns)
        numbers = [len(column.categories) for _, column in self._choices]
        first, second, *shares = tf.split(statistics, [size, size, *numbers], axis=-1)
        values = tf.unstack(about + first, axis=-1)
        spreads = tf.unstack(tf.sqrt(tf.maximum(second - first**2, 0.0)), axis=-1)
        for (i, _), share in zip(self._choices, shares, strict=True):
            values[i] = tf.cast(tf.argmax(share, axis=-1), tf.float32)
            spreads[i] = 1.0 - tf.reduce_max(share, axis=-1)
        return tf.stack(values, axis=-1), tf.stack(spreads, axis=-1)

    @property
    def _choices(self):
        return [(i, column) for i, column in enumerate(self.columns) if column.is_choice]

    def get_config(self) -> dict[str, Any]:
        columns = [column.to_dict() for column in self.columns]
        return super().get_config() | {"columns": columns, "num_components": self.num_components}


class Row(OfEachValue):
    """The distributions of all columns, batch [..., D], of which each group has its own.

    Args:
      parts: the distribution of each group.
      groups: (family, places of its columns) of each.
      back: [D], where each column is in the order of the groups.
      params: [..., P], whose batch shape it has.
    """

    def __init__(
        self,
        parts: Sequence[tfd.Distribution],
        groups: Sequence[tuple[Family, np.ndarray]],
        back: np.ndarray,
        params: tf.Tensor,
    ):
        parameters = dict(locals())
        self.parts, self._groups, self._back, self._params = parts, groups, back, params
        super().__init__(parameters, reparameterized=False)

    def joined(self, parts: Sequence[tf.Tensor]) -> tf.Tensor:
        """[..., D] of a value [..., n] for each group."""
        return tf.gather(tf.concat(parts, axis=-1), self._back, axis=-1)

    def _batch_shape(self):
        return self._params.shape[:-1].concatenate([len(self._back)])

    def _batch_shape_tensor(self):
        return tf.concat([tf.shape(self._params)[:-1], [len(self._back)]], 0)

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _log_prob(self, x):
        return self.joined(
            [
                part.log_prob(tf.gather(x, places, axis=-1))
                for part, (_, places) in zip(self.parts, self._groups, strict=True)
            ]
        )

    def _sample_n(self, n, seed=None):
        seeds = tfp.random.split_seed(seed, n=len(self.parts))
        drawn = [
            family.sample(part, n, s)
            for part, (family, _), s in zip(
                self.parts, self._groups, tf.unstack(seeds), strict=True
            )
        ]
        return self.joined(drawn)

    def _mean(self):
        """No mean: the value that stands for each distribution, see `Family.center`."""
        centers = [
            family.center(part) for part, (family, _) in zip(self.parts, self._groups, strict=True)
        ]
        return self.joined(centers)


def _in_groups(columns: Sequence[Column], num_components: int) -> list[tuple[Family, np.ndarray]]:
    """(family, places of its columns): columns of one form are computed together."""
    groups: dict[tuple, list[int]] = defaultdict(list)
    for place, column in enumerate(columns):
        groups[_form_of(column)].append(place)
    makers = {
        "ordered": OrderedChoices,
        "choice": Choices,
        "count": Counts,
        "bins": lambda c: Bins(c, num_components),
        "density": lambda c: Densities(c, num_components),
    }
    return [
        (makers[form[0]]([columns[i] for i in places]), np.array(places))
        for form, places in groups.items()
    ]


def _form_of(column):
    """What columns that are computed together have in common."""
    if column.kind == "ordered":
        return "ordered", len(column.categories)
    if column.is_choice:
        return "choice", _size(len(column.categories))
    if column.kind == "count":
        return "count", column.likelihood
    if column.kind == "number":
        return "density", column.likelihood
    return "bins", _size(len(column.spikes))


def _size(number):
    return next((most for most in _SIZES if number <= most), None)
