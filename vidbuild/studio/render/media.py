"""Pictures and clips of a request: found among the assets, opened without trust."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidbuild.studio.render.model import RenderError

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 64_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # no format that runs or reads anything else
# Nor may a playlist in a media file's clothes make the decoder open an address or another file.
PLAIN_MEDIA = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,matroska,webm,avi,wav,mp3,ogg,flac,aac,aiff,mpegts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """Where a picture, clip or recording is: a file, bytes, or (neither) only an address."""

    name: str
    path: str | None = None
    data: bytes | None = None

    @property
    def remote(self) -> bool:
        return self.path is None and self.data is None


def find(value: Mapping[str, Any], assets: Mapping[str, str]) -> Medium | None:
    """The medium behind `{url}`, `{asset_id}` or `{media_type, data}`; None where none is given."""
    if asset_id := value.get("asset_id"):
        path = assets.get(asset_id)
        if path is None or not Path(path).is_file():
            raise RenderError("asset_not_found", f"There is no asset {asset_id}.")
        return Medium(name=f"The asset {asset_id}", path=path)
    if url := value.get("url"):
        return Medium(name=place(url))
    if (data := value.get("data")) is not None:
        try:
            return Medium(name="The inline file", data=base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError) as error:
            raise RenderError("invalid_parameter", f"`data` is not base64: {error}.") from error
    return None


def place(url: str) -> str:
    """Host and file name of an address: what may be shown. A query can hold a secret."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    last = parts.path.rstrip("/").rsplit("/", 1)[-1]
    return f"{parts.hostname or url[:40]}/…/{last}" if last else parts.hostname or url[:40]


def open_picture(medium: Medium) -> Image:
    """RGB or RGBA pixels, upright. Raises RenderError where it is none, damaged or huge."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    source = io.BytesIO(medium.data) if medium.data is not None else medium.path or ""
    try:
        with Image.open(source, formats=_FORMATS) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise RenderError("invalid_parameter", f"{medium.name} has over 64 million pixels.")
            upright = ImageOps.exif_transpose(picture)
            clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            return upright.convert("RGBA" if clear else "RGB")
    except UnidentifiedImageError as error:
        raise RenderError("rendering_failed", f"{medium.name} is no picture.") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError,
            Image.DecompressionBombWarning) as error:  # fmt: skip
        raise RenderError(
            "rendering_failed", f"{medium.name} is damaged: {reason(error)}."
        ) from error


def reason(error: Exception) -> str:
    """What a library says went wrong, without the path that it happened to."""
    return str(getattr(error, "strerror", None) or error)


def picture_size(medium: Medium) -> tuple[int, int] | None:
    """Width and height as shown, or None where it can't be read (the renderer says why later)."""
    if medium.remote:
        return None
    try:
        picture = open_picture(medium)
    except RenderError:
        return None
    return picture.width, picture.height


def covered(picture: Image, width: int, height: int) -> Image:
    """Fills the frame; what sticks out is cut off at both sides."""
    from PIL import Image, ImageOps

    return ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)


def contained(picture: Image, width: int, height: int) -> Image:
    """As large as fits; smaller than the frame in one direction."""
    from PIL import Image, ImageOps

    return ImageOps.contain(picture, (width, height), Image.Resampling.BICUBIC)
