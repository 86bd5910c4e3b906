"""Files: written whole or not at all, with checksums; archives that are looked at first."""

from keras_vae.files.plain_arrays import read_npz
from keras_vae.files.writing import (
    NotRegular,
    check_files,
    check_folder,
    open_regular,
    read_json,
    whole_file,
    whole_folder,
    write_atomically,
    write_json,
    write_npz,
)

__all__ = [
    "NotRegular",
    "check_files",
    "check_folder",
    "open_regular",
    "read_json",
    "read_npz",
    "whole_file",
    "whole_folder",
    "write_atomically",
    "write_json",
    "write_npz",
]
