"""Config: everything that says what is trained, as dataclasses and as JSON.

Each option is stated once, here: name, type, default, help and allowed values. The command-line
flags are made from it, and `Config.check` refuses what can't be.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field


def option(default, help, *, choices=None, at_least=None, above=None, flag=True):
    """A dataclass field with what flags and checks need to know about it."""
    metadata = {
        "help": help,
        "choices": choices,
        "at_least": at_least,
        "above": above,
        "flag": flag,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class DataConfig:
    """Which examples."""

    dataset: str = option(
        "digits",
        "digits, sprites, the name of a TFDS image set, folder:/path, npz:/path or chorales:/path",
    )
    data_dir: str | None = option(None, "where TFDS sets are kept; default: TFDS' own")
    image_size: int | None = option(
        None, "folder: crop and resize images to this height and width", at_least=1
    )
    npz_keys: tuple[str, ...] | None = option(
        None, "npz: names of its arrays, as in train=my_train,test=my_test,test_labels=digits"
    )
    validation_size: int | None = option(
        None,
        "examples for validation; default: the set's own split, else a tenth of train; 0 none",
        at_least=0,
    )
    binarization: str | None = option(
        None,
        "grey pixels to {0, 1}: dynamic draws anew every epoch; "
        "default: dynamic if the likelihood is bernoulli, else none",
        choices=("none", "threshold", "dynamic"),
    )
    memory_limit_gb: float = option(4.0, "larger sets are streamed from disk", above=0)
    window: int | None = option(
        None, "chorales: steps in a window, sixteenths; default 64", at_least=1
    )
    transpose: int | None = option(
        None,
        "chorales: train on windows up to so many semitones higher and lower too; default 0",
        at_least=0,
    )


@dataclass(frozen=True)
class ModelConfig:
    """Which model."""

    network: str = option(
        "mlp",
        "body of encoder and decoder; gru and transformer are for sequences and the rows of "
        "images, bars for music",
        choices=(
            "linear",
            "mlp",
            "gated_mlp",
            "conv",
            "gated_conv",
            "resnet",
            "gru",
            "transformer",
            "bars",
        ),
    )
    hidden: tuple[int, ...] = option(
        (400,),
        "mlp, gated_mlp, gru, transformer, bars: units of each layer; bottom_up, ladder: of the "
        "two of each stochastic layer's bodies; sequence: the last is the GRU's too; "
        "autoregressive: the first is",
        at_least=1,
    )
    filters: tuple[int, ...] = option(
        (32, 64), "conv, gated_conv, resnet: filters of each halving of the size", at_least=1
    )
    blocks: int = option(2, "resnet: residual blocks at each size", at_least=1)
    attention_heads: int | None = option(
        None,
        "heads of self-attention: of transformer, default 4; of conv, gated_conv and resnet at "
        "their smallest size, default none",
        at_least=1,
    )
    bar_steps: int = option(
        16, "bars: steps in a bar, which the decoder's body says one thing of", at_least=1
    )
    decoder: str = option(
        "independent",
        "values of x given z: independent, or autoregressive, each given those before it (for "
        "likelihood categorical)",
        choices=("independent", "autoregressive"),
    )
    activation: str = option(
        "relu",
        "mlp, conv, resnet and transformer: of hidden layers",
        choices=("relu", "tanh", "elu", "gelu", "swish", "softplus"),
    )
    latent_dim: int = option(20, "D, the number of latents", at_least=1)
    structure: str = option(
        "single",
        "single layer of latents, or several, z_1 .. z_L, p(x|z_1) p(z_1|z_2) .. p(z_L): "
        "bottom_up infers z_1 from x, z_2 from z_1; ladder z_L from x, then down; or sequence: "
        "latents of each step or row, p(z_1) p(z_2|z_1) .. p(z_T|z_{T-1})",
        choices=("single", "bottom_up", "ladder", "sequence"),
    )
    inference: str = option(
        "smoother",
        "sequence: whether q(z_t|z_{t-1}, x) sees all of x (smoother) or x_1 .. x_t (filter)",
        choices=("smoother", "filter"),
    )
    latent_dims: tuple[int, ...] | None = option(
        None, "bottom_up, ladder: latents of each layer, that next to x first", at_least=1
    )
    posterior: str = option(
        "diagonal",
        "q(z|x); prior is the prior itself, without an encoder",
        choices=(
            "diagonal",
            "full_covariance",
            "low_rank",
            "iaf",
            "categorical",
            "deterministic",
            "prior",
        ),
    )
    posterior_rank: int = option(
        2, "low_rank: of the part of the covariance that isn't diagonal", at_least=1
    )
    prior: str = option(
        "standard_normal",
        "p(z); conditional_normal is p(z|c), by a network; gaussian_mixture (or a flow) is fitted "
        "to the codes of an autoencoder after its training",
        choices=(
            "standard_normal",
            "learned_normal",
            "mixture",
            "vamp",
            "real_nvp",
            "maf",
            "conditional_normal",
            "categorical",
            "gaussian_mixture",
            "none",
        ),
    )
    prior_components: int = option(
        10, "mixture, vamp, categorical: K, components, pseudo-inputs or labels", at_least=1
    )
    prior_covariance: str = option(
        "diagonal",
        "mixture: of each component",
        choices=("diagonal", "full"),
    )
    relaxation: str = option(
        "straight_through",
        "categorical: labels are drawn (straight_through, by its gradient) or mixed (relaxed)",
        choices=("straight_through", "relaxed"),
    )
    relaxation_temperature: float = option(
        1.0, "categorical: of the softmax that relaxes a label", above=0
    )
    prior_hidden: int = option(
        200, "conditional_normal: units of its network's hidden layer", at_least=1
    )
    flow_layers: int = option(
        4, "flows (posterior iaf; prior real_nvp, maf): how many steps", at_least=1
    )
    flow_hidden: int = option(
        200,
        "flows (posterior iaf; prior real_nvp, maf): units of each step's hidden layer",
        at_least=1,
    )
    likelihood: str = option(
        "bernoulli",
        "p(x|z)",
        choices=(
            "bernoulli",
            "continuous_bernoulli",
            "normal",
            "normal_learned_scale",
            "normal_per_pixel_scale",
            "discretized_logistic",
            "categorical",
            "logistic_mixture",
            "laplace",
            "student_t",
            "poisson",
        ),
    )
    likelihood_components: int = option(
        5, "logistic_mixture: K, how many logistics a pixel has", at_least=1
    )
    likelihood_scale: float = option(1.0, "normal: the standard deviation of a pixel", above=0)
    weights: str = option(
        "point",
        "of the decoder: numbers (point), with a normal prior as penalty (map), or normal "
        "distributions (bayes)",
        choices=("point", "map", "bayes"),
    )
    weight_scale: float = option(1.0, "map, bayes: the prior's standard deviation", above=0)
    weight_temperature: float = option(
        1.0, "bayes: factor of the weights' KL; below 1 they are surer than Bayes' rule", above=0
    )
    condition: str = option(
        "none",
        "what the model is told of an example: its label, or a part of the image to complete",
        choices=("none", "label", "image_part"),
    )
    visible: str = option(
        "left_half",
        "image_part: which part is given: left_half, right_half, top_half, bottom_half, "
        "upper_left, upper_right, lower_left, lower_right, or an image file, white where given",
    )
    event_shape: tuple[int, ...] | None = option(
        None, "shape of one example; the data's", at_least=1, flag=False
    )
    levels: int | None = option(
        None, "how many values a pixel takes; the data's", at_least=2, flag=False
    )
    num_examples: int | None = option(
        None, "map, bayes: how many training examples there are", at_least=1, flag=False
    )
    num_classes: int | None = option(
        None, "condition=label: how many labels there are; the data's", at_least=1, flag=False
    )
    visible_mask: tuple[int, ...] | None = option(
        None, "image_part: 1 for each given pixel, row by row; made from visible", flag=False
    )


@dataclass(frozen=True)
class ObjectiveConfig:
    """What training minimises."""

    objective: str = option(
        "sgvb",
        "sgvb is the evidence lower bound; free_bits frees each latent's first nats; "
        "importance_weighted the bound of latent_samples weighted samples; "
        "reconstruction has no KL",
        choices=("sgvb", "free_bits", "importance_weighted", "reconstruction"),
    )
    kl: str = option(
        "auto", "sgvb: which estimator of the KL", choices=("auto", "analytic", "sampled")
    )
    gradient: str = option(
        "plain",
        "importance_weighted: its estimator; stl sticks the landing, dreg is doubly "
        "reparameterized",
        choices=("plain", "stl", "dreg"),
    )
    latent_samples: int = option(1, "L or k, samples of z per example", at_least=1)
    free_bits: float = option(0.1, "free_bits: free nats per latent or layer", at_least=0)
    beta: float = option(1.0, "weight of the KL, after any warm-up", at_least=0)
    beta_schedule: str = option(
        "constant",
        "how beta grows from 0; cyclic stays for a warm-up's length, then begins again",
        choices=("constant", "linear", "sigmoid", "cyclic"),
    )
    beta_warmup_epochs: float = option(0.0, "length of beta's growth", at_least=0)


@dataclass(frozen=True)
class TrainingConfig:
    """How it is minimised."""

    epochs: int = option(50, "passes over the training split", at_least=1)
    batch_size: int = option(128, "examples per step, of all replicas together", at_least=1)
    optimizer: str = option("adam", "Keras optimizer", choices=("adam", "adamax", "sgd", "rmsprop"))
    learning_rate: float = option(1e-3, "of the optimizer", above=0)
    learning_rate_schedule: str = option(
        "constant", "cosine falls to zero at the last step", choices=("constant", "cosine")
    )
    clip_norm: float | None = option(None, "largest norm of all gradients together", above=0)
    ema_decay: float | None = option(
        None, "evaluate and export a moving average of the weights with this decay", above=0
    )
    warm_start: str | None = option(
        None, "begin with the weights of this run (or .keras file), of the same networks"
    )
    early_stopping: int | None = option(
        None, "stop after this many epochs without a better validation bound", at_least=1
    )
    seed: int = option(0, "root of all random draws", at_least=0)


@dataclass(frozen=True)
class Config:
    """A whole run. `keras_vae.recipe` makes one by name."""

    recipe: str = "vae"
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    training: TrainingConfig = TrainingConfig()

    def replace(self, **options) -> "Config":
        """A copy with options changed, whichever section they are in: replace(latent_dim=2)."""
        sections = {}
        for name, value in options.items():
            section, option_field = find(name)
            sections.setdefault(section, {})[name] = _coerce(option_field.type, value)
        return dataclasses.replace(
            self,
            **{s: dataclasses.replace(getattr(self, s), **o) for s, o in sections.items()},
        )

    def check(self) -> "Config":
        """Returns itself, or raises ValueError saying which option can't be, and why."""
        for section, option_field in options():
            value = getattr(getattr(self, section), option_field.name)
            _check_option(option_field, value)
        model, objective, training = self.model, self.objective, self.training
        autoencoder = model.posterior == "deterministic"
        if autoencoder and model.prior not in _FITTED_PRIORS:
            raise ValueError(
                f"posterior=deterministic with prior={model.prior}: it has no density to train a "
                f"prior by. Use a prior that is fitted afterwards, {', '.join(_FITTED_PRIORS)}."
            )
        if not autoencoder and model.prior in ("gaussian_mixture", "none"):
            raise ValueError(
                f"posterior={model.posterior} with prior={model.prior}: a posterior with a density "
                "needs a prior that trains with it, such as standard_normal or mixture."
            )
        if autoencoder and objective.objective != "reconstruction":
            raise ValueError(
                f"objective={objective.objective} needs a posterior density, which "
                "posterior=deterministic has not. Use objective=reconstruction."
            )
        if model.posterior == "prior" and objective.objective != "importance_weighted":
            raise ValueError(
                f"posterior=prior has no encoder to train by objective={objective.objective}. Use "
                "objective=importance_weighted (or recipe=monte_carlo)."
            )
        if model.posterior == "prior" and objective.gradient != "plain":
            raise ValueError(
                f"gradient={objective.gradient} is of an encoder, which posterior=prior has not. "
                "Use gradient=plain."
            )
        if model.weights == "bayes" and model.network not in ("linear", "mlp", "gated_mlp"):
            raise ValueError(
                f"weights=bayes with network={model.network}: tfp.layers has reparameterized dense "
                "layers, but no transposed convolutions, recurrent layers or attention. Use "
                "network=mlp or weights=map."
            )
        if model.posterior == "iaf" and model.latent_dim == 1:
            raise ValueError(
                "posterior=iaf with latent_dim=1: one latent has no other to depend on. Use "
                "posterior=diagonal."
            )
        if model.prior == "vamp" and model.posterior in ("iaf", "prior"):
            raise ValueError(
                f"prior=vamp with posterior={model.posterior}: it is a mixture of posteriors "
                "q(z|x), which must have a density at any z in one pass. Use posterior=diagonal, "
                "full_covariance or low_rank."
            )
        if model.prior == "mixture" and model.posterior == "prior":
            raise ValueError(
                "prior=mixture with posterior=prior: no gradient leads through the choice of a "
                "component, so the mixture's weights can't be learned. Use prior=real_nvp."
            )
        if model.prior in ("real_nvp", "maf") and model.latent_dim < 2:
            raise ValueError(
                f"prior={model.prior} with latent_dim={model.latent_dim}: a flow changes a latent "
                "by what others are. Use latent_dim=2 or more, or prior=mixture."
            )
        if model.prior == "conditional_normal" and model.condition == "none":
            raise ValueError(
                "prior=conditional_normal is p(z|c) and needs a condition c. Use condition=label "
                "or condition=image_part, or prior=learned_normal."
            )
        if (model.posterior == "categorical") != (model.prior == "categorical"):
            raise ValueError(
                f"posterior={model.posterior} with prior={model.prior}: a label among the latents "
                "needs both to be categorical (recipe=gmvae). Change one of them."
            )
        if model.structure in ("bottom_up", "ladder"):
            _check_layers(model)
        if model.structure == "sequence":
            _check_sequence(model)
        if not model.filters:
            raise ValueError("filters must have at least one entry.")
        if not model.hidden and model.network in ("gru", "transformer", "bars"):
            raise ValueError(f"hidden must have at least one entry with network={model.network}.")
        if model.decoder == "autoregressive":
            _check_autoregressive(model)
        if (
            model.network in ("conv", "gated_conv", "resnet")
            and model.event_shape is not None
            and len(model.event_shape) != 3
        ):
            raise ValueError(
                f"network={model.network} is for images (height, width, channels), but examples "
                f"have event_shape={_text(model.event_shape)}. Use network=mlp, gru or transformer."
            )
        for name in dict.fromkeys(row[0] for row in _ONLY_WITH):
            section, option_field = find(name)
            given = getattr(getattr(self, section), name)
            if given != option_field.default and (wanted := self.lacking_for(name)):
                wanted = " or ".join(f"{n}={' or '.join(values)}" for n, values in wanted)
                raise ValueError(f"{name}={_text(given)} is an option of {wanted} alone.")
        if objective.objective == "reconstruction" and (
            objective.beta != 1.0 or objective.beta_schedule != "constant"
        ):
            raise ValueError(
                "beta and beta_schedule weigh the KL, and objective=reconstruction has none."
            )
        warmup = objective.beta_warmup_epochs
        if (objective.beta_schedule == "constant") != (warmup == 0):
            raise ValueError(
                f"beta_schedule={objective.beta_schedule} with beta_warmup_epochs={warmup:g}: a "
                "schedule needs a length, and a length a schedule. Set both or neither."
            )
        if warmup > training.epochs:
            raise ValueError(
                f"beta_warmup_epochs={warmup:g} can't finish within epochs={training.epochs}. "
                "Train for longer or warm up faster."
            )
        if training.ema_decay is not None and training.ema_decay >= 1:
            raise ValueError(f"ema_decay must be below 1, got {training.ema_decay}.")
        return self

    def lacking_for(self, name: str) -> list:
        """[(option, its values)] of which one is needed for option `name` to say anything.

        Empty where one is there, or none is needed.
        """
        section = getattr(self, find(name)[0])
        wanted = [(needed, values) for n, needed, values in _ONLY_WITH if n == name]
        return [] if any(getattr(section, n) in values for n, values in wanted) else wanted

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, content: dict) -> "Config":
        """The inverse of to_dict, from JSON too; unknown options raise ValueError."""
        flat = {
            name: value for section in _SECTIONS for name, value in content.get(section, {}).items()
        }
        return cls(recipe=content["recipe"]).replace(**flat)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2)


