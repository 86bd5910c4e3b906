"""The exported generator's random numbers, in numpy alone.

Threefry-2x32 with 13 rounds turns a key and a counter into 64 random bits, without any state: the
fewest that pass all tests of BigCrush, for on a phone they are most of what a sample costs. The
key is an image's seed, the counter says which numbers of the image are wanted: so image b depends
on seed[b] alone, and every runtime that counts alike draws the same image. `threefry` is the same
in TensorFlow.

References:
  Salmon, Moraes, Dror & Shaw 2011, Parallel random numbers: as easy as 1, 2, 3.
"""

import enum

import numpy as np

Words = tuple[np.ndarray, np.ndarray]  # uint32, the two words of a key or a counter

NUM_ROUNDS = 13
ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
KEY_PARITY = 0x1BD11BDA


class Stream(enum.IntEnum):
    """What numbers are for. Values are part of every exported file: append, never renumber."""

    LATENT = 0
    PIXEL = 1
    STEP = 2
    PIXEL_2 = 3
    CHOICE = 4
    POSTERIOR = 5
    IMPORTANCE = 6


def threefry2x32(key: Words, counter: Words) -> Words:
    """64 random bits for each key and counter.

    Args:
      key, counter: pairs of uint32 arrays, all of one shape or broadcast to one.

    Returns:
      A pair of uint32 arrays of that shape.
    """
    keys = (*key, key[0] ^ key[1] ^ np.uint32(KEY_PARITY))
    x0, x1 = counter[0] + keys[0], counter[1] + keys[1]
    for i in range(NUM_ROUNDS):
        rotation = ROTATIONS[i % 8]
        x0 = x0 + x1
        x1 = x0 ^ (x1 << rotation | x1 >> 32 - rotation)
        if i % 4 == 3:  # After every four rounds, keys are added in turn.
            number = (i + 1) // 4
            x0 = x0 + keys[number % 3]
            x1 = x1 + keys[(number + 1) % 3] + np.uint32(number)
    return x0, x1


def bits(seed: np.ndarray, stream: Stream, n: int) -> np.ndarray:
    """Random bits, uint32 [B, n].

    Args:
      seed: int32 [B, 2], any values, one pair per image.
      stream: what the bits are for; streams are independent.
      n: how many per image.
    """
    key = np.ascontiguousarray(seed, np.int32).view(np.uint32)
    index = np.arange((n + 1) // 2, dtype=np.uint32)
    words = threefry2x32((key[:, :1], key[:, 1:]), (index, np.full_like(index, stream)))
    return np.concatenate(words, axis=-1)[:, :n]


def fold(seed: np.ndarray, number: np.ndarray, stream: Stream) -> np.ndarray:
    """Other seeds int32 [B, 2], made of the seeds int32 [B, 2] and whole numbers from 0 on, [B]."""
    key = np.ascontiguousarray(seed, np.int32).view(np.uint32)
    number = np.asarray(number, np.uint32)
    words = threefry2x32((key[:, 0], key[:, 1]), (number, np.full_like(number, stream)))
    return np.stack(words, axis=-1).view(np.int32)


def uniform(seed: np.ndarray, stream: Stream, n: int) -> np.ndarray:
    """Uniform numbers above 0 and up to 1, float32 [B, n]; arguments as for `bits`."""
    top_24 = (bits(seed, stream, n) >> 8).astype(np.float32)
    return (top_24 + np.float32(0.5)) * np.float32(2.0**-24)


def turn(u: np.ndarray) -> np.ndarray:
    """2 pi u, float32: by two numbers that float16 holds exactly, as files store constants."""
    return np.float32(6.28125) * u + np.float32(0.0019350051879882812) * u


def normal(seed: np.ndarray, stream: Stream, n: int) -> np.ndarray:
    """Standard normal numbers, float32 [B, n], by Box & Muller 1958; arguments as for `bits`."""
    u, v = np.split(uniform(seed, stream, n + n % 2), 2, axis=-1)
    radius, angle = np.sqrt(np.float32(-2.0) * np.log(u)), turn(v)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)[:, :n]
