"""The API spec as data: what a request may hold, what it defaults to, what it costs."""