# What an autoencoder may have for a prior: fitted to its codes after training.
_FITTED_PRIORS = ("gaussian_mixture", "real_nvp", "maf", "none")

# (option, option of the same section, values of that one without which the first says nothing);
# of several rows for one option, one must hold.
_ONLY_WITH = (
    ("hidden", "network", ("mlp", "gated_mlp", "gru", "transformer", "bars")),
    ("hidden", "decoder", ("autoregressive",)),
    ("bar_steps", "network", ("bars",)),
    ("hidden", "structure", ("sequence",)),
    ("filters", "network", ("conv", "gated_conv", "resnet")),
    ("latent_dim", "structure", ("single", "sequence")),
    ("latent_dims", "structure", ("bottom_up", "ladder")),
    ("inference", "structure", ("sequence",)),
    ("blocks", "network", ("resnet",)),
    ("attention_heads", "network", ("conv", "gated_conv", "resnet", "transformer")),
    ("activation", "network", ("mlp", "conv", "resnet", "transformer")),
    ("posterior_rank", "posterior", ("low_rank",)),
    ("prior_covariance", "prior", ("mixture",)),
    ("prior_components", "prior", ("mixture", "vamp", "categorical", "gaussian_mixture")),
    ("relaxation", "prior", ("categorical",)),
    ("relaxation_temperature", "prior", ("categorical",)),
    ("prior_hidden", "prior", ("conditional_normal",)),
    ("flow_layers", "posterior", ("iaf",)),
    ("flow_layers", "prior", ("real_nvp", "maf")),
    ("flow_hidden", "posterior", ("iaf",)),
    ("flow_hidden", "prior", ("real_nvp", "maf")),
    ("likelihood_scale", "likelihood", ("normal",)),
    ("likelihood_components", "likelihood", ("logistic_mixture",)),
    ("weight_scale", "weights", ("map", "bayes")),
    ("weight_temperature", "weights", ("bayes",)),
    ("visible", "condition", ("image_part",)),
    ("kl", "objective", ("sgvb",)),
    ("gradient", "objective", ("importance_weighted",)),
    ("free_bits", "objective", ("free_bits",)),
)

