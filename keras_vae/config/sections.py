"""Every option, stated once: name, type, default, help and allowed values, in four sections."""

import dataclasses
from dataclasses import dataclass

from keras_vae.config.image_options import WAYS
from keras_vae.config.members import AXES
from keras_vae.config.option import option

# Beyond these, numbers are slips of the pen, or meant to fill the memory.
WIDEST = 2**20  # units, channels, latents
DEEPEST = 1000  # layers
MOST = 2**31 - 1  # examples, steps


@dataclass(frozen=True)
class DataConfig:
    """The examples that a model is trained on."""

    dataset: str = option(
        "digits",
        "digits, sprites, the name of a TFDS image set, folder:/path, npz:/path (or npy:/path), "
        "chorales:/path, csv:/path or parquet:/path",
    )
    data_dir: str | None = option(None, "folder of prepared TFDS sets; default: TFDS' own")
    image_size: int | None = option(
        None,
        "folder, TFDS sets: bring images to this height and width, as resize says; default: 64 if "
        "they are of many sizes, else their own",
        at_least=1,
        at_most=8192,
    )
    resize: str = option(
        "crop",
        "how image_size makes a square",
        choices=WAYS,
    )
    alpha_background: str = option(
        "white",
        "folder, TFDS sets: colour behind transparent pixels: white, black or RRGGBB",
        before="ignore",
    )
    frames: str = option(
        "first",
        "folder: which frames of animations, and which pages, are images",
        choices={"first": "the first of a file", "all": "each"},
    )
    max_pixels: int | None = option(
        None,
        "folder: refuse larger images; default: Pillow's limit, 178,956,970",
        at_least=1,
        at_most=MOST,
    )
    channels: str | None = option(
        None,
        "npz, npy: where the axis of channels is; default: by the shape",
        choices={"first": "[N, C, H, W]", "last": "[N, H, W, C]"},
        before="last",
    )
    grey_levels: int | None = option(
        None,
        "number of levels of whole numbers, 256 for bytes; the highest is white; default: by the "
        "values",
        at_least=2,
        at_most=65_536,
        before=256,
    )
    npz_keys: tuple[str, ...] | None = option(
        None,
        "npz: names of its arrays, as in train=my_train,test=my_test,test_labels=digits,"
        "train_mask=known",
    )
    missing: str | None = option(
        None,
        "npz, npy: what is an unknown value; a bool array by the name train_mask, True where a "
        "value is known, says it too. Values are taken as missing at random, given the known ones "
        "(MAR); default: all are known, and NaN is refused",
        choices={"nan": "NaN in floats"},
    )
    label: str | None = option(
        None,
        "which feature is the label: of a TFDS set, as in attributes/Eyeglasses (default: label), "
        "of sprites shape (the default), scale, rotation, x or y, a factor of an npz, or a column "
        "of categories of a table",
    )
    test_data: str | None = option(
        None, "csv, parquet: the test split, as in csv:/path; default: a tenth of the rows"
    )
    schema: str | None = option(
        None,
        "csv, parquet: a JSON file of the columns' kinds, as trainers.schema prints them; default: "
        "by the data",
    )
    csv_options: tuple[str, ...] | None = option(
        None,
        "csv: how files are read, as in separator=semicolon,decimal=comma,encoding=latin-1,"
        "missing=?|-999,strip=.",
    )
    validation_size: int | None = option(
        None,
        "examples for validation; default: the set's own split, else a tenth of train; 0 none",
        at_least=0,
        at_most=MOST,
    )
    stratified: bool = option(
        True, "draw missing splits label by label, so that each has all labels", before=False
    )
    binarization: str | None = option(
        None,
        "how grey pixels become 0 or 1; default: dynamic if the likelihood is bernoulli, else none",
        choices={
            "none": "they stay grey",
            "threshold": "1 from half of full scale on",
            "dynamic": "drawn anew every epoch, 1 with their brightness as probability",
        },
    )
    memory_limit_gb: float = option(4.0, "larger sets are streamed from disk", above=0, at_most=1e6)
    window: int | None = option(
        None, "chorales: steps in a window, sixteenths; default 64", at_least=1, at_most=100_000
    )
    transpose: int | None = option(
        None,
        "chorales: also train on windows shifted by up to this many semitones each way; default 0",
        at_least=0,
        at_most=127,
    )


