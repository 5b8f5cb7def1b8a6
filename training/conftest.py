"""Puts the recipe on the path, so that `pytest` works from this folder without an install."""
