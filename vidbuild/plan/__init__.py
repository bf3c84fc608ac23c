"""The difference between requests and lock: actions, reasons, cost, digest."""
