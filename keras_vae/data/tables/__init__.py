"""Tables: CSV and Parquet files, and pandas DataFrames, as splits of rows."""

from keras_vae.data.tables.frames import READERS, read, read_schema, table

__all__ = ["READERS", "read", "read_schema", "table"]
