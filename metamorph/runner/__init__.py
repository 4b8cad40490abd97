"""The stages of a check: estimate, confirm, shrink, verdict."""
