"""Long questions to a trained model: its likelihood, what is missing, what lies between."""
