"""Every option, stated once: name, type, default, help and allowed values, in four sections."""

import dataclasses
from dataclasses import dataclass

from keras_vae.config.image_options import WAYS
from keras_vae.config.option import option


@dataclass(frozen=True)
class DataConfig:
    """Which examples."""

    dataset: str = option(
        "digits",
        "digits, sprites, the name of a TFDS image set, folder:/path, npz:/path (or npy:/path), or "
        "chorales:/path",
    )
    data_dir: str | None = option(None, "where TFDS sets are kept; default: TFDS' own")
    image_size: int | None = option(
        None, "folder, TFDS sets: bring images to this height and width, as resize says", at_least=1
    )
    resize: str = option(
        "crop",
        "how image_size makes a square: cut to the centre (crop), filled up with black (pad), or "
        "stretched",
        choices=WAYS,
    )
    alpha_background: str = option(
        "white",
        "folder, TFDS sets: what stands behind transparency, white, black or a colour RRGGBB",
        before="ignore",
    )
    frames: str = option(
        "first",
        "folder: which frames of animations, and which pages, are images",
        choices=("first", "all"),
    )
    max_pixels: int | None = option(
        None, "folder: refuse larger images; default: Pillow's limit, 178,956,970", at_least=1
    )
    channels: str | None = option(
        None,
        "npz, npy: where the axis of channels is, first as in [N, C, H, W] or last; default: by "
        "the shape",
        choices=("first", "last"),
        before="last",
    )
    grey_levels: int | None = option(
        None,
        "how many levels whole numbers have, 256 for bytes: the highest is white; default: by the "
        "values",
        at_least=2,
        before=256,
    )
    npz_keys: tuple[str, ...] | None = option(
        None, "npz: names of its arrays, as in train=my_train,test=my_test,test_labels=digits"
    )
    label: str | None = option(
        None,
        "which feature is the label: of a TFDS set, as in attributes/Eyeglasses (default: label), "
        "or of sprites shape (the default), scale, rotation, x or y",
    )
    validation_size: int | None = option(
        None,
        "examples for validation; default: the set's own split, else a tenth of train; 0 none",
        at_least=0,
    )
    stratified: bool = option(
        True, "draw missing splits label by label, so that each has all labels", before=False
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
        "mlp, conv, resnet, transformer and sequence: of hidden layers",
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
        10,
        "mixture, gaussian_mixture, vamp, categorical: K, components, pseudo-inputs or labels",
        at_least=1,
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
        "of the decoder p(x|z), in several layers p(x|z_1): numbers (point), with a normal prior "
        "as penalty (map), or normal distributions (bayes)",
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
    modality: dict | None = option(  # noqa: RUF009 - as all options are made
        None,
        "what kind of thing an example is, and facts of it; the data's",
        flag=False,
        before={"name": "image"},
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
    class_names: tuple[str, ...] | None = option(
        None, "condition=label: names of the labels from 0 on; the data's", flag=False
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


SECTIONS = {
    "data": DataConfig,
    "model": ModelConfig,
    "objective": ObjectiveConfig,
    "training": TrainingConfig,
}


def options():
    """All options, as (section name, dataclasses.Field)."""
    return [(s, f) for s, cls in SECTIONS.items() for f in dataclasses.fields(cls)]


def find(name: str):
    """(section name, field) of an option; ValueError listing all if there is none."""
    for section, option_field in options():
        if option_field.name == name:
            return section, option_field
    raise ValueError(f"unknown option {name!r}; known: {', '.join(f.name for _, f in options())}.")
