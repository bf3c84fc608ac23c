"""The API spec as data: OpenAPI and overlay, and what follows from them."""
