"""The composition root: the only room that knows all parts, for commands to work on."""
