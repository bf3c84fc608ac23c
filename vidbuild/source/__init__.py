"""Text to data: YAML, tables, and where in a file a value stands. Knows nothing of videos."""