_SECTIONS = {
    "data": DataConfig,
    "model": ModelConfig,
    "objective": ObjectiveConfig,
    "training": TrainingConfig,
}


def _check_layers(model):
    """Of a model of several stochastic layers."""
    layers = f"structure={model.structure}"
    if model.latent_dims is None:
        raise ValueError(f"{layers} needs latent_dims, as in latent_dims=100,50 for two layers.")
    if len(model.hidden) != len(model.latent_dims):
        raise ValueError(
            f"{layers} needs as many units in hidden as in latent_dims, a number for each "
            f"stochastic layer; got hidden={_text(model.hidden)} and "
            f"latent_dims={_text(model.latent_dims)}."
        )
    if model.network not in ("mlp", "gated_mlp"):
        raise ValueError(
            f"{layers} with network={model.network}: what joins one layer of latents to the next "
            "is dense. Use network=mlp."
        )
    if model.posterior != "diagonal":
        raise ValueError(
            f"{layers} with posterior={model.posterior}: each layer's posterior is a diagonal "
            "normal, given the layer before it. Use posterior=diagonal, or structure=single."
        )
    if model.prior == "vamp":
        raise ValueError(
            f"{layers} with prior=vamp: it is a mixture of q(z|x), which several layers don't have "
            "in closed form. Use prior=mixture."
        )


