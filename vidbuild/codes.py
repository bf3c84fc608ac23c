"""The registry of diagnostic codes: stable names that scripts and docs rely on.

VB1xx reading files, VB2xx the project and its fields, VB3xx templates, VB4xx data
files and loops, VB5xx lock and journal, VB6xx the provider, VB7xx policy, selection
and usage, VB8xx the studio.
"""

CODES: dict[str, str] = {}