@dataclass(frozen=True)
class ModelConfig:
    """The parts of a model."""

    network: str = option("mlp", "body of encoder and decoder", choices=AXES["network"])
    hidden: tuple[int, ...] = option(
        (400,),
        "units of each hidden layer, as in 200,200; with several stochastic layers, one entry for "
        "each of them; the GRU of a sequence has the last entry's units, the GRU of an "
        "autoregressive decoder the first entry's",
        at_least=1,
        at_most=WIDEST,
    )
    filters: tuple[int, ...] = option(
        (32, 64), "filters at each halving of the image's size", at_least=1, at_most=WIDEST
    )
    blocks: int = option(2, "residual blocks at each size", at_least=1, at_most=DEEPEST)
    attention_heads: int | None = option(
        None,
        "heads of self-attention, which images have at their smallest size; default: 4 in "
        "transformer, else none",
        at_least=1,
        at_most=1024,
    )
    bar_steps: int = option(
        16,
        "steps in a bar, which the decoder's body says one thing of",
        at_least=1,
        at_most=100_000,
    )
    decoder: str = option(
        "independent", "how values of x are drawn, given z", choices=AXES["decoder"]
    )
    activation: str = option(
        "relu",
        "activation of hidden layers",
        choices={
            "relu": "max(0, a)",
            "tanh": "hyperbolic tangent",
            "elu": "a, below 0 e^a - 1",
            "gelu": "a times the normal distribution function of a",
            "swish": "a * sigmoid(a)",
            "softplus": "log(1 + e^a)",
        },
    )
    latent_dim: int = option(20, "D, the number of latents", at_least=1, at_most=WIDEST)
    latent_shape: tuple[int, ...] | None = option(
        None,
        "in place of latent_dim, latents as a map: height, width and channels, as in 8x8x4; height "
        "and width are those of the encoder's smallest feature maps",
        at_least=1,
        at_most=WIDEST,
        separator="x",
    )
    structure: str = option("single", "how latents depend on each other", choices=AXES["structure"])
    inference: str = option(
        "smoother",
        "what q(z_t|z_{t-1}, x) of a step sees",
        choices={"smoother": "all of x", "filter": "x_1 .. x_t"},
    )
    latent_dims: tuple[int, ...] | None = option(
        None,
        "latents of each layer, as in 100,50; the layer next to x comes first",
        at_least=1,
        at_most=WIDEST,
    )
    stages: tuple[str, ...] | None = option(
        (),
        "ladder of convolutions: height of the maps x number of layers of latents, as in "
        "16x4,8x3,4x2,1x1; the maps next to x come first; widths follow by the same factors, "
        "rounded up, and a height of 1 is one place; default: by the size of the images",
        # A stored run's null: its largest maps had four layers.
        before=None,
    )
    width: int = option(
        64, "ladder of convolutions: channels of its maps", at_least=2, at_most=WIDEST
    )
    latent_channels: int = option(
        8,
        "ladder of convolutions: latents at each place of a layer's map",
        at_least=1,
        at_most=WIDEST,
    )
    merge: str | None = option(
        None,
        "how a ladder's q(z_l|above, x) is made from the layers above and from x; default: network "
        "with convolutions, precision_weighted with dense layers",
        choices={
            "network": "a change of p(z_l|above) by a network of both (Vahdat & Kautz 2020)",
            "precision_weighted": "the normal proportional to p(z_l|above) times what x says "
            "(Sonderby et al. 2016)",
        },
    )
    normalization: str = option(
        "limited",
        "ladder of convolutions: what happens to maps before a network reads them, so that what "
        "one layer makes large doesn't grow in those below",
        choices={
            "limited": "the root mean square r over the channels of a place becomes less than 10",
            "none": "nothing",
        },
        before="none",
    )
    posterior: str = option("diagonal", "q(z|x)", choices=AXES["posterior"])
    posterior_rank: int = option(
        2, "rank of the part of the covariance that isn't diagonal", at_least=1, at_most=WIDEST
    )
    prior: str = option("standard_normal", "p(z)", choices=AXES["prior"])
    prior_components: int = option(
        10, "K, the number of components, pseudo-inputs or labels", at_least=1, at_most=WIDEST
    )
    prior_covariance: str = option(
        "diagonal",
        "covariance of each component",
        choices={"diagonal": "a scale for each latent", "full": "any"},
    )
    relaxation: str = option(
        "straight_through",
        "what a label among the latents is while gradients pass through it",
        choices={
            "straight_through": "drawn, with the gradient of the softmax",
            "relaxed": "mixed, by a softmax of noise",
        },
    )
    relaxation_temperature: float = option(
        1.0, "temperature of the softmax that relaxes a label", above=0, at_most=1e6
    )
    prior_hidden: int = option(
        200, "units of the hidden layer of p(z|c)'s network", at_least=1, at_most=WIDEST
    )
    flow_layers: int = option(4, "steps of the flow", at_least=1, at_most=DEEPEST)
    flow_hidden: int = option(
        200, "units of the hidden layer of each of the flow's steps", at_least=1, at_most=WIDEST
    )
    likelihood: str = option("bernoulli", "p(x|z)", choices=AXES["likelihood"])
    likelihood_components: int = option(
        5, "K, how many logistics a pixel has", at_least=1, at_most=DEEPEST
    )
    channel_dependence: str | None = option(
        None,
        "what a channel of a pixel depends on beside z; default: autoregressive for images of 2 to "
        "4 channels, none for others and for weights=bayes",
        choices={
            "none": "nothing",
            "autoregressive": "the channels before it and, in a mixture, the component that they "
            "came from (PixelCNN++)",
        },
        before="none",
    )
    likelihood_scale: float = option(1.0, "the standard deviation of a pixel", above=0, at_most=1e6)
    weights: str = option(
        "point",
        "how the decoder's weights are learned; with several stochastic layers, those of p(x|z_1)",
        choices=AXES["weights"],
    )
    weight_scale: float = option(
        1.0, "standard deviation of the prior over the weights", above=0, at_most=1e6
    )
    weight_temperature: float = option(
        1.0,
        "factor of the weights' KL; below 1 their posterior is narrower than Bayes' rule makes it "
        "(Wenzel et al. 2020)",
        above=0,
        at_most=1e6,
    )
    condition: str = option(
        "none", "what the model is told of an example", choices=AXES["condition"]
    )
    visible: str = option(
        "left_half",
        "which part of the image is given: left_half, right_half, top_half, bottom_half, "
        "upper_left, upper_right, lower_left, lower_right, or an image file of the data's size, "
        "white where given",
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
        None, "how many training examples there are", at_least=1, flag=False
    )
    num_classes: int | None = option(
        None, "how many labels there are; the data's", at_least=1, flag=False
    )
    class_names: tuple[str, ...] | None = option(
        None, "names of the labels from 0 on; the data's", flag=False
    )
    sees_mask: bool = option(
        False, "whether the encoder is given which values are known; the data's", flag=False
    )
    visible_mask: tuple[int, ...] | None = option(
        None, "1 for each given pixel, row by row; made from visible", flag=False
    )


