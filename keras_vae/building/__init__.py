"""From names to parts: makes a model's parts of a config, and fills in what the data settles."""
