"""Long questions to a trained model: its likelihood, missing values, interpolation."""
