"""The imperative shell: carries out a plan and records what happened."""
