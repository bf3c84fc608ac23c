"""The registry of diagnostic codes: stable names that scripts and docs rely on.

VB1xx reading files, VB2xx the project and its fields, VB3xx templates, VB4xx data
files and loops, VB5xx lock and journal, VB6xx the provider, VB7xx policy, selection
and usage, VB8xx the studio.
"""

CODES: dict[str, str] = {
    "VB101": "a file does not exist",
    "VB102": "a file cannot be read",
    "VB103": "a file is too large",
    "VB104": "a file is not UTF-8 text",
    "VB110": "not valid YAML",
    "VB111": "a character that YAML does not allow",
    "VB112": "more than one YAML document in a file",
    "VB113": "a doubled key",
    "VB114": "too much nesting or aliasing",
    "VB115": "an alias that leads nowhere or into itself",
    "VB116": "a YAML tag that is not supported",
    "VB117": "a key that is not text",
    "VB118": "`<<` with something other than a mapping",
}
