"""Files: written whole or not at all, with checksums; archives that are looked at first."""

from keras_vae.files.writing import (
    check_files,
    check_folder,
    write_atomically,
    write_json,
    write_npz,
)

__all__ = ["check_files", "check_folder", "write_atomically", "write_json", "write_npz"]