@dataclass(frozen=True)
class ObjectiveConfig:
    """What training minimises."""

    objective: str = option("sgvb", "the loss of an example", choices=AXES["objective"])
    kl: str = option(
        "auto",
        "which estimator of the KL",
        choices={
            "auto": "analytic where there is a closed form, else sampled",
            "analytic": "in closed form, estimator B of Kingma & Welling 2014",
            "sampled": "at the samples of z, estimator A",
        },
    )
    gradient: str = option(
        "plain",
        "which estimator of the bound's gradient",
        choices={
            "plain": "with the score of q",
            "stl": "without it: sticking the landing (Roeder et al. 2017)",
            "dreg": "with it as a path: doubly reparameterized (Tucker et al. 2019)",
        },
    )
    latent_samples: int = option(
        1, "L or k, samples of z per example", at_least=1, at_most=1_000_000
    )
    free_bits: float = option(0.1, "free nats per latent or layer", at_least=0, at_most=1e6)
    beta: float = option(1.0, "weight of the KL, after any warm-up", at_least=0, at_most=1e6)
    beta_schedule: str = option(
        "constant",
        "how beta grows from 0",
        choices=AXES["beta_schedule"],
    )
    beta_warmup_epochs: float = option(0.0, "length of beta's growth", at_least=0, at_most=1e9)


