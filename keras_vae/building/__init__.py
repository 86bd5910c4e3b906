"""From names to parts: what a config's options stand for, and what the data settles of them."""
