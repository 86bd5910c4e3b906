"""What users are told: notes, remedies, and lists of names in a sentence."""