def _check_autoregressive(model):
    """Of a decoder that goes from value to value."""
    if model.likelihood != "categorical":
        raise ValueError(
            f"decoder=autoregressive with likelihood={model.likelihood}: what comes next is chosen "
            "among levels. Use likelihood=categorical."
        )
    if not model.hidden:
        raise ValueError("hidden must have at least one entry with decoder=autoregressive.")
    if model.weights == "bayes":
        raise ValueError(
            "decoder=autoregressive with weights=bayes: tfp.layers has no reparameterized "
            "recurrent layers. Use weights=map."
        )
    if model.condition == "image_part":
        raise ValueError(
            "decoder=autoregressive with condition=image_part: values that are given would have to "
            "be read before the hidden ones, whatever their order. Use decoder=independent."
        )


def _check_sequence(model):
    """Of a model with latents of each step."""
    if model.network not in ("linear", "mlp", "gated_mlp"):
        raise ValueError(
            f"structure=sequence with network={model.network}: the body is of one step, a row of "
            "numbers; steps are joined by a GRU. Use network=mlp, or structure=single."
        )
    if not model.hidden:
        raise ValueError("hidden must have at least one entry with structure=sequence.")
    if model.posterior != "diagonal":
        raise ValueError(
            f"structure=sequence with posterior={model.posterior}: each step's posterior is a "
            "diagonal normal, given the step before it. Use posterior=diagonal, or "
            "structure=single."
        )
    if model.prior == "vamp":
        raise ValueError(
            "structure=sequence with prior=vamp: it is a mixture of q(z|x), but a step's posterior "
            "is given the step before it. Use prior=mixture, which is then p(z_1)."
        )
    if model.weights == "bayes":
        raise ValueError(
            "structure=sequence with weights=bayes: all steps share the weights, but draws of "
            "them are independent between rows. Use weights=map."
        )


