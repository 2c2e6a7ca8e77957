"""Cards, by the names that packages with cards of their own import."""
