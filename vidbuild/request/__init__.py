"""A video to what would be sent for it: normalised, checked, fingerprinted."""
