"""Numbers as lines."""

from keras_vae.report.printing import print_numbers


def test_numbers_that_there_are_have_a_line(capsys):
    print_numbers({"nll_nats": 1.5, "of_nothing": None, "rates": [0.12345, 2], "seed": 0})
    assert capsys.readouterr().out == "nll_nats: 1.5000\n   rates: 0.123, 2\n    seed: 0\n"
