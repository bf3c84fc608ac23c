"""HTTP: one client for HeyGen's API, wherever it is served from."""
