"""What the last plan found out, kept in `.vidbuild/cache`: safe to delete, and never trusted
further than what it was made from is still the same to the byte."""
