"""Lock and journal: what was rendered, what is in flight."""
