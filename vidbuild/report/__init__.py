"""Plans and events to text and JSON. Returns strings; prints nothing."""