@dataclass(frozen=True)
class TrainingConfig:
    """How training minimises the objective."""

    epochs: int = option(50, "passes over the training split", at_least=1, at_most=MOST)
    batch_size: int = option(
        128, "examples per step, of all replicas together", at_least=1, at_most=MOST
    )
    augment: tuple[str, ...] = option(
        (),
        "random changes of training images, new ones in each epoch, as in flip,crop; default: none",
        choices={
            "flip": "mirrored left-right, with probability 1/2",
            "crop": "shifted by up to a 16th of their size, the border filled by reflection",
        },
    )
    optimizer: str = option("adam", "what Keras trains with", choices=AXES["optimizer"])
    beta_2: float = option(
        0.999,
        "share of its past that Adam's mean of squared gradients keeps at each step",
        at_least=0,
    )
    learning_rate: float = option(2e-3, "size of the optimizer's steps", above=0, at_most=1e6)
    learning_rate_schedule: str = option(
        "cosine",
        "how the learning rate changes",
        choices={
            "constant": "not at all",
            "cosine": "to zero at the last step; for more epochs later, warm_start another workdir",
        },
    )
    learning_rate_warmup_epochs: float = option(
        0.0,
        "epochs in which the learning rate first rises linearly from 0",
        at_least=0,
        at_most=1e9,
    )
    clip_norm: float | None = option(
        None, "largest norm of all gradients together", above=0, at_most=1e30
    )
    skip_threshold: float | None = option(
        None,
        "skip steps whose gradients, all together and before clip_norm, have a norm that is larger "
        "or not finite",
        above=0,
        at_most=1e30,
    )
    gradient_accumulation_steps: int = option(
        1,
        "take a batch in this many parts, one after the other: the same steps in less memory",
        at_least=1,
        at_most=MOST,
    )
    recoveries: int = option(
        2,
        "how often training goes back, and on at half the learning rate, when the loss isn't "
        "finite, before it stops",
        at_least=0,
        at_most=1000,
        before=0,
    )
    gradient_checkpointing: bool = option(
        False,
        "keep only the inputs of residual blocks for gradients, and compute the rest again: less "
        "memory, more time (Chen et al. 2016)",
    )
    dtype_policy: str | None = option(
        None,
        "how networks compute in training: float32, or mixed_bfloat16, their bodies in bfloat16 "
        "and all else, weights and densities too, in float32; a trained run is measured and "
        "exported in float32; default: Keras' global policy, which is float32 unless you set it",
        before="float32",
    )
    ema_decay: float | None = option(
        0.999,
        "evaluate and export a moving average of the weights with this decay; 0: the last weights",
        at_least=0,
    )
    warm_start: str | None = option(
        None, "begin with the weights of this run (or .keras file), of the same networks"
    )
    early_stopping: int | None = option(
        None,
        "stop after this many epochs without a better validation bound",
        at_least=1,
        at_most=MOST,
    )
    seed: int = option(0, "root of all random draws", at_least=0, at_most=MOST)


SECTIONS = {
    "data": DataConfig,
    "model": ModelConfig,
    "objective": ObjectiveConfig,
    "training": TrainingConfig,
}


def options() -> list[tuple[str, dataclasses.Field]]:
    """All options, as (section name, dataclasses.Field)."""
    return [(s, f) for s, cls in SECTIONS.items() for f in dataclasses.fields(cls)]


def find(name: str) -> tuple[str, dataclasses.Field]:
    """(section name, field) of an option; ValueError listing all if there is none."""
    for section, option_field in options():
        if option_field.name == name:
            return section, option_field
    raise ValueError(f"unknown option {name!r}; known: {', '.join(f.name for _, f in options())}.")
