"""trainers.compress whose other process decodes nothing, for `tests.binaries`."""

from keras_vae.tasks import compressed_file
from trainers import compress

if __name__ == "__main__":
    compressed_file._decode_elsewhere = lambda run, file: None
    compress.run()
