"""How many inputs are tried: 1,125 in all by the tests, 22,500 by `make fuzz`."""

import hypothesis

hypothesis.settings.register_profile(
    "tests", max_examples=125, deadline=None, derandomize=True, database=None
)
hypothesis.settings.register_profile("fuzz", max_examples=2500, deadline=None)
hypothesis.settings.load_profile("tests")
