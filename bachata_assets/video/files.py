"""Media files on disk: names that are not UTF-8, regular files, and opening for decoding."""

import errno
import io
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import av

FORMATS = ("mov", "avi")
"""FFmpeg's names of the supported containers; mov includes mp4. A playlist is never opened, whatever its name."""
MATROSKA_SUFFIXES = frozenset({".mkv", ".webm"})
"""Suffixes of files that are read only as Matroska; other files never are.

A collection takes such files only if a setting allows it.
"""
SONG_FORMATS = {
    ".mp3": "mp3",
    ".wav": "wav",
    ".m4a": "mov",
    ".flac": "flac",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".opus": "ogg",
}
"""Suffix of a song for a search -> FFmpeg's name of its container."""
VIDEO_CODECS = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "h263", "mjpeg", "prores",
     "dvvideo", "dnxhd"}
)  # fmt: skip
"""The video decoders of FFmpeg in use: for what cameras, phones and editing programs write.

FFmpeg has some three hundred. Decoders of rare formats get the least review and have the security holes (MagicYUV in an
avi: CVE-2026-8461).
"""
SOUND_CODECS = frozenset(
    {"aac", "mp3", "mp3float", "mp2", "mp2float", "ac3", "eac3", "opus", "libopus", "vorbis", "alac", "flac",
     "amrnb", "amrwb", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ms", "pcm_mulaw", "pcm_alaw", "pcm_u8", "pcm_s8",
     *(f"pcm_{kind}{end}" for kind in ("s16", "s24", "s32", "f32", "f64") for end in ("le", "be"))}
)  # fmt: skip
"""The audio decoders of FFmpeg in use."""
_ESCAPED = re.compile(rb"%([89A-F][0-9A-F])")
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


@dataclass(frozen=True)
class Seen:
    """A file from outside: size in bytes, time of the last write, and a store's name for the content.

    A store changes the entity tag (`etag`) with the content, so it identifies an object's content. A file in a folder
    has none.
    """

    size: int
    mtime_ns: int
    etag: str = ""

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return what the system reports about a file."""
        return cls(status.st_size, status.st_mtime_ns)


def as_text(name: str) -> str:
    """Return the name of a file or folder as text that can be stored, with bytes that are not UTF-8 as `%E9`.

    Parameters
    ----------
    name : str
        Name from `os.listdir`, with a lone surrogate for each such byte.
    """
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", name)


def on_disk(path: Path) -> Path:
    """Return the path on disk of a name from `as_text`.

    A file whose own name looks escaped takes precedence.
    """
    path = Path(path)
    if not _ESCAPED.search(os.fsencode(path)) or os.path.lexists(path):
        return path
    found = Path(path.anchor)
    for name in path.parts[len(found.parts) :]:
        raw = _ESCAPED.sub(lambda byte: bytes([int(byte[1], 16)]), os.fsencode(name))
        unescaped = found / os.fsdecode(raw)
        found = unescaped if not os.path.lexists(found / name) and os.path.lexists(unescaped) else found / name
    return found


def irregular(status: os.stat_result) -> str | None:
    """Return in words what a file is that is not regular, or None for a regular file."""
    if stat.S_ISREG(status.st_mode):
        return None
    kind = _KINDS.get(stat.S_IFMT(status.st_mode), "of an unknown kind")
    return f"not a regular file ({kind})"


def why_missing(path: Path) -> tuple[str, str]:
    """Return in words why a file is missing, and what to do about it."""
    folder = on_disk(path).absolute().parent
    missing = next((one for one in reversed((folder, *folder.parents)) if not one.is_dir()), None)
    if missing:
        return f"no such file: there is no folder {missing}", "Mount its disk, or check the path."
    if not any(folder.iterdir()):
        return f"no such file: the folder {folder} is empty", "Mount its disk, or check the path."
    return "no such file", "Check the path."


def open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file for reading, without waiting for a pipe or touching a device.

    Raises
    ------
    OSError
        The file does not exist, access is denied, or it is not a regular file. Its `filename` is `path`.
    """
    found = on_disk(path)
    try:
        _require_regular(found.stat(), path)  # opening a device may have side effects
        descriptor = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _named(error, path) from None
    try:
        _require_regular(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def open_media(path: Path) -> "av.container.InputContainer":
    """Open a media file for decoding, always as a file, whatever its name looks like.

    FFmpeg itself would take text before a colon for a protocol and connect to a host in a file's name. This function
    opens only the containers of `formats_of`, and probes them only with the decoders of `VIDEO_CODECS` and
    `SOUND_CODECS`.

    Raises
    ------
    OSError
        The file does not exist or is not a regular file.
    av.error.ArgumentError
        It is none of the containers of `formats_of`.
    av.error.FFmpegError
        FFmpeg cannot read it.
    """
    return _open(path, formats_of(path), VIDEO_CODECS | SOUND_CODECS)


def open_song(path: Path) -> "av.container.InputContainer":
    """Open a song, or a video for its sound alone, for decoding, as `open_media` opens a clip.

    It opens only the container of the suffix (`SONG_FORMATS`, else those of a clip), and runs no video decoder.

    Raises
    ------
    OSError, av.error.FFmpegError
        As for `open_media`.
    """
    suffix = path.suffix.lower()
    return _open(path, (SONG_FORMATS[suffix],) if suffix in SONG_FORMATS else formats_of(path), SOUND_CODECS)


def _open(path: Path, formats: Iterable[str], codecs: Iterable[str]) -> "av.container.InputContainer":
    import av

    found = on_disk(path).absolute()
    _require_regular(found.stat(), path)
    allowed = {
        "format_whitelist": ",".join(formats),
        "codec_whitelist": ",".join(sorted(codecs)),
        "protocol_whitelist": "file",
    }
    return av.open(file_url(found), options=allowed)


def formats_of(path: Path) -> tuple[str, ...]:
    """Return FFmpeg's names of the containers that are possible for a file's suffix."""
    return ("matroska",) if path.suffix.lower() in MATROSKA_SUFFIXES else FORMATS


def file_url(path: Path) -> str:
    """Return the URL that makes FFmpeg open a path as a file and nothing else."""
    return f"file:{path.absolute()}"


def _require_regular(status: os.stat_result, path: Path) -> None:
    kind = irregular(status)
    if kind:
        raise OSError(errno.EINVAL, kind, str(path))


def _named(error: OSError, path: Path) -> OSError:
    """Return an error with the path as stored, not as on disk."""
    return type(error)(error.errno, error.strerror, str(path))
