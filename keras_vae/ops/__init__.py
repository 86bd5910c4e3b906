"""Functions of tensors and numbers, without state."""
