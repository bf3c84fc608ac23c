"""The embedded provider: HeyGen's API on this machine, with drafts worth watching."""
