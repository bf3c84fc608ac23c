"""A client that a generator makes from the spec file, used as a stranger would use it."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from tests.studio.studio_kit import served
from vidbuild.schema.api import bundled

KEY = "generated"
NAME = "generated_heygen"


@pytest.fixture(scope="module")
def client_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The generated package; every operation of the spec is in it."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "config.yaml").write_text("post_hooks: []\n")
    spec = bundled("heygen-v3.openapi.yaml")
    done = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", str(spec),
            "--meta", "none", "--output-path", str(folder / NAME), "--config",
            str(folder / "config.yaml"), "--fail-on-warning",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))

    def part(name: str) -> Any:
        return importlib.import_module(f"{NAME}.{name}" if name else NAME)

    yield part
    sys.path.remove(str(folder))
    for name in [each for each in sys.modules if each.partition(".")[0] == NAME]:
        del sys.modules[name]


def test_it_creates_waits_for_and_downloads_a_video(tmp_path: Path, client_of: Any) -> None:
    models = client_of("models")
    with served(tmp_path, "draft", key=KEY) as (_, url):
        arguments = {"base_url": url, "token": KEY, "httpx_args": {"trust_env": False}}
        with client_of("").AuthenticatedClient(**arguments) as client:
            body = models.CreateVideoFromAvatar(
                type_="avatar",
                avatar_id="look-ben-portrait",
                voice_id="voice-en",
                script="Hello from a client that nobody wrote.",
                title="Generated",
                resolution=models.VideoResolution.VALUE_2,
                aspect_ratio=models.VideoAspectRatio.VALUE_4,
            )
            create = client_of("api.videos.create_video")
            made = create.sync(client=client, body=body, idempotency_key="k1")
            again = create.sync(client=client, body=body, idempotency_key="k1")
            assert made == again
            video = _finished(client_of, client, made.data.video_id)
            assert video.title == "Generated"
            assert video.status == "completed"
            found = client_of("api.videos.list_videos").sync(client=client, title="erat")
            assert [each.id for each in found.data] == [video.id]
            movie = httpx.get(video.video_url, trust_env=False).content
            with av.open(io.BytesIO(movie), "r") as media:
                picture = media.streams.video[0]
                assert (picture.width, picture.height) == (720, 720)
                assert float(media.duration or 0) / 1e6 == pytest.approx(video.duration, abs=0.2)
            deleted = client_of("api.videos.delete_video").sync(video.id, client=client)
            assert deleted.data.deleted
            lost = client_of("api.videos.get_video").sync_detailed(video.id, client=client)
            assert (lost.status_code, lost.parsed.error.code) == (404, "video_not_found")


def test_it_reads_what_there_is_and_speaks(tmp_path: Path, client_of: Any) -> None:
    models, types = client_of("models"), client_of("types")
    with served(tmp_path, "draft", key=KEY) as (_, url):
        arguments = {"base_url": url, "token": KEY, "httpx_args": {"trust_env": False}}
        with client_of("").AuthenticatedClient(**arguments) as client:
            listed = client_of("api.voices.list_voices").sync(client=client, language="welsh")
            [voice] = listed.data
            spoken = client_of("api.voices.create_speech").sync(
                client=client,
                body=models.CreateSpeechRequest(text="Bore da.", voice_id=voice.voice_id),
            )
            assert [word.word for word in spoken.data.word_timestamps] == ["Bore", "da"]
            assert httpx.get(spoken.data.audio_url, trust_env=False).content[:4] == b"RIFF"
            file = types.File(payload=io.BytesIO(b"%PDF-1.7\n"), file_name="a.pdf")
            upload = client_of("api.assets.upload_asset")
            stored = upload.sync(client=client, body=models.UploadAssetBody(file=file))
            assert stored.data.mime_type == "application/pdf"
            me = client_of("api.users.get_current_user").sync(client=client)
            assert me.data.wallet.remaining_balance < 100_000


def _finished(client_of: Any, client: Any, video_id: str) -> Any:
    """Polls as the vendor's own quick start does: only two words are final."""
    get, end = client_of("api.videos.get_video"), time.monotonic() + 60
    while time.monotonic() < end:
        video = get.sync(video_id, client=client).data
        if video.status in ("completed", "failed"):
            return video
        time.sleep(0.05)
    raise TimeoutError(video_id)
