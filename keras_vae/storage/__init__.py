"""Storage: a model as a config, and in a `.keras` file."""
