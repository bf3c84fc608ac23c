"""What the studio's tests share: servers that end at once."""

from tests.forks import hasten_ends

hasten_ends()