def _text(value) -> str:
    """A value as a flag has it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def options():
    """All options, as (section name, dataclasses.Field)."""
    return [(s, f) for s, cls in _SECTIONS.items() for f in dataclasses.fields(cls)]


def find(name: str):
    """(section name, field) of an option; ValueError listing near ones if there is none."""
    for section, option_field in options():
        if option_field.name == name:
            return section, option_field
    raise ValueError(f"unknown option {name!r}; known: {', '.join(f.name for _, f in options())}.")


def value_type(annotation):
    """The type of an option's values: int for both `int` and `int | None`."""
    if isinstance(annotation, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None))
    return annotation


def element_type(annotation):
    """The type of one entry of a tuple option, or None if the option is no tuple."""
    wanted = value_type(annotation)
    return typing.get_args(wanted)[0] if typing.get_origin(wanted) is tuple else None


def _coerce(annotation, value):
    """JSON's lists become tuples, and whole numbers floats where floats are meant."""
    if isinstance(value, list):
        return tuple(value)
    if value_type(annotation) is float and type(value) is int:
        return float(value)
    return value


def _check_option(option_field, value):
    name, meta = option_field.name, option_field.metadata
    if value is None and option_field.default is None:
        return
    element = element_type(option_field.type)
    if element and not isinstance(value, tuple):
        raise ValueError(f"{name} must be a tuple of {element.__name__}, got {value!r}.")
    values = value if element else (value,)
    element = element or value_type(option_field.type)
    for v in values:
        if not isinstance(v, element) or isinstance(v, bool) != (element is bool):
            raise ValueError(f"{name} must be {element.__name__}, got {value!r}.")
        if meta["choices"] and v not in meta["choices"]:
            raise ValueError(f"{name} must be one of {', '.join(meta['choices'])}, got {v!r}.")
        if meta["at_least"] is not None and not v >= meta["at_least"]:
            raise ValueError(f"{name} must be at least {meta['at_least']}, got {v}.")
        if meta["above"] is not None and not v > meta["above"]:
            raise ValueError(f"{name} must be above {meta['above']}, got {v}.")
