"""vidbuild: infrastructure as code for avatar videos."""

__version__ = "0.1.0"
