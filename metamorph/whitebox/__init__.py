"""Models that can be read: tree ensembles and linear models, as their own numbers."""
