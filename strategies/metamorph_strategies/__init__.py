"""The half of metamorph that generates: columns, schemas and rows. It knows nothing of judging."""
