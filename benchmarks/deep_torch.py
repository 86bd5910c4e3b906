"""The ladder of convolutions of recipe deep in PyTorch, for its speed alone: see deep.py.

Layers, sizes and arithmetic are those of keras_vae.building.conv_ladder, and so is the number of
weights. The process answers each line of its input, `STEPS`, with images per second.

    python benchmarks/deep_torch.py 16x4,8x3,4x2,1x1 64 8 5 32 channels_last compiled
"""

import itertools
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def limited(x):
    return x * torch.rsqrt(1.0 + (x / 10.0).square().mean(1, keepdim=True))


class Residual(nn.Module):
    def __init__(self, width, hidden, kernel, norm=limited):
        super().__init__()
        self.norm = norm
        self.first = nn.Conv2d(width, hidden, kernel, padding="same")
        self.second = nn.Conv2d(hidden, width, kernel, padding="same")

    def forward(self, x):
        return x + self.second(F.silu(self.first(F.silu(self.norm(x)))))


class Block(nn.Module):
    """A layer of latents below the top; where a size begins, (channels above, factor) enter."""

    def __init__(self, size, width, d, kernel, entrance=None):
        super().__init__()
        self.d, half = d, width // 2
        self.inner = nn.Conv2d(width, half, kernel, padding="same")
        self.outer = nn.Conv2d(half, 2 * d + width, kernel, padding="same")
        self.merge = nn.Conv2d(2 * width, half, kernel, padding="same")
        self.to_q = nn.Conv2d(width // 2, 2 * d, 1)
        self.from_z = nn.Conv2d(d, width, 1, bias=False)
        self.residual = Residual(width, width // 2, kernel)
        self.entrance = entrance
        if entrance:
            self.joint = nn.Conv2d(entrance[0], width, 1, bias=False)
            self.place = nn.Parameter(torch.zeros(width, size, size))

    def forward(self, state, features):
        if self.entrance:
            up = F.interpolate(state, scale_factor=float(self.entrance[1]), mode="nearest")
            state = self.joint(up) + self.place
        made = self.outer(F.silu(self.inner(F.silu(limited(state)))))
        p = normal(made[:, : 2 * self.d])
        both = limited(torch.cat([state, features], 1))
        change = normal(self.to_q(F.silu(self.merge(F.silu(both)))))
        q = p[0] + p[1] * change[0], p[1] * change[1]
        z = q[0] + q[1] * torch.randn_like(q[0])
        state = state + made[:, 2 * self.d :] + self.from_z(z)
        return self.residual(state), divergence(q, p)


class Ladder(nn.Module):
    """-ELBO of images [B, 3, H, W] in nats.

    Args:
      stages: [(size, layers of latents)], the largest size first, the image's half.
      width, d, k: channels, latents a place, logistics a pixel.
    """

    def __init__(self, stages, width, d, k):
        super().__init__()
        self.k = k
        kernel = lambda size: 3 if size > 2 else 1  # noqa: E731
        self.first = nn.Conv2d(12, width, 3, padding="same")
        self.up = nn.ModuleList(
            nn.ModuleList(Residual(width, width // 2, kernel(s)) for _ in range(math.ceil(n / 2)))
            for s, n in stages
        )
        self.factors = [a // b for (a, _), (b, _) in itertools.pairwise(stages)]
        self.to_top = nn.Conv2d(width, 2 * d, 1)
        self.top = nn.Parameter(torch.zeros(2 * d, stages[-1][0], stages[-1][0]))
        layers = [(s, i == n - 1) for s, n in stages for i in range(n)]
        self.blocks = nn.ModuleList()
        self.stage_of = [stage for stage, (_, n) in enumerate(stages) for _ in range(n)]
        for layer, (size, starts) in enumerate(layers[:-1]):
            above = layers[layer + 1][0]
            is_below_top = layer == len(layers) - 2
            begins = (d if is_below_top else width, size // above)
            entrance = begins if starts or is_below_top else None
            self.blocks.append(Block(size, width, d, kernel(size), entrance))
        half = width // 2
        self.widen = nn.Conv2d(width, 4 * half, 1)
        self.last = Residual(half, half, 3, norm=lambda x: x)
        self.out = nn.Conv2d(half, 10 * k, 1)

    def forward(self, x):
        h, features = self.first(F.pixel_unshuffle(x, 2)), []
        for i, blocks in enumerate(self.up):
            if i:
                h = F.avg_pool2d(h, self.factors[i - 1])
            found = []
            for block in blocks:
                h = block(h)
                found.append(h)
            features.append(found)
        by_layer, place = [], [0] * len(features)
        for stage in self.stage_of:
            by_layer.append(features[stage][place[stage] // 2])
            place[stage] += 1
        q, p = normal(self.to_top(by_layer[-1])), normal(self.top)
        state = q[0] + q[1] * torch.randn_like(q[0])
        rate = divergence(q, p)
        for block, found in zip(reversed(self.blocks), reversed(by_layer[:-1]), strict=True):
            state, kl = block(state, found)
            rate = rate + kl
        y = F.pixel_shuffle(self.widen(F.silu(limited(state))), 2)
        return rate - self.log_mass(x, self.out(F.silu(self.last(y))))

    def log_mass(self, x, params):
        """log p(x|z) of a mixture of rounded logistics, channels in turn (PixelCNN++)."""
        k = self.k
        middles = (torch.arange(float(k)) + 0.5).view(1, k, 1, 1) / k
        parts = params.split(k, 1)
        total = parts[0].log_softmax(1)
        channels = x.split(1, 1)
        coefficients = iter(parts[7:])
        for c, value in enumerate(channels):
            loc = parts[1 + c] + middles
            for before in channels[:c]:
                loc = loc + torch.tanh(next(coefficients)) * (before - 0.5)
            scale = 255.0 * F.softplus(parts[4 + c] + math.log(math.expm1(0.1))) + 0.1
            level, loc = 255.0 * value, 255.0 * loc - 0.5
            above, below = level < 255, level > 0
            total = total + torch.where(above, F.logsigmoid((level - loc) / scale), 0.0)
            total = total + torch.where(below, F.logsigmoid((loc - level + 1) / scale), 0.0)
            inside = torch.log(-torch.expm1(-1.0 / scale))
            total = total + torch.where(above & below, inside, 0.0)
        return total.logsumexp(1).sum((1, 2))


def normal(params):
    params = params * torch.rsqrt(1.0 + (params / 20.0).square())
    loc, raw = params.chunk(2, -3)
    return loc, F.softplus(raw + math.log(math.expm1(1.0))) + 1e-5


def divergence(q, p):
    """KL between normals, [B]."""
    ratio = (q[1] / p[1]) ** 2
    kl = 0.5 * (((q[0] - p[0]) / p[1]) ** 2 + ratio - 1.0 - torch.log(ratio))
    return kl.sum((1, 2, 3))


def main():
    stages, *numbers, layout, mode = sys.argv[1:]
    stages = [tuple(map(int, stage.split("x"))) for stage in stages.split(",")]
    width, d, k, batch_size = map(int, numbers)
    torch.manual_seed(0)
    memory = getattr(torch, layout)
    net = Ladder(stages, width, d, k).to(memory_format=memory)
    loss_of = torch.compile(net) if mode == "compiled" else net
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    averages = [p.detach().clone() for p in net.parameters()]
    images = torch.randint(256, [8, batch_size, 3, 2 * stages[0][0], 2 * stages[0][0]]).byte()

    def steps(number):
        for i in range(number):
            x = images[i % len(images)].to(memory_format=memory).float() / 255.0
            optimizer.zero_grad(set_to_none=True)
            loss_of(x).mean().backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 200.0)
            optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, list(net.parameters()), 0.001)

    print(sum(p.numel() for p in net.parameters()), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        steps(int(line))
        print(int(line) * batch_size / (time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
