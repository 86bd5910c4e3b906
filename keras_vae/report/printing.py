"""Numbers by name on the terminal."""


def print_numbers(result: dict) -> None:
    """Prints a line for each that there is, names flush right; lists of numbers in short."""
    result = {name: value for name, value in result.items() if value is not None}
    width = max(map(len, result))
    for name, value in result.items():
        if isinstance(value, list):
            value = ", ".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in value)
        if isinstance(value, dict):
            value = ", ".join(f"{key} {number:.3g}" for key, number in value.items())
        shown = f"{value:.4f}" if isinstance(value, float) else value
        print(f"{name:>{width}}: {shown}")
